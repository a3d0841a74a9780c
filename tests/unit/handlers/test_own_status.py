"""Own application or ordinary question: labelled lines, and everything else we have as what must stay ordinary."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.contracts import STATUSES, Application, LookUp
from bot.model import HandOff, Kind, Reply, Turn
from bot.slots import Filled
from handlers import Policy, build_mind
from handlers.application_status import day
from handlers.application_words import asks_own_status, kinds_named
from tests.house import ROOT
from tests.knowledge import articles
from tests.unit.handlers import factories
from tests.unit.handlers.factories import NIGHT, FakeFinder, a_turn, notice

STATUS_ARTICLES = {"loan-status", "card-application-status", "ins-claim-status"}
NOTICES = [f"status_{one}" for one in (*STATUSES, "verify", "verify_in_app", "none", "more", "unavailable")]
AT = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / "tests/data" / path).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.shipped()


def test_precision_and_recall_on_the_labelled_lines(policy: Policy) -> None:
    rows = lines("own_status.jsonl")
    taken = [
        (row["own"], asks_own_status(policy.clean(row["text"])) is not None, row["text"]) for row in rows
    ]
    right = sum(own and got for own, got, _ in taken)
    precision = right / sum(got for _, got, _ in taken)
    recall = right / sum(own for own, _, _ in taken)
    print(f"{len(rows)} lines, precision {precision:.3f}, recall {recall:.3f}")
    assert len(rows) >= 100
    assert [text for own, got, text in taken if got and not own] == []
    assert recall >= 0.95


def test_of_all_other_questions_only_those_about_a_status_are_taken(policy: Policy) -> None:
    """Lines that were not written for this: nothing else than a question for a state may be among what is taken."""
    taken = [row for row in lines("questions_sample.jsonl") if asks_own_status(policy.clean(row["question"]))]
    assert {name for row in taken for name in row["articles"]} == STATUS_ARTICLES - {
        "card-application-status"
    }
    assert not [row for row in lines("triage.jsonl") if asks_own_status(policy.clean(row["text"]))]
    for name, row in articles().items():
        if name not in STATUS_ARTICLES:
            assert not [q for q in row["questions"] if asks_own_status(policy.clean(q))], name


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("我的房貸到哪了", {"loan"}),
        ("理賠進度", {"claim"}),
        ("my card application", {"card"}),
        ("我的申請", set()),
    ],
)
def test_the_kind_that_is_named(text: str, kinds: set[str]) -> None:
    assert kinds_named(text) == kinds


def test_the_day_is_that_of_taipei() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Taipei")
    assert day(AT, zone, english=False) == "2026年11月20日"
    assert day(AT, zone, english=True) == "20 November 2026"


# -- what is said ------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    answer: LookUp
    asked: list[Turn] = field(default_factory=list)

    def look_up(self, turn: Turn) -> LookUp:
        self.asked.append(turn)
        return self.answer


def application(**changes: Any) -> Application:
    return replace(Application("loan", "in_review", "信用貸款", "3141", AT, "Personal loan"), **changes)


def decides(answer: LookUp, text: str = "我的貸款申請到哪了", **more: Any) -> tuple[str, Any, Desk]:
    desk = Desk(answer)
    name, decision = build_mind(FakeFinder(), status=desk).decide(a_turn(text, **more))
    return name, decision, desk


@pytest.fixture(autouse=True)
def known_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factories, "NOTICES", [*factories.NOTICES, *NOTICES])


def test_each_application_is_a_template_with_its_values() -> None:
    found = LookUp(
        "found", (application(), application(kind="card", status="approved", reference="1618")), ms=7
    )
    name, decision, _ = decides(found, "我的申請到哪了")
    assert (name, decision.reason) == ("application_status", "status")
    assert [(part.id, dict(part.slots)["reference"]) for part in decision.parts] == [
        ("status_in_review", "3141"),
        ("status_approved", "1618"),
    ]
    assert dict(decision.parts[0].slots) == {
        "product": "信用貸款",
        "reference": "3141",
        "date": "2026年11月20日",
    }
    assert decision.trace["look_up"] == "found"
    assert (decision.trace["count"], decision.trace["ms"]) == (2, 7)
    assert "3141" not in str(decision.trace)


def test_english_gets_the_english_name_where_there_is_one() -> None:
    for name, said in (("Personal loan", "Personal loan"), (None, "信用貸款")):
        found = LookUp("found", (application(product_en=name),))
        _, decision, _ = decides(found, "where is my loan application", locale="en")
        assert dict(decision.parts[0].slots)["product"] == said
        assert dict(decision.parts[0].slots)["date"] == "20 November 2026"


def test_only_the_kind_that_was_named_and_three_at_most() -> None:
    many = tuple(application(reference=f"100{n}") for n in range(5))
    _, decision, _ = decides(LookUp("found", (application(kind="claim"), *many)))
    assert [part.id for part in decision.parts] == ["status_in_review"] * 3 + ["status_more"]
    assert [dict(part.slots)["reference"] for part in decision.parts[:3]] == ["1000", "1001", "1002"]
    _, decision, _ = decides(LookUp("found", (application(kind="claim"),)))
    assert len(decision.parts) == 1


def test_an_outcome_to_explain_goes_to_a_person_with_the_neutral_template() -> None:
    _, decision, _ = decides(LookUp("found", (application(status="rejected"),)))
    assert isinstance(decision, HandOff)
    assert decision.reason == "status_explained"
    assert [part.id for part in decision.parts] == ["status_rejected", "handoff"]
    _, decision, _ = decides(LookUp("found", (application(status="rejected"),)), now=NIGHT)
    assert [part.id for part in decision.parts] == ["status_rejected", "handoff_offhours"]


def test_who_is_not_verified_gets_the_way_to_verify_and_no_status() -> None:
    _, decision, _ = decides(LookUp("unverified", verify_url="https://bank.example/verify"))
    assert isinstance(decision, Reply)
    (part,) = decision.parts
    assert isinstance(part, Filled)
    assert (part.id, part.slots) == ("status_verify", (("url", "https://bank.example/verify"),))
    _, decision, _ = decides(LookUp("unverified"))
    assert decision.parts == (notice("status_verify_in_app"),)
    assert [button.value for button in decision.buttons] == ["human"]


def test_a_system_that_is_down_is_a_hand_off_and_nothing_found_is_said() -> None:
    _, decision, _ = decides(LookUp("unavailable"))
    assert isinstance(decision, HandOff)
    assert (decision.reason, decision.parts) == ("status_unavailable", (notice("status_unavailable"),))
    _, decision, _ = decides(LookUp("none"))
    assert isinstance(decision, Reply)
    assert decision.parts == (notice("status_none"),)


def test_a_value_that_may_not_be_shown_is_a_hand_off() -> None:
    name, decision, _ = decides(LookUp("found", (application(product="www.bad.com"),)))
    assert (name, decision.reason) == ("application_status", "handler_error")
    assert decision.parts == (notice("system_error"),)


@pytest.mark.parametrize(
    ("text", "handler"),
    [
        ("我的貸款申請到哪了 再不處理我要投訴", "complaint"),
        ("我的貸款申請到哪了，我要真人", "human_request"),
        ("我沒申請貸款 帳戶被盜用 我的貸款申請到哪了", "fraud"),
        ("貸款申請需要多久", "miss"),
        ("如何查詢貸款申請進度", "miss"),
    ],
)
def test_reasons_for_a_person_come_first_and_general_questions_are_for_articles(
    text: str, handler: str
) -> None:
    name, _, desk = decides(LookUp("none"), text)
    assert name == handler
    assert desk.asked == []


def test_a_button_asks_no_system() -> None:
    name, _, desk = decides(LookUp("none"), kind=Kind.CHOICE, choice="offer:x:0")
    assert (name, desk.asked) == ("choice", [])
