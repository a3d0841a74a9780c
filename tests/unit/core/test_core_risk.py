"""The score of the monitor: each reason, the order between them, and what calms a conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.risk import DOUBTFUL, HEARD, LEVEL, MOST, Signals, kept, risk
from bot.model import ContentKind, HandOff, Ref, Reply, Status, StaySilent

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def waiting(minutes: float, within: float = 15, **more: Any) -> Signals:
    since = ago(minutes)
    return Signals(
        Status.WAITING,
        waiting_since=since,
        deadline=since + timedelta(minutes=within),
        customer_at=since,
        **more,
    )


def assigned(asked: float, answered: float | None = None, **more: Any) -> Signals:
    more = {"assigned_at": ago(60), **more}
    return Signals(
        Status.ASSIGNED,
        customer_at=ago(asked),
        staff_at=None if answered is None else ago(answered),
        **more,
    )


CALM = Signals(Status.BOT, said="answer", sure=0.99)
CASES = {
    "crisis": (waiting(1, reason="crisis"), "crisis", 5),
    "fraud": (waiting(1, reason="fraud"), "fraud", 5),
    "lawyer": (waiting(1, reason="complaint", heard={"complaint": ago(1), "legal": ago(1)}), "legal", 4),
    "complaint": (waiting(1, reason="complaint"), "complaint", 3),
    "marked": (waiting(1, marked="high"), "marked", 3),
    "watched": (waiting(1, marked="watch"), "marked", 1),
    "late": (waiting(20, reason="human_request"), "late", 2),
    "unanswered": (assigned(6), "unanswered", 2),
    "failed": (assigned(10, 9, failed="failed"), "delivery_failed", 2),
    "unknown": (assigned(10, 9, failed="unknown"), "delivery_unknown", 2),
    "broken": (waiting(1, reason="handler_error"), "bot_failed", 2),
    "soon": (waiting(12), "soon", 1),
    "misses": (Signals(Status.BOT, misses=2, said="miss"), "misses", 1),
    "unsure": (Signals(Status.BOT, said="answer", sure=DOUBTFUL - 0.01), "unsure", 1),
}


@pytest.mark.parametrize("name", CASES)
def test_each_reason_is_named_and_puts_it_on_its_level(name: str) -> None:
    signals, code, level = CASES[name]
    found = risk(signals, NOW)
    assert (found.signs[0].code, found.level) == (code, level)
    assert found.score // LEVEL == level
    assert found.score % LEVEL == min(MOST, sum(sign.points for sign in found.signs))


def test_the_order_that_supervisors_work_by() -> None:
    names = ["crisis", "fraud", "lawyer", "complaint", "late", "unsure"]
    scores = [risk(CASES[name][0], NOW).score for name in names]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert risk(CALM, NOW) == risk(Signals(Status.BOT), NOW)
    assert risk(CALM, NOW).score == 0


def test_no_heap_of_small_signs_outweighs_a_graver_one() -> None:
    heap = waiting(600, reason="complaint", failed="failed", marked="high")
    assert risk(waiting(0, reason="fraud"), NOW).score > risk(heap, NOW).score


def test_a_longer_wait_ranks_higher_and_says_how_long() -> None:
    short, long = risk(waiting(16), NOW), risk(waiting(40), NOW)
    assert long.score > short.score
    assert long.signs[0].minutes == 40
    assert risk(waiting(3), NOW).signs == ()


@pytest.mark.parametrize(
    ("signals", "late"),
    [
        (assigned(6), True),
        (assigned(4), False),
        (assigned(3, reason="fraud"), True),
        (assigned(6, 5), False),
        (assigned(6, 7), True),
        (assigned(6, snoozed_until=NOW + timedelta(hours=1)), False),
        (assigned(6, snoozed_until=ago(1)), True),
        # Taken a minute ago: the wait before was the queue's.
        (assigned(30, assigned_at=ago(1)), False),
    ],
)
def test_an_agent_who_keeps_a_customer_waiting(signals: Signals, late: bool) -> None:
    assert ("unanswered" in [sign.code for sign in risk(signals, NOW).signs]) is late


def test_what_was_said_counts_less_once_a_person_answered_and_again_when_the_customer_goes_on() -> None:
    before = risk(assigned(5, reason="fraud"), NOW)
    after = risk(assigned(5, 4, reason="fraud"), NOW)
    again = risk(assigned(1, 4, reason="fraud"), NOW)
    assert (before.level, after.level, again.level) == (5, 3, 5)
    assert "in_hand" in [sign.code for sign in after.signs]
    assert "in_hand" not in [sign.code for sign in again.signs]
    heard_since = risk(assigned(5, 4, heard={"legal": ago(3)}), NOW)
    assert heard_since.level == 4


def test_misses_and_asking_back_matter_only_while_the_bot_has_it() -> None:
    asking = Signals(Status.BOT, misses=1, said="ask", sure=0.4)
    assert [sign.code for sign in risk(asking, NOW).signs] == ["misses", "unsure", "asked"]
    taken = Signals(Status.ASSIGNED, misses=1, said="ask", sure=0.4, customer_at=ago(1), staff_at=ago(0))
    assert risk(taken, NOW).signs == ()


REF = Ref(ContentKind.ARTICLE, "fee", 1, "0" * 64)


def test_a_turn_keeps_what_the_score_needs() -> None:
    unsure = Reply(
        "ask", (REF,), trace={"candidates": [{"article": "fee", "version": 1, "confidence": 0.31}]}
    )
    fields = kept(unsure, 1, NOW)
    assert fields == {"bot_said": "ask", "bot_sure": 0.31, "sign": 28}
    assert fields["sign"] == sum(
        sign.points for sign in risk(Signals(Status.BOT, misses=1, said="ask", sure=0.31), NOW).signs
    )
    sued = HandOff("complaint", trace={"evidence": ["complains", "goes to law"]})
    assert {name for name in kept(sued, 0, NOW) if name.startswith("heard_")} == {
        "heard_complaint",
        "heard_legal",
    }
    meant = HandOff("fraud", trace={"evidence": ["meaning"]})
    assert kept(meant, 0, NOW)["heard_fraud"] == NOW
    overheard = StaySilent(
        "conversation is assigned", {"heard": {"complaint": ["goes to regulator or press"]}}
    )
    assert set(kept(overheard, 0, NOW)) == {"heard_complaint", "heard_legal"}
    assert kept(StaySilent("conversation is waiting"), 0, NOW) == {}


times = st.none() | st.floats(0, 10_000).map(ago)


@given(
    st.builds(
        Signals,
        status=st.sampled_from([Status.BOT, Status.WAITING, Status.ASSIGNED]),
        reason=st.sampled_from(
            [None, "fraud", "complaint", "crisis", "human_request", "handler_error", "new one"]
        ),
        waiting_since=times,
        deadline=times,
        customer_at=times,
        staff_at=times,
        assigned_at=times,
        snoozed_until=times,
        misses=st.integers(0, 9),
        said=st.sampled_from([None, "ask", "answer"]),
        sure=st.none() | st.floats(0, 1),
        heard=st.dictionaries(st.sampled_from(HEARD), st.floats(0, 10_000).map(ago)),
        failed=st.sampled_from([None, "failed", "unknown"]),
        marked=st.sampled_from([None, "high", "watch"]),
    )
)
def test_any_conversation_gets_a_score_that_its_signs_explain(signals: Signals) -> None:
    found = risk(signals, NOW)
    assert found.level == max((sign.level for sign in found.signs), default=0)
    assert found.level * LEVEL <= found.score <= found.level * LEVEL + MOST
    assert (found.score > 0) is any(sign.points for sign in found.signs)
