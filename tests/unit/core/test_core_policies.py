"""The life of the hand-off rules: one author, another approver, every version kept, in force everywhere within 5 s."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.app import create_app
from bot.cli.rules import toml
from bot.compose import Service
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound, Unavailable
from bot.model import DEFAULT_LOCALE, Kind, Role, Staff, Turn
from bot.policies import Document, Policies, Version
from bot.store import policies as states
from handlers import Policy
from handlers.policy import checked, shipped_document
from handlers.policy_trial import compare, judge
from handlers.triage import fresh_turn
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers
ODD = "紫色的大象要出門"


class Quick:
    """The workshop without child and encoder: two readings of the examples are not what these tests are about."""

    def __init__(self, teller: Teller) -> None:
        self._real = teller.service.policies.workshop
        self.broken = False
        self.features = self._real.features
        self.shipped, self.checked, self.spelled = self._real.shipped, self._real.checked, self._real.spelled

    def compare(self, before: Document, after: Document, step: Any = None) -> dict[str, Any]:
        if self.broken:
            raise Unavailable("The trial came to no end: try again.")
        step(1, 2)
        line = {"text": ODD, "label": "smalltalk", "before": "smalltalk", "after": "complaint", "new": True}
        return {"lines": 2, "misread": [line], "changed": [line]}

    def judge(self, before: Document, after: Document, text: str) -> dict[str, Any]:
        raise NotImplementedError


@pytest.fixture
def life(teller: Teller) -> Policies:
    """Rules as at a first start."""
    one = teller.service.policies
    teller.service.mongo["policies"].delete_many({})
    teller.service.mongo["counters"].delete_one({"_id": "policies"})
    return Policies(one.mongo, one.store, one.audit, Quick(teller))


@pytest.fixture(scope="module")
def people(teller: Teller) -> dict[Role, Staff]:
    return {role: teller.staff(role) for role in (Role.SENIOR, Role.COMPLIANCE, Role.AGENT)}


def changed(number: int = 1, table: str = "fraud") -> Document:
    document = shipped_document()
    document["rules"][table].append({"id": f"elephants {number}", "sure": True, "when": ["紫色的大象"]})
    return document


def in_review(life: Policies, author: Staff, document: Document | None = None) -> Version:
    one = life.draft(author, document or changed(), "大象常被冒用")
    life.submit(author, one.number)
    return life.try_now(one.number)


def events(teller: Teller, number: int) -> list[str]:
    found = teller.service.mongo["audit"].find({"subject": f"rules:{number}"}).sort("seq", 1)
    return [doc["action"] for doc in found]


def test_from_draft_to_force(teller: Teller, life: Policies, people: dict[Role, Staff]) -> None:
    author, officer = people[Role.SENIOR], people[Role.COMPLIANCE]
    assert (life.in_force(), life.revision(), life.versions()) == (0, 0, [])
    one = life.draft(author, changed(), "因為 0912345678 的客訴")
    assert (one.number, one.state, one.based_on) == (1, states.DRAFT, 0)
    assert "0912345678" not in one.note
    assert one.sha256 == Policy.from_document(changed()).sha256
    with pytest.raises(Conflict):
        life.approve(officer, 1, one.sha256)
    life.submit(author, 1)
    with pytest.raises(Conflict, match="have not been read"):
        life.approve(officer, 1, one.sha256)
    tried = life.try_now(1)
    assert (tried.trial["state"], tried.trial["against"], tried.trial["misread_count"]) == ("done", 0, 1)
    done = life.approve(officer, 1, one.sha256)
    assert (done.state, done.decided_by) == (states.APPROVED, officer.id)
    assert (life.in_force(), life.revision()) == (1, 1)
    assert events(teller, 1) == ["rules:draft", "rules:submit", "rules:approve"]
    logged = teller.service.mongo["audit"].find_one({"action": "rules:approve"})
    assert logged is not None
    assert logged["detail"] | {"version": 1, "sha256": one.sha256, "misread_count": 1} == logged["detail"]
    two = in_review(life, author, changed(2))
    assert two.based_on == 1
    life.approve(officer, 2, two.sha256)
    assert [(v.number, v.state) for v in life.versions()] == [(2, states.APPROVED), (1, states.RETIRED)]
    assert life.document(1) == checked(changed(1))


def test_who_may_what(life: Policies, people: dict[Role, Staff]) -> None:
    with pytest.raises(NotAllowed):
        life.draft(people[Role.AGENT], changed(), "x")
    officer = people[Role.COMPLIANCE]
    own = in_review(life, officer)
    with pytest.raises(NotAllowed, match="never approves his own"):
        life.approve(officer, own.number, own.sha256)
    with pytest.raises(NotAllowed, match="Only a compliance officer"):
        life.approve(people[Role.SENIOR], own.number, own.sha256)
    # Saved once more by another, it is still the officer's own.
    again = in_review(life, people[Role.SENIOR])
    assert set(again.authors) == {officer.id, people[Role.SENIOR].id}
    with pytest.raises(NotAllowed, match="never approves his own"):
        life.approve(officer, again.number, again.sha256)
    assert life.version(own.number).state == states.REPLACED
    assert life.in_force() == 0


def test_sent_back_and_rejected(teller: Teller, life: Policies, people: dict[Role, Staff]) -> None:
    author, officer = people[Role.SENIOR], people[Role.COMPLIANCE]
    one = in_review(life, author)
    with pytest.raises(BadPayload):
        life.ask_for_changes(officer, 1, one.sha256, " ")
    back = life.ask_for_changes(officer, 1, one.sha256, "太寬")
    assert (back.state, back.comment) == (states.DRAFT, "太寬")
    assert life.submit(author, 1).comment is None
    with pytest.raises(Conflict, match="not the rules you read"):
        life.reject(officer, 1, "0" * 64, "no")
    assert life.reject(officer, 1, one.sha256, "不需要").state == states.REJECTED
    with pytest.raises(Conflict):
        life.submit(author, 1)
    assert events(teller, 1)[-4:] == ["rules:submit", "rules:changes", "rules:submit", "rules:reject"]
    assert life.open_one() is None


def test_what_cannot_be_a_draft(life: Policies, people: dict[Role, Staff]) -> None:
    author = people[Role.SENIOR]
    with pytest.raises(BadPayload, match="Nothing differs"):
        life.draft(author, shipped_document(), "x")
    with pytest.raises(BadPayload, match="Say what is changed"):
        life.draft(author, changed(), " ")
    slow = changed()
    slow["rules"]["fraud"][-1]["when"] = ["(a|aa)*b"]
    with pytest.raises(BadPayload, match="read in two ways"):
        life.draft(author, slow, "x")
    private = changed()
    private["examples"]["complaint"].append("我的電話是 0912345678，快回電")
    with pytest.raises(BadPayload, match="personal data"):
        life.draft(author, private, "x")
    assert life.versions() == []
    life.draft(author, changed(1), "x", seen=0)
    with pytest.raises(Conflict, match="while you were writing"):
        life.draft(author, changed(2), "x", seen=0)
    assert life.draft(author, changed(2), "x", seen=1).number > 1
    with pytest.raises(NotFound):
        life.version(99)


def test_a_version_that_was_tampered_with_is_not_used(
    teller: Teller, life: Policies, people: dict[Role, Staff]
) -> None:
    one = in_review(life, people[Role.SENIOR])
    teller.service.mongo["policies"].update_one({"_id": one.number}, {"$set": {"document": "{}"}})
    with pytest.raises(Conflict, match="do not match their hash"):
        life.approve(people[Role.COMPLIANCE], one.number, one.sha256)


def test_a_trial_that_breaks_can_be_begun_again(life: Policies, people: dict[Role, Staff]) -> None:
    one = life.draft(people[Role.SENIOR], changed(), "x")
    life.workshop.broken = True  # type: ignore[attr-defined]
    assert life.try_now(one.number).trial["state"] == "failed"
    life.workshop.broken = False  # type: ignore[attr-defined]
    assert life.try_now(one.number).trial["state"] == "done"
    life.store.begin_trial(one.number, {"state": "running", "beat": datetime.now(UTC), "token": "x"}, one.at)
    assert life.begin_trial(one.number) is False
    with pytest.raises(Conflict, match="being read already"):
        life.try_now(one.number)


def decided(teller: Teller, text: str) -> tuple[str, Any]:
    turn = fresh_turn(text)
    name, decision = teller.service.mind.decide(
        Turn(Kind.TEXT, text, DEFAULT_LOCALE, turn.conversation, turn.now)
    )
    return name, decision.trace.get("rules", {}).get("version")


def test_an_approval_changes_what_a_live_mind_decides_within_5_seconds(
    teller: Teller, life: Policies, people: dict[Role, Staff]
) -> None:
    mind, follower = teller.service.mind, teller.service.rules
    mind.adopt(Policy.of_checked(few(shipped_document()), 0))
    assert decided(teller, ODD)[0] != "fraud"
    document = few(changed())
    document["examples"]["smalltalk"].append("大象今天很開心呢")
    one = in_review(life, people[Role.SENIOR], document)
    follower.watch(0.5)
    try:
        life.approve(people[Role.COMPLIANCE], one.number, one.sha256)
        end = time.monotonic() + 5
        while mind.policy.version != one.number and time.monotonic() < end:
            time.sleep(0.02)
        assert decided(teller, ODD) == ("fraud", one.number)
        assert decided(teller, "我要真人") == ("human_request", one.number)
    finally:
        follower.stop()


def test_two_policies_in_a_child(teller: Teller) -> None:
    """What the web process asks for, by the very code; the sentence goes through a pipe."""
    workshop = teller.service.policies.workshop
    found = workshop.judge(few(shipped_document()), few(checked(changed())), ODD)
    assert found["before"]["handler"] is None
    assert (found["after"]["handler"], found["after"]["evidence"]) == ("fraud", ["elephants 1"])


def few(document: Document) -> Document:
    document["examples"] = {label: texts[:40] for label, texts in document["examples"].items()}
    return document


def test_labelled_lines_under_two_policies() -> None:
    shipped, document = few(shipped_document()), few(changed(table="complaint"))
    document["examples"]["smalltalk"].append(ODD)
    before, after = Policy.from_document(shipped), Policy.from_document(document, 1)
    steps: list[tuple[int, int]] = []
    found = compare(before, after, more=[("我要真人啦", "human_request")], step=lambda *at: steps.append(at))
    assert found.lines == len(before.examples) + 2
    assert steps[-1] == (found.lines, found.lines)
    odd = next(line for line in found.changed if line.text == ODD)
    assert (odd.label, odd.before, odd.after, odd.new) == (
        "smalltalk",
        "ordinary_question",
        "complaint",
        True,
    )
    assert odd in found.misread
    assert judge(after)(ODD).evidence == ("elephants 1",)


def runs(teller: Teller, *arguments: str) -> Any:
    return create_app(teller.service).test_cli_runner().invoke(cli.rules.group, list(arguments))


def test_the_commands(
    teller: Teller,
    life: Policies,
    people: dict[Role, Staff],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"lines": 2, "misread": [], "changed": []}
    monkeypatch.setattr("bot.rules_trial._child", lambda wish, step: found)
    file = tmp_path / "rules.toml"
    assert runs(teller, "export", str(file)).exit_code == 0
    text = file.read_text("utf-8")
    assert text == toml(shipped_document())
    file.write_text(text.replace("id = 'lost instrument'", "id = 'a lost thing'"), encoding="utf-8")
    author = people[Role.SENIOR].email
    drafted = runs(teller, "draft", str(file), "--author", author, "--note", "a name", "--json")
    assert drafted.exit_code == 0, drafted.output
    made = json.loads(drafted.stdout)
    assert (made["state"], made["trial"]["state"], made["trial"]["changed_count"]) == ("in_review", "done", 0)
    approve = ["approve", str(made["number"]), "--approver"]
    refused = runs(teller, *approve, author)
    assert refused.exit_code == 1
    assert "Only a compliance officer" in refused.stderr
    assert runs(teller, *approve, people[Role.COMPLIANCE].email).exit_code == 0
    listed = json.loads(runs(teller, "list", "--json").stdout)
    assert (listed["in_force"], listed["versions"][0]["state"]) == (made["number"], "approved")
    shown = json.loads(runs(teller, "show", "--json").stdout)
    assert shown["document"]["rules"]["fraud"][0]["id"] == "a lost thing"
    file.write_text("rules = 1", encoding="utf-8")
    wrong = runs(teller, "check", str(file))
    assert wrong.exit_code == 1
    assert "a table of names is wanted" in wrong.stderr


def test_triage_measures_the_approved_rules_or_says_that_it_cannot(
    teller: Teller,
    life: Policies,
    people: dict[Role, Staff],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = in_review(life, people[Role.SENIOR], few(changed()))
    life.approve(people[Role.COMPLIANCE], one.number, one.sha256)
    file = tmp_path / "lines.jsonl"
    file.write_text(json.dumps({"text": ODD, "label": "fraud_or_account_security"}), encoding="utf-8")

    def measured() -> Any:
        return create_app(teller.service).test_cli_runner().invoke(cli.triage.group, ["evaluate", str(file)])

    assert json.loads(measured().stdout)["accuracy"] == 1.0

    def away(_: Service) -> Policy:
        raise Unavailable("The store is away.")

    monkeypatch.setattr(Service, "policy", away)
    monkeypatch.setattr(
        Policy, "shipped", staticmethod(lambda: Policy.of_checked(few(shipped_document()), 0))
    )
    fallen_back = measured()
    assert json.loads(fallen_back.stdout)["accuracy"] == 0.0
    assert "measured are those that ship" in fallen_back.stderr
