"""The draw of the weekly audit: the same for everybody, fair to small strata, and what it says of all replies."""

from __future__ import annotations

import hashlib
import hmac
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import BadPayload
from bot.quality import weeks
from bot.quality.draw import Candidate, allocate, commitment, draw, lines, read
from bot.quality.result import result
from bot.quality.strata import kind_of, replies, unsure

SEED = bytes(range(32))
POPULATION = [Candidate(f"{n:024x}", "line/card/sure" if n % 10 else "web/loan/unsure") for n in range(500)]
counts = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 400), max_size=30)


def test_the_draw_is_the_same_whoever_makes_it_in_whatever_order() -> None:
    shuffled = POPULATION[:]
    random.Random(1).shuffle(shuffled)
    assert draw(SEED, POPULATION, 100, 0.1) == draw(SEED, shuffled, 100, 0.1)
    assert draw(SEED, POPULATION, 100, 0.1).drawn != draw(SEED[::-1], POPULATION, 100, 0.1).drawn
    assert draw(SEED, read(lines(shuffled)), 100, 0.1) == draw(SEED, POPULATION, 100, 0.1)


def test_the_draw_can_be_made_by_hand_as_its_docstring_says() -> None:
    sample = draw(SEED, POPULATION, 100, 0.1)
    assert sample.strata == {"line/card/sure": (450, 90), "web/loan/unsure": (50, 10)}
    loans = [one.id for one in POPULATION if one.stratum == "web/loan/unsure"]
    ranked = sorted(loans, key=lambda one: hmac.new(SEED, one.encode(), hashlib.sha256).digest())
    assert {one.id for one in sample.drawn if one.stratum == "web/loan/unsure"} == set(ranked[:10])
    assert len(sample.twice) == 10
    assert sample.twice <= {one.id for one in sample.drawn}
    text = "".join(f"{one.id}\t{one.stratum}\n" for one in sorted(POPULATION, key=lambda one: one.id))
    assert sample.digest == hashlib.sha256(text.encode()).hexdigest()
    assert commitment(SEED, "2026-W48") == hashlib.sha256(SEED + b"2026-W48").hexdigest()


def test_another_reply_in_the_population_is_another_digest() -> None:
    more = [*POPULATION, Candidate("f" * 24, "line/card/sure")]
    assert draw(SEED, more, 100, 0.1).digest != draw(SEED, POPULATION, 100, 0.1).digest


def test_fewer_than_asked_for_are_all_of_them() -> None:
    sample = draw(SEED, POPULATION[:7], 100, 0.1)
    assert [one.id for one in sample.drawn] == [one.id for one in POPULATION[:7]]
    assert len(sample.twice) == 1
    assert draw(SEED, [], 100, 0.1).drawn == ()


@settings(max_examples=60, deadline=None)
@given(counts, st.integers(1, 150))
def test_places_never_exceed_what_there_is_and_add_up(there: dict[str, int], size: int) -> None:
    places = allocate(there, size)
    assert places.keys() == there.keys()
    assert all(0 <= places[name] <= there[name] for name in there)
    assert sum(places.values()) == min(size, sum(there.values()))
    if sum(min(2, n) for n in there.values()) <= size:
        assert all(places[name] >= min(2, there[name]) for name in there)


def test_the_floor_gives_way_where_strata_are_many() -> None:
    assert allocate({"a": 1, "b": 997, "c": 2}, 10) == {"a": 1, "b": 7, "c": 2}
    assert sorted(allocate(dict.fromkeys("abcdefgh", 9), 8).values()) == [1] * 8
    assert sum(allocate(dict.fromkeys("abcdefgh", 9), 3).values()) == 3


@pytest.mark.parametrize(
    ("wrong", "n", "low", "high", "at_most"),
    [
        # Wilson 1927 at 95 %, Clopper-Pearson one-sided at 95 %: tables of Brown, Cai and DasGupta, and 3 / n.
        (0, 100, 0.9630, 1.0, 0.0295),
        (5, 100, 0.8882, 0.9785, 0.1023),
        (1, 10, 0.5958, 0.9821, 0.3942),
        (100, 100, 0.0, 0.0370, 1.0),
    ],
)
def test_the_interval_is_the_known_one(wrong: int, n: int, low: float, high: float, at_most: float) -> None:
    found = result([("a", at >= wrong) for at in range(n)], {"a": (1000, n)})
    assert found.rate == (n - wrong) / n
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)
    assert found.at_most == pytest.approx(at_most, abs=5e-5)
    assert found.complete


def test_no_fault_in_a_hundred_proves_no_more_than_the_rule_of_three() -> None:
    found = result([("a", True)] * 100, {"a": (100_000, 100)})
    assert found.at_most is not None
    assert 0.028 < found.at_most < 3 / 100


def test_weights_undo_that_small_strata_are_read_more_densely() -> None:
    strata = {"many": (900, 8), "few": (100, 2)}
    marks: list[tuple[str, bool | None]] = [("many", True)] * 8 + [("few", False)] * 2
    found = result(marks, strata)
    assert (found.rate, found.weighted) == (0.8, 0.9)
    assert result([*marks[:8], ("few", None), ("few", None)], strata).weighted is None
    assert result([], {}).rate is None


def test_weeks_begin_on_monday_in_taipei() -> None:
    assert weeks.week_of(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == "2026-W47"
    assert weeks.week_of(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == "2026-W48"
    assert weeks.before("2026-W01") == "2025-W52"
    assert weeks.bounds("2026-W53")[1] == datetime(2027, 1, 3, 16, tzinfo=UTC)
    assert not weeks.over("2026-W47", datetime(2026, 11, 22, 16, 5, tzinfo=UTC))
    assert weeks.over("2026-W47", datetime(2026, 11, 22, 16, 10, tzinfo=UTC))
    for wrong in ("2026-48", "2025-W53", "2026-W00", "last"):
        with pytest.raises(BadPayload):
            weeks.bounds(wrong)


def test_what_can_be_drawn_and_what_everybody_hears_anyway() -> None:
    def ref(kind: str, name: str) -> dict[str, object]:
        return {"kind": kind, "id": name, "version": 1}

    def class_of(article: str, version: int) -> str | None:
        return {"fee": "card"}.get(article)

    asked = {"decision": "Reply", "reason": "ask", "trace": {"confidence": 0.4}}
    assert kind_of([ref("article", "fee"), ref("disclosure", "card")], None, class_of) == "card"
    assert kind_of([ref("article", "gone")], None, class_of) == "unknown"
    assert kind_of([ref("disclosure", "card")], None, class_of) is None
    assert kind_of([ref("notice", "greeting")], None, class_of) is None
    assert kind_of([ref("notice", "csat_thanks")], None, class_of) is None
    assert kind_of([ref("notice", "clarify")], asked, class_of) == "ask"
    assert kind_of([ref("notice", "handoff")], {**asked, "decision": "HandOff"}, class_of) == "handoff"
    assert kind_of([ref("notice", "miss")], None, class_of) == "notice"
    assert unsure({"trace": {"confidence": 0.94}})
    assert not unsure({"trace": {"confidence": 0.99}})
    assert not unsure({"trace": {}})
    said = [
        {"author": "customer", "conversation": "c", "decision": asked, "_id": "1"},
        {"author": "bot", "conversation": "c", "approved": [ref("notice", "clarify")], "_id": "2"},
        {"author": "bot", "conversation": "d", "approved": [ref("article", "fee")], "_id": "3"},
    ]
    assert list(replies(said, class_of)) == [("2", "c", "ask", True), ("3", "d", "card", False)]
