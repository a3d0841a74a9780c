"""The last days' questions against a proposal: what would be decided otherwise; and asking touches nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import cli, replay
from bot.app import create_app
from bot.embedded import Servers
from bot.errors import BadPayload, NotFound
from bot.model import Decision, HandOff, Reply, Role, Staff, StaySilent, Turn
from bot.prepare import audit_of
from bot.rehearsal import Plan, rehearse
from bot.replay import Outcome, Rehearsal, kind_of, outcome_of
from bot.runner import perform
from bot.runs import REHEARSAL
from bot.store.questions import QuestionStore
from bot.vault import customer_key
from handlers.policy import shipped_document
from kb import review
from tests.unit.core.teller import Teller, apart

pytestmark = pytest.mark.servers
SAFE, LOST, WATCH = "保管箱租金多少", "忘記登入密碼怎麼辦", "蘋果手錶可以付款嗎"
MOBILE = "0912345678"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "rehearsal") as one:
        writes(one, "safe", SAFE)
        approves(one, "safe")
        writes(one, "lost", LOST)
        approves(one, "lost")
        one.service.knowledge.build()
        yield one


@pytest.fixture(autouse=True)
def _nothing_proposed(teller: Teller) -> None:
    teller.service.mongo["messages"].delete_many({})
    teller.service.mongo["content"].delete_many({"status": "draft"})


def writes(teller: Teller, name: str, question: str, answer: str = "請見官網。", **more: Any) -> None:
    draft = review.Draft(name, {"zh-TW": answer}, (question,), **more)
    review.create(teller.service.kb, [draft], "ann", audit_of(teller.service))


def approves(teller: Teller, name: str) -> None:
    review.approve(teller.service.kb, name, "bob", audit_of(teller.service))


def asks(teller: Teller, *texts: str) -> list[str]:
    """One new customer's questions; the ids of their lines."""
    user = teller.person()
    for text in texts:
        teller.hears(user, text)
    return [str(row["_id"]) for row in teller.rows("messages", user) if row["decision"]]


def rehearsed(teller: Teller, **plan: Any) -> Rehearsal:
    return rehearse(teller.service, Plan(**plan))


def command(teller: Teller, *arguments: str) -> Any:
    return create_app(teller.service).test_cli_runner().invoke(cli.kb.group, ["rehearse", *arguments])


def test_a_draft_answers_what_was_asked_back_and_nothing_is_touched_by_asking(teller: Teller) -> None:
    (line,) = asks(teller, WATCH)
    asks(teller, SAFE)
    mongo = teller.service.mongo
    # A start that lies ahead counts as come.
    writes(teller, "watch", WATCH, valid_from=datetime.now(UTC) + timedelta(days=3))
    kept = {name: list(mongo[name].find()) for name in ("messages", "conversations", "outbox", "content")}
    found = rehearsed(teller)
    assert (found.questions, found.changed, found.counts) == (2, 1, {"asked>answered": 1})
    (change,) = found.changes
    assert (change.question, change.channel) == (line, "line")
    assert (change.before.verdict, change.after) == ("asked", Outcome("answered", ("watch",), 1))
    assert (found.before, found.after) == ({"asked": 1, "answered": 1}, {"answered": 2})
    assert found.articles == {"watch": (0, 1)}
    assert {name: list(mongo[name].find()) for name in kept} == kept


def test_a_new_version_shows_as_a_new_text_and_other_drafts_only_if_named(teller: Teller) -> None:
    asks(teller, SAFE, WATCH)
    writes(teller, "safe", SAFE, "每年 1,200 元起。")
    writes(teller, "watch", WATCH)
    assert rehearsed(teller).counts == {"new_text": 1, "asked>answered": 1}
    named = rehearsed(teller, added=("safe",))
    assert named.counts == {"new_text": 1}
    assert [(one.before.version, one.after.version) for one in named.changes] == [(1, 2)]
    with pytest.raises(NotFound, match="lost"):
        rehearsed(teller, added=("lost",))


def test_a_conversation_goes_on_for_each_mind_by_itself(teller: Teller) -> None:
    """The third miss in a row is a person's: it needs the two before it."""
    asks(teller, LOST, WATCH, "月球有分行嗎")
    found = rehearsed(teller, retired=("lost", "safe"))
    assert found.counts == {"answered>missed": 1, "asked>missed": 1, "asked>handed_off": 1}
    (handed,) = (one for one in found.changes if one.kind == "asked>handed_off")
    assert handed.after == Outcome("handed_off", ("three_misses",))
    assert found.articles == {"lost": (1, 0)}


def test_another_mode_and_a_threshold(teller: Teller) -> None:
    asks(teller, "忘記登入密碼該怎麼辦")
    assert rehearsed(teller, mode="confident").changed == 0
    asked = rehearsed(teller, mode="ask")
    assert asked.counts == {"answered>asked": 1}
    assert asked.changes[0].after == Outcome("asked", ("lost",))
    # No class has earned direct answers here; with the threshold it would have.
    assert rehearsed(teller, mode="proven").counts == {"answered>asked": 1}
    assert rehearsed(teller, thresholds={"general": 0.5}).changed == 0
    for wrong in (
        {"mode": "brave"},
        {"thresholds": {"moon": 0.5}},
        {"thresholds": {"card": 0.0}},
        {"days": 0},
    ):
        with pytest.raises(BadPayload):
            rehearsed(teller, **wrong)


