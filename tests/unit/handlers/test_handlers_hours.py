"""Service hours: what is open, when it opens next, how open time is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadPayload
from bot.hours import ROUND_THE_CLOCK, Hours, Span, Timetable, deadline, spoken
from bot.hours_document import DEFAULT, calendar, check, spans, timetable, uncovered, years_of
from handlers import build_mind
from handlers.hours import TAIPEI
from tests.unit.handlers.factories import NIGHT, FakeFinder, a_turn, notice

START = datetime(2026, 1, 1, tzinfo=TAIPEI)
MINUTE = timedelta(minutes=1)

times = st.builds(lambda m: time(m // 60, m % 60), st.integers(0, 1439))
days = st.lists(st.tuples(times, times), max_size=3).map(tuple)
some_hours = st.builds(
    Hours,
    week=st.dictionaries(st.integers(0, 6), days),
    dates=st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 1, 14)), days, max_size=3),
)
moments = st.integers(0, 14 * 1440).map(lambda m: START + m * MINUTE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


def by_definition(hours: Hours, moment: datetime) -> bool:
    """Without the code under test: the spans of the day, and those of the day before that run past midnight."""
    local = moment.astimezone(TAIPEI)
    clock, today = local.time(), local.date()

    def own(day: date) -> tuple[Span, ...]:
        return tuple(hours.dates.get(day, hours.week.get(day.weekday(), ())))

    within = [a <= clock < b if a < b else clock >= a for a, b in own(today)]
    over = [clock < b for a, b in own(today - timedelta(days=1)) if b <= a]
    return any(within) or any(over)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 3, 4, 9, 0, tzinfo=TAIPEI), True),
        (datetime(2026, 3, 4, 8, 59, 59, tzinfo=TAIPEI), False),
        (datetime(2026, 3, 4, 20, 59, 59, tzinfo=TAIPEI), True),
        (datetime(2026, 3, 4, 21, 0, tzinfo=TAIPEI), False),
        (datetime(2026, 3, 7, 12, 0, tzinfo=TAIPEI), False),
        # Sunday evening in London is Monday morning in Taipei.
        (datetime(2026, 3, 9, 1, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 8, 23, 30, tzinfo=UTC), False),
    ],
)
def test_monday_to_friday_nine_to_nine(moment: datetime, expected: bool) -> None:
    assert Hours().open_at(moment) is expected


def test_holidays_and_other_zones() -> None:
    noon = datetime(2026, 3, 4, 12, 0, tzinfo=TAIPEI)
    assert not Hours(dates={date(2026, 3, 4): ()}).open_at(noon)
    assert not Hours(zone=ZoneInfo("Europe/London")).open_at(noon)


@given(some_hours, moments)
def test_open_is_what_the_spans_say(hours: Hours, moment: datetime) -> None:
    assert hours.open_at(moment) is by_definition(hours, moment)


@given(some_hours, moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(hours: Hours, moment: datetime) -> None:
    opens = hours.next_opening(moment)
    if opens is None:
        assert not any(hours.open_at(moment + n * 30 * MINUTE) for n in range(48 * 8))
        return
    assert opens >= moment
    assert hours.open_at(opens)
    before = min(opens - moment, timedelta(days=3))
    assert not any(by_definition(hours, opens - n * MINUTE) for n in range(1, int(before / MINUTE) + 1, 7))


@given(some_hours, moments, st.integers(1, 600))
def test_open_time_adds_up(hours: Hours, moment: datetime, minutes: int) -> None:
    length = minutes * MINUTE
    end = hours.after(moment, length)
    assert end >= moment + length
    if hours.between(moment, moment + timedelta(days=390)) >= length:
        assert hours.between(moment, end) == length
    elif end - moment > timedelta(days=400):
        assert hours.between(moment, end) <= length
    else:
        assert end == moment + length


def test_a_night_shift_belongs_to_the_day_it_begins() -> None:
    hours = Hours(week={4: ((time(22), time(6)),)}, dates={date(2026, 3, 7): ()})
    assert hours.open_at(at("2026-03-07 05:59"))  # Friday's, though Saturday is closed
    assert not hours.open_at(at("2026-03-07 06:00"))
    assert hours.between(at("2026-03-06 12:00"), at("2026-03-09 12:00")) == timedelta(hours=8)


def test_around_the_clock() -> None:
    hours = Hours(week=ROUND_THE_CLOCK)
    for n in range(0, 7 * 24 * 60, 37):
        assert hours.next_opening(START + n * MINUTE) == START + n * MINUTE
    assert hours.between(START, START + timedelta(days=9)) == timedelta(days=9)


def test_deadlines_do_not_run_through_the_night() -> None:
    hours = timetable(DEFAULT).base
    limit = timedelta(minutes=15)
    assert deadline(at("2026-03-04 14:00"), limit, hours) == at("2026-03-04 14:15")
    assert deadline(at("2026-03-04 20:50"), limit, hours) == at("2026-03-05 09:05")
    assert deadline(at("2026-03-06 23:00"), limit, hours) == at("2026-03-09 09:15")
    # The longest holiday of 2026: Friday evening before the Lunar New Year to Monday nine days later.
    assert deadline(at("2026-02-13 21:30"), limit, hours) == at("2026-02-23 09:15")


# -- the calendar that ships ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "opens"),
    [
        ("2026-02-13 21:00", "2026-02-23 09:00"),  # Lunar New Year, nine days
        ("2026-02-26 22:00", "2026-03-02 09:00"),  # Peace Memorial Day on a Saturday: Friday is off
        ("2026-04-02 22:00", "2026-04-07 09:00"),  # Friday and Monday around the weekend
        ("2026-09-24 22:00", "2026-09-29 09:00"),
        ("2026-10-23 22:00", "2026-10-27 09:00"),  # on a Sunday: Monday is off
        ("2026-12-24 22:00", "2026-12-28 09:00"),
        ("2026-12-31 22:00", "2027-01-04 09:00"),  # into the next year's calendar
        ("2027-02-03 22:00", "2027-02-11 09:00"),
        ("2027-04-02 22:00", "2027-04-07 09:00"),
        ("2027-12-23 22:00", "2027-12-27 09:00"),
    ],
)
def test_the_next_opening_across_national_holidays(since: str, opens: str) -> None:
    assert timetable(DEFAULT).base.next_opening(at(since)) == at(opens)


def test_the_calendar_of_2026_has_the_days_that_were_published() -> None:
    (this, following) = calendar("taiwan")
    assert (this.number, this.status, following.number, following.status) == (
        2026,
        "published",
        2027,
        "derived",
    )
    off = {one.day for one in this.days}
    weekends = {
        date(2026, 1, 1) + timedelta(days=n)
        for n in range(365)
        if (date(2026, 1, 1) + timedelta(days=n)).weekday() > 4
    }
    assert len(off | weekends) == 120  # 115 年：全年總放假日數 120 日
    assert all(one.day.weekday() < 5 for year in (this, following) for one in year.days if one.substitute)
    for year in (this, following):
        assert "人" in year.source or "行政院" in year.source
        assert all(one.day.year == year.number for one in year.days)
        # A holiday on a weekend has a substitute: as many as there are of those.
        assert sum(one.substitute for one in year.days) >= sum(one.day.weekday() > 4 for one in year.days)


def test_a_saturday_worked_in_place_of_a_day_keeps_the_hours_of_that_day() -> None:
    year = {
        "source": "test",
        "status": "published",
        "holidays": [{"date": "2025-01-27", "name": "調整放假", "en": "Day off"}],
        "workdays": [
            {"date": "2025-02-08", "name": "補行上班", "en": "Worked for it", "works_for": "2025-01-27"}
        ],
    }
    (read,) = years_of({"years": {"2025": year}})
    assert [one.works_for for one in read.days] == [None, date(2025, 1, 27)]


def test_a_year_that_the_calendar_does_not_know_is_told() -> None:
    assert uncovered(DEFAULT, date(2026, 11, 23)) is None
    assert uncovered(DEFAULT, date(2027, 1, 1)) == 2028
    assert uncovered({**DEFAULT, "calendar": None}, date(2030, 1, 1)) is None


# -- documents -----------------------------------------------------------------------------------------------------


def test_a_skill_with_hours_of_its_own_works_through_holidays_or_not() -> None:
    week = [["00:00-24:00"]] * 7
    document = check(
        {
            **DEFAULT,
            "exceptions": [
                {"date": "2026-03-04", "spans": ["10:00-12:00"], "reason": "盤點"},
                {"date": "2026-03-05", "spans": [], "reason": "颱風"},
            ],
            "skills": {
                "fraud": {"week": week, "holidays": "open"},
                "loan": {"week": week, "holidays": "closed"},
            },
        }
    )
    table = timetable(document)
    storm = at("2026-03-05 12:00")
    assert table.of("fraud").open_at(storm)
    assert not table.of("loan").open_at(storm)
    assert not table.of("general").open_at(storm)
    assert not table.of(None).open_at(at("2026-03-04 09:30"))
    assert table.of("card").open_at(at("2026-03-04 11:59"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", []),
        ("9:00-18:00", ["09:00-18:00"]),
        ("13:30~21:00，09:00 - 12:30", ["09:00-12:30", "13:30-21:00"]),
        ("00:00-24:00", ["00:00-24:00"]),
        ("22:00-06:00", ["22:00-06:00"]),
    ],
)
def test_spans_as_people_write_them(text: str, read: list[str]) -> None:
    assert spans(text) == read


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"week": [["09:00-12:00", "11:00-13:00"]] + [[]] * 6}, "overlap"),
        ({"week": [["22:00-06:00", "23:00-23:30"]] + [[]] * 6}, "overlap"),
        ({"week": [["9 to 5"]] + [[]] * 6}, "no span"),
        ({"week": [["24:00-02:00"]] + [[]] * 6}, "no span"),
        ({"week": [["09:00-24:30"]] + [[]] * 6}, "no span"),
        ({"week": [[]] * 7}, "Nobody would ever answer"),
        ({"week": []}, "seven days"),
        ({"calendar": "atlantis"}, "no calendar"),
        ({"calendar": "../secrets"}, "no calendar"),
        ({"exceptions": [{"date": "2026-02-30", "spans": [], "reason": ""}]}, "no date"),
        ({"exceptions": [{"date": "2026-03-01", "spans": [], "reason": ""}] * 2}, "twice"),
        ({"skills": {"Fraud!": {"week": [[]] * 7, "holidays": "open"}}}, "no skill"),
        ({"skills": {"fraud": {"week": [[]] * 7, "holidays": "open"}}}, "Nobody would ever answer"),
        ({"skills": {"fraud": {"week": [[]] * 7}}}, "say whether holidays"),
        ({"more": 1}, "have a week"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(change: dict[str, object], says: str) -> None:
    with pytest.raises(BadPayload, match=says):
        check({**DEFAULT, **change})


# -- what the customer hears -----------------------------------------------------------------------------------------


def test_the_notice_of_the_night_names_the_opening_of_the_skill() -> None:
    table = timetable({**DEFAULT, "skills": {"fraud": {"week": [["00:00-24:00"]] * 7, "holidays": "open"}}})
    mind = build_mind(FakeFinder(), hours=lambda: table)
    _, ordinary = mind.decide(a_turn("我要真人", now=at("2026-02-13 22:00")))
    _, stolen = mind.decide(a_turn("我的卡被盜刷了", now=at("2026-02-13 22:00")))
    assert [part.id for part in ordinary.parts] == ["handoff_offhours"]  # type: ignore[union-attr]
    assert dict(ordinary.parts[0].slots) == {"opens": "2月23日（週一）09:00"}  # type: ignore[union-attr]
    assert stolen.parts == (notice("emergency"),)  # type: ignore[union-attr]


def test_where_nobody_ever_answers_no_time_is_promised() -> None:
    mind = build_mind(FakeFinder(), hours=lambda: Timetable(Hours(week={})))
    assert mind.decide(a_turn("我要真人", now=NIGHT))[1].parts == (notice("handoff"),)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("locale", "says"), [("zh-TW", "11月24日（週二）09:00"), ("en", "Tuesday 24 November, 09:00")]
)
def test_the_time_is_said_in_the_customers_language(locale: str, says: str) -> None:
    assert spoken(datetime(2026, 11, 24, 1, 0, tzinfo=UTC), TAIPEI, locale) == says
