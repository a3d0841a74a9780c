"""The rollups say what counting every conversation of an invented history one by one says."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from bot.embedded import Servers
from bot.figures.cell import Cell
from bot.figures.day import ALL
from bot.figures.service import Figures
from bot.figures.sketch import ERROR, Sketch
from bot.mongo import Mongo
from bot.store import schema
from bot.store.figures import FigureStore
from tests.conftest import with_path
from tests.unit.figures import history
from tests.unit.figures.history import ZONE, Counted, Story, count, documents


@dataclass
class Books:
    mongo: Mongo
    figures: Figures

    def write(self, stories: list[Story]) -> None:
        made = [documents(one) for one in stories]
        for name, docs in (
            ("conversations", [conversation for conversation, _ in made]),
            ("messages", [line for _, lines in made for line in lines]),
        ):
            self.mongo.light(name).insert_many(docs)

    def empty(self) -> None:
        for name in (
            "conversations",
            "messages",
            "figures",
            "figures_days",
            "state",
            "audit",
            "labels",
            "ratings",
        ):
            self.mongo.light(name).delete_many({})
        self.figures._beat.looked = None

    def whole(self, first: date, last: date, account: str = ALL, skill: str = ALL) -> Cell:
        cell = Cell()
        for one in self.figures.period(first, last, account, skill).days.values():
            cell.merge(one)
        return cell


@pytest.fixture(scope="module")
def books(servers: Servers) -> Iterator[Books]:
    mongo = Mongo(with_path(servers.mongodb_uri, "/figures"))
    schema.ensure(mongo)
    yield Books(mongo, Figures(FigureStore(mongo), ZONE, lambda _month: 0, None))
    mongo.close()


def assert_same(cell: Cell, counted: Counted) -> None:
    assert {hour: n for hour, n in enumerate(cell.customer) if n} == counted.customer
    assert {hour: n for hour, n in enumerate(cell.bot) if n} == counted.bot
    assert cell.agents == counted.agents
    assert sum(cell.people) == sum(counted.agents.values())
    assert sum(cell.active) == len(counted.active)
    assert {hour: n for hour, n in enumerate(cell.begun) if n} == counted.begun
    assert {hour: n for hour, n in enumerate(cell.prompt) if n} == counted.prompt
    assert cell.reasons == counted.reasons
    assert sum(cell.waits) == counted.waits
    assert (sum(cell.closed), sum(cell.alone), cell.back) == (counted.closed, counted.alone, counted.back)
    for sketch, values in (
        (cell.bot_first, counted.bot_first),
        (cell.people_first, counted.people_first),
        (cell.closed_alone, counted.alone_s),
        (cell.closed_people, counted.people_s),
    ):
        assert_durations(sketch, values)
    assert sum(cell.bot_first_n) == len(counted.bot_first)
    assert sum(cell.people_first_s) == pytest.approx(sum(counted.people_first), abs=0.1)


def assert_durations(sketch: Sketch, values: list[float]) -> None:
    assert sketch.n == len(values)
    assert sketch.total == pytest.approx(sum(values), abs=0.1)
    for share in (0.5, 0.95):
        if values:
            exact = sorted(values)[math.ceil(share * len(values)) - 1]
            assert sketch.quantile(share) == pytest.approx(exact, rel=ERROR * 1.01, abs=0.0011)


@pytest.mark.parametrize("seed", range(2))
def test_rollups_are_what_counting_one_by_one_gives(books: Books, seed: int) -> None:
    books.empty()
    now = datetime.now(UTC).replace(microsecond=0)
    stories = history.history(seed, 60, now)
    books.write(stories)
    assert books.figures.rebuild(None, None, lambda _day: None) >= 5
    today = now.astimezone(ZONE).date()
    for first, last in (
        (today - timedelta(days=11), today),
        (today - timedelta(days=4), today - timedelta(days=2)),
    ):
        assert_same(books.whole(first, last), count(stories, first, last))
        for account in history.ACCOUNTS:
            assert_same(books.whole(first, last, account), count(stories, first, last, account))
        for skill in ("", *history.SKILLS):
            assert_same(books.whole(first, last, ALL, skill), count(stories, first, last, None, skill))
        assert_same(books.whole(first, last, "web-1", "loan"), count(stories, first, last, "web-1", "loan"))


@pytest.mark.parametrize("seed", range(2))
def test_what_changes_later_reaches_the_day_it_belongs_to(books: Books, seed: int) -> None:
    """The history arrives in pieces and out of order; the clock's looks between make the same of it as one rebuild."""
    books.empty()
    now = datetime.now(UTC).replace(microsecond=0)
    whole = history.history(seed + 100, 20, now)
    random.Random(seed).shuffle(whole)
    for start in range(0, len(whole), 8):
        part = whole[start : start + 8]
        books.write(part)
        # As the pipeline dates a change: when it is made.
        ids = [one.id for one in part]
        books.mongo["conversations"].update_many(
            {"_id": {"$in": ids}}, {"$set": {"last_at": datetime.now(UTC)}}
        )
        books.figures.look()
        while books.figures.compute_next():
            pass
    today = now.astimezone(ZONE).date()
    first = today - timedelta(days=11)
    assert_same(books.whole(first, today), count(whole, first, today))