def test_other_hand_off_rules(teller: Teller) -> None:
    (line,) = asks(teller, WATCH)
    house = teller.service
    document = shipped_document()
    document["rules"]["fraud"].append({"id": "a watch that pays", "sure": True, "when": ["手錶可以付款"]})
    author = teller.staff(Role.SUPERVISOR)
    draft = house.policies.draft(author, document, "手錶付款常見盜刷")
    found = rehearsed(teller, rules=draft.number)
    assert found.counts == {"asked>handed_off": 1}
    assert found.changes[0].after == Outcome("handed_off", ("fraud",))
    assert found.rules == ((0, found.rules[0][1]), (draft.number, draft.sha256))
    # A run is found by the hash of the rules it was about, as by that of a version.
    run = house.runs.start(
        Staff("officer", "", "", Role.COMPLIANCE), REHEARSAL, asdict(Plan(rules=draft.number))
    )
    perform(house, run.id)
    kept = house.runs.rehearsed(draft.sha256)
    assert kept is not None
    assert (kept.id, kept.figures["proposal"][0]["version"]) == (run.id, draft.number)
    assert [one["key"] for one in house.runs.items(kept)] == [line]
    # Those that ship may be proposed as well, and are in force here.
    assert rehearsed(teller, rules=0).changed == 0
    with pytest.raises(NotFound):
        rehearsed(teller, rules=99)
    shown = json.loads(command(teller, "--rules", str(draft.number), "--json").stdout)
    assert (shown["rules"], shown["changed"]) == ([0, draft.number], 1)


def test_buttons_erased_customers_and_other_days_are_not_replayed(teller: Teller) -> None:
    asks(teller, SAFE)
    (erased,) = asks(teller, LOST)
    user = teller.person()
    teller.hears(user, None, kind="choice", choice="none")
    message = teller.service.mongo["messages"].find_one({"_id": erased})
    assert message is not None
    teller.service.mongo["keys"].delete_one({"keyAltNames": customer_key(message["customer"])})
    teller.service.vault.close()
    found = rehearsed(teller, retired=("safe",))
    assert (found.questions, found.skipped, found.changed) == (1, 1, 1)
    early = {"decision.at": datetime.now(UTC) - timedelta(days=9)}
    teller.service.mongo["messages"].update_many({"decision": {"$ne": None}}, {"$set": early})
    assert rehearsed(teller, retired=("safe",)).questions == 0


class Mind:
    """Decides as it is told and counts how often it is asked."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.turns: list[Turn] = []

    def decide(self, turn: Turn) -> tuple[str, Decision]:
        self.turns.append(turn)
        return "test", self.decision

    def unfinished(self, text: str) -> bool:
        return False


def test_changes_are_counted_all_and_kept_some_and_equal_questions_decided_once(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        asks(teller, WATCH)
    (_, short) = asks(teller, LOST, "那利率呢")
    monkeypatch.setattr(replay, "KEPT", 2)
    monkeypatch.setattr(replay, "TOLD_EVERY", 1)
    house = teller.service
    store = QuestionStore(house.mongo, house.vault)
    told: list[tuple[int, int]] = []
    old, new = Mind(Reply("hello", ())), Mind(HandOff("fraud"))
    now = datetime.now(UTC)
    window = (now - timedelta(days=1), now + timedelta(seconds=5))
    found = replay.replay(store, (old, new), *window, "zh-TW", lambda done, total: told.append((done, total)))
    assert (found.questions, found.counts, len(found.changes)) == (5, {"said>handed_off": 5}, 2)
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (5, 5)]
    assert [turn.text for turn in new.turns] == [WATCH, LOST, "那利率呢"]
    assert [turn.history for turn in new.turns] == [(), (), (LOST,)]
    assert short


def test_what_a_customer_would_notice_is_a_change() -> None:
    answered, again = Outcome("answered", ("a",), 1), Outcome("answered", ("a",), 2)
    asked = Outcome("asked", ("a", "b"))
    assert kind_of(answered, answered) is None
    assert kind_of(answered, again) == "new_text"
    assert kind_of(answered, Outcome("answered", ("b",), 1)) == "answered>answered"
    assert kind_of(asked, Outcome("asked", ("b", "a"))) is None
    assert kind_of(asked, Outcome("asked", ("a", "c"))) == "asked>asked"
    assert kind_of(Outcome("handed_off", ("fraud",)), Outcome("handed_off", ("advice",))) is not None
    assert outcome_of(StaySilent("busy")) == Outcome("said", ("busy",))


def test_the_command_prints_what_changes_with_masked_questions(teller: Teller) -> None:
    looks = {"action": "kb.rehearse"}
    before = teller.service.mongo["audit"].count_documents(looks)
    asks(teller, f"{LOST} 我的手機 {MOBILE}")
    shown = json.loads(command(teller, "--without", "lost", "--json").stdout)
    (change,) = shown["changes"]
    assert LOST in change["text"]
    assert MOBILE not in change["text"]
    assert change["from"] == {"verdict": "answered", "what": ["lost"], "version": 1}
    printed = command(teller, "--without", "lost")
    assert "1 of 1 questions would be decided otherwise" in printed.stdout
    assert MOBILE not in printed.stdout
    assert teller.service.mongo["audit"].count_documents(looks) == before + 2
    assert command(teller, "--with", "nobody").exit_code == 1
    assert command(teller, "--threshold", "card").exit_code == 2