def test_a_conversation_opened_again_is_closed_on_no_day(books: Books) -> None:
    books.empty()
    now = datetime.now(UTC).replace(microsecond=0)
    began = now - timedelta(days=6)
    one = Story("r1", "k1", "line-1", "", [("customer", began, "asks"), ("bot", began, "text")])
    one.resolved = (began + timedelta(hours=25), "bot")
    books.write([one])
    books.figures.rebuild(None, None, lambda _day: None)
    today = now.astimezone(ZONE).date()
    span = (today - timedelta(days=8), today)
    assert sum(books.whole(*span).closed) == 1
    books.mongo["conversations"].update_one(
        {"_id": "r1"},
        {"$set": {"status": "assigned", "open": True, "last_at": now}, "$unset": {"resolved_at": ""}},
    )
    books.mongo["audit"].insert_one(
        {
            "seq": 1,
            "subject": "r1",
            "at": now,
            "action": "conversation:reopen",
            "detail": {"from": "resolved"},
        }
    )
    books.figures.look()
    while books.figures.compute_next():
        pass
    assert sum(books.whole(*span).closed) == 0
    assert sum(books.whole(*span).begun) == 1


def test_who_comes_back_takes_the_success_back(books: Books) -> None:
    """Closed yesterday and counted; the customer's next conversation changes the day before."""
    books.empty()
    now = datetime.now(UTC).replace(microsecond=0)
    began = now - timedelta(hours=47)
    one = Story("b1", "k1", "line-1", "", [("customer", began, "asks"), ("bot", began, "text")])
    one.resolved = (now - timedelta(hours=22), "bot")
    books.write([one])
    books.figures.look()
    while books.figures.compute_next():
        pass
    day = one.resolved[0].astimezone(ZONE).date()
    assert books.whole(day, day).back == 0
    again = datetime.now(UTC)
    books.write([Story("b2", "k1", "web-1", "", [("customer", again, "asks"), ("bot", again, "text")])])
    books.figures.look()
    while books.figures.compute_next():
        pass
    assert (sum(books.whole(day, day).alone), books.whole(day, day).back) == (1, 1)


def test_a_rating_that_is_corrected_counts_as_corrected(books: Books) -> None:
    """Asked two days ago, rated yesterday, corrected now: on the day of the asking."""
    books.empty()
    now = datetime.now(UTC).replace(microsecond=0)
    asked, first = now - timedelta(hours=44), now - timedelta(hours=23)
    doc = {"_id": "r", "account": "line-1", "skill": None, "at": asked, "score": 2, "rated_at": first}
    books.mongo["ratings"].insert_one({**doc, "changes": [{"score": 2, "at": first}]})
    books.write([Story("m", "k", "line-1", "", [("customer", asked, "asks")])])
    day = asked.astimezone(ZONE).date()
    books.figures.rebuild(None, None, lambda _day: None)
    assert books.whole(day, day).scores == {"2": 1}
    books.mongo["ratings"].update_one(
        {"_id": "r"},
        {"$set": {"score": 5}, "$push": {"changes": {"score": 5, "at": datetime.now(UTC)}}},
    )
    books.figures.look()
    while books.figures.compute_next():
        pass
    assert books.whole(day, day).scores == {"5": 1}
    assert books.whole(day, day).asked == 1


def test_an_older_computation_never_replaces_a_newer_one(books: Books) -> None:
    books.empty()
    store, day, now = books.figures.store, "2026-03-01", datetime.now(UTC)
    store.mark([day], now)
    token = store.token(day)
    assert store.put(day, token, now, {(ALL, ALL): {"back": 2}}, None)
    assert not store.put(day, token, now - timedelta(seconds=1), {(ALL, ALL): {"back": 1}}, None)
    assert [doc["back"] for doc in store.cells(ALL, ALL, day, day)] == [2]
    assert store.due(now) is None


def test_a_day_that_changes_while_it_is_computed_is_computed_again(books: Books) -> None:
    books.empty()
    store, day, now = books.figures.store, "2026-03-01", datetime.now(UTC)
    store.mark([day], now)
    token = store.token(day)
    store.mark([day], now)
    assert store.put(day, token, now, {}, None)
    assert store.due(now) == (day, store.token(day))


def test_whose_day_is_not_over_is_pending_and_looked_at_again(books: Books) -> None:
    books.empty()
    now = datetime.now(UTC).replace(microsecond=0)
    began = now - timedelta(hours=30)
    one = Story("p1", "k1", "line-1", "", [("customer", began, "asks"), ("bot", began, "text")])
    one.resolved = (now - timedelta(hours=2), "bot")
    books.write([one])
    books.figures.rebuild(None, None, lambda _day: None)
    day = one.resolved[0].astimezone(ZONE).date()
    cell = books.whole(day, day)
    assert (sum(cell.alone), cell.back, cell.pending) == (1, 0, 1)
    soon, later = now + timedelta(minutes=30), now + timedelta(hours=2)
    assert books.figures.store.due(soon) is None
    assert books.figures.store.due(later) is not None


def test_days_begin_at_the_firms_midnight(books: Books) -> None:
    books.empty()
    late, early = (datetime(2026, 3, 4, hour, 59, tzinfo=UTC) for hour in (15, 16))
    stories = [
        Story(name, name, "line-1", "", [("customer", at, "asks"), ("bot", at, "text")])
        for name, at in (("n1", late), ("n2", early))
    ]
    books.write(stories)
    books.figures.rebuild(date(2026, 3, 4), date(2026, 3, 5), lambda _day: None)
    found = books.figures.period(date(2026, 3, 4), date(2026, 3, 5)).days
    assert (found[date(2026, 3, 4)].begun[23], found[date(2026, 3, 5)].begun[0]) == (1, 1)


@trials(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 5_000_000, allow_nan=False), max_size=30), min_size=1, max_size=6),
    st.floats(0.01, 1.0),
)
def test_percentiles_of_merged_days_are_within_the_stated_error(
    days: list[list[float]], share: float
) -> None:
    merged, values = Sketch(), sorted(value for one in days for value in one)
    for one in days:
        part = Sketch()
        for value in one:
            part.add(value)
        merged.merge(Sketch.of(part.document()))
    found = merged.quantile(share)
    if not values:
        assert found is None
        return
    assert found == pytest.approx(values[math.ceil(share * len(values)) - 1], rel=ERROR * 1.0001, abs=0.001)


def test_the_zone_may_change_its_clocks() -> None:
    """A day of 25 hours belongs to one date, each hour to its own."""
    figures = Figures(None, ZoneInfo("Europe/Berlin"), lambda _month: 0, None)  # type: ignore[arg-type]
    begin, end = figures._bounds(date(2026, 10, 25))
    assert end - begin == timedelta(hours=25)
