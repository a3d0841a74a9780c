"""Labelled traffic out of the record, and what it earns: the very turn that was asked back is answered, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot import cli
from bot.app import create_app
from bot.automation import Automation
from bot.embedded import Servers
from bot.errors import BadPayload, NotAllowed, NotFound
from bot.model import Role, Staff
from bot.mongo import Doc
from kb import proof
from tests.house import until
from tests.unit.core.teller import Teller, apart

pytestmark = pytest.mark.servers

FEE = "信用卡年費可以免嗎"
"""Asked back with two titles of the sample, whose class is card."""
MOBILE = "換手機號碼要怎麼改資料"


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with apart(servers, tmp_path_factory, "labels", articles=True, auto_answer="proven") as one:
        yield one


@pytest.fixture(autouse=True)
def _nothing_earned(teller: Teller) -> None:
    """An empty record too: labels are whatever the record holds."""
    for collection in ("labels", "auto_answer", "messages"):
        teller.service.mongo[collection].delete_many({})
    teller.service.knowledge.refresh()


@pytest.fixture(scope="module")
def officer(teller: Teller) -> Staff:
    return teller.staff(Role.COMPLIANCE)


def automation(teller: Teller) -> Automation:
    return teller.service.automation


def asks(teller: Teller, text: str = FEE) -> tuple[str, list[str]]:
    """A customer whose question was asked back, and the values of the buttons shown."""
    user = teller.person()
    teller.hears(user, text)
    decision = teller.decisions(user)[-1]
    assert (decision["handler"], decision["reason"]) == ("approved_answer", "ask")
    return user, [value for _, value in teller.rows("messages", user)[-1]["buttons"]]


def presses(teller: Teller, user: str, value: str) -> None:
    teller.hears(user, None, kind="choice", choice=value)


def labels(teller: Teller, user: str) -> list[Doc]:
    conversations = {row["conversation"] for row in teller.rows("messages", user)}
    found = teller.service.mongo["labels"].find({"conversation": {"$in": list(conversations)}})
    return sorted(found, key=lambda doc: str(doc["at"]))


def earn(teller: Teller, product_class: str, count: int = 1300, confidence: float = 0.5) -> None:
    """Reviewed traffic of another day, none of it wrong."""
    at = teller.service.mongo["messages"].find_one({"decision": {"$ne": None}}, sort=[("at", -1)])
    assert at is not None
    teller.service.automation.store.add(
        [
            {
                "_id": f"review:{product_class}{n}",
                "question": f"{product_class}{n}",
                "conversation": "another",
                "article": "a",
                "version": 1,
                "product_class": product_class,
                "confidence": confidence,
                "direct": True,
                "right": True,
                "source": "review",
                "at": at["at"],
                "asked_at": at["at"],
            }
            for n in range(count)
        ]
    )
    automation(teller).recompute()
    teller.service.knowledge.refresh()


def standing(teller: Teller, product_class: str) -> proof.Standing:
    return next(one for one in automation(teller).state().classes if one.product_class == product_class)


def audited(teller: Teller, action: str) -> list[Doc]:
    return list(teller.service.mongo["audit"].find({"action": action}).sort("seq", 1))


# -- labels ------------------------------------------------------------------------------------------------------------


def test_a_choice_says_whether_the_first_title_was_right(teller: Teller) -> None:
    first, buttons = asks(teller)
    presses(teller, first, buttons[0])
    second, buttons = asks(teller)
    presses(teller, second, buttons[1])
    none, _ = asks(teller)
    presses(teller, none, "none")
    assert automation(teller).labels.collect() == 3
    question = next(row for row in teller.rows("messages", first) if row["author"] == "customer")
    offered = question["decision"]["trace"]["candidates"]
    found = labels(teller, first)[0]
    assert (found["question"], found["source"], found["by"]) == (question["_id"], "choice", "customer")
    assert (found["article"], found["version"]) == (offered[0]["article"], offered[0]["version"])
    assert (found["right"], found["chosen"]) == (True, offered[0]["article"])
    assert (found["confidence"], found["product_class"]) == (offered[0]["confidence"], "card")
    assert found["direct"] is True
    assert [(one["right"], one["chosen"]) for one in labels(teller, second)] == [
        (False, offered[1]["article"])
    ]
    assert [(one["right"], one["chosen"]) for one in labels(teller, none)] == [(False, None)]


def test_reading_the_record_again_changes_nothing(teller: Teller) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[0])
    assert automation(teller).labels.collect() == 1
    before = list(teller.service.mongo["labels"].find())
    assert automation(teller).labels.collect() == 0
    teller.service.mongo["auto_answer"].delete_many({})
    assert automation(teller).labels.collect() == 0
    assert list(teller.service.mongo["labels"].find()) == before


def test_what_was_labelled_long_ago_is_not_read_again(teller: Teller) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[0])
    automation(teller).labels.collect()
    mark = teller.service.mongo["auto_answer"].find_one({"_id": "read_up_to"})
    assert mark is not None
    assert [line["decision"]["at"] for line in automation(teller).store.choices()][-1] == mark["at"]
    plan = (
        teller.service.mongo["messages"]
        .find({"decision.handler": "choice", "decision.at": {"$gte": mark["at"]}})
        .explain()
    )
    assert "choices" in json.dumps(plan["queryPlanner"]["winningPlan"], default=str)


def test_a_reading_that_broke_off_is_continued(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    people = []
    for _ in range(3):
        user, buttons = asks(teller)
        presses(teller, user, buttons[0])
        people.append(user)
    monkeypatch.setattr("bot.labels.BATCH", 1)
    store, marks = automation(teller).store, []

    def breaks_off(labels: list[Doc]) -> int:
        if marks:
            raise TimeoutError
        marks.append(labels)
        return type(store).add(store, labels)

    monkeypatch.setattr(store, "add", breaks_off)
    with pytest.raises(TimeoutError):
        automation(teller).labels.collect()
    mark = teller.service.mongo["auto_answer"].find_one({"_id": "read_up_to"})
    assert mark is not None
    assert mark["at"] == teller.decisions(people[0])[-1]["at"]
    monkeypatch.undo()
    assert automation(teller).labels.collect() == 2


def test_no_word_of_a_customer_is_in_a_label(teller: Teller, officer: Staff) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[0])
    automation(teller).labels.collect()
    automation(teller).review(officer, teller.rows("messages", user)[-1]["_id"], right=True)
    found = labels(teller, user)
    assert {one["source"] for one in found} == {"choice", "review"}
    customer = teller.conversation(user)["customer"]
    for one in found:
        kept = json.dumps(one, default=str, ensure_ascii=False)
        assert FEE not in kept
        assert user not in kept
        assert customer not in kept
        assert not [value for value in one.values() if isinstance(value, bytes)]


@pytest.mark.parametrize("again", ["none", "offer:00000000:0"])
def test_a_button_that_answers_no_question_is_no_label(teller: Teller, again: str) -> None:
    user = teller.person()
    teller.hears(user, "你好")
    presses(teller, user, again)
    chosen, buttons = asks(teller)
    presses(teller, chosen, buttons[0])
    presses(teller, chosen, again)
    automation(teller).labels.collect()
    assert labels(teller, user) == []
    assert [one["right"] for one in labels(teller, chosen)] == [True]


def test_a_record_nobody_understands_keeps_no_other_from_being_read(teller: Teller) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[0])
    odd, buttons = asks(teller)
    presses(teller, odd, buttons[0])
    question = next(row for row in teller.rows("messages", odd) if row["decision"])
    teller.service.mongo["messages"].update_one(
        {"_id": question["_id"]}, {"$set": {"decision.trace.candidates": [{"id": "as another release"}]}}
    )
    assert automation(teller).labels.collect() == 1
    assert labels(teller, odd) == []


# -- reviews -----------------------------------------------------------------------------------------------------------


def test_a_review_outweighs_the_choice_and_a_second_replaces_the_first(
    teller: Teller, officer: Staff
) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[0])
    reply = teller.rows("messages", user)[-1]
    assert reply["author"] == "bot"
    automation(teller).labels.collect()
    automation(teller).review(officer, reply["_id"], right=False, reason="the other fee; mail a@example.com")
    counted = [one for one in proof.standings(automation(teller)._labels(reply["at"]), 0.005) if one.labels]
    assert [(one.product_class, one.labels) for one in counted] == [("card", 1)]
    automation(teller).review(officer, reply["_id"], right=True)
    review = [one for one in labels(teller, user) if one["source"] == "review"]
    assert [(one["right"], one["by"]) for one in review] == [(True, officer.id)]
    first, second = audited(teller, "reply:review")[-2:]
    assert (first["subject"], first["actor"]) == (reply["_id"], officer.id)
    assert [first["detail"]["verdict"], second["detail"]["verdict"]] == ["wrong", "right"]
    assert "a@example.com" not in first["detail"]["reason"]


def test_a_right_article_that_was_not_the_first_speaks_against_the_first(
    teller: Teller, officer: Staff
) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[1])
    label = automation(teller).review(officer, teller.rows("messages", user)[-1]["_id"], right=True)
    assert label["right"] is False


def test_exact_wording_is_no_proof_of_direct_answers(teller: Teller, officer: Staff) -> None:
    user = teller.person()
    teller.hears(user, "忘記密碼怎麼辦")
    assert teller.decisions(user)[-1]["reason"] == "answer"
    label = automation(teller).review(officer, teller.rows("messages", user)[-1]["_id"], right=True)
    assert (label["right"], label["direct"]) == (True, False)
    assert all(one.labels == 0 for one in automation(teller).state().classes)


def test_who_may_review_and_what(teller: Teller, officer: Staff) -> None:
    user, _ = asks(teller)
    message = teller.rows("messages", user)[-1]["_id"]
    for role in (Role.AGENT, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            automation(teller).review(replace(officer, role=role), message, right=True)
    with pytest.raises(NotFound):
        automation(teller).review(officer, "6744c0ffee00000000000000", right=True)
    teller.hears(user, "謝謝")
    with pytest.raises(BadPayload, match="says no article"):
        automation(teller).review(officer, teller.rows("messages", user)[-1]["_id"], right=True)
    assert labels(teller, user) == []


# -- what is earned ----------------------------------------------------------------------------------------------------


def test_an_earned_class_is_answered_and_one_fault_ends_it(teller: Teller, officer: Staff) -> None:
    before = len(audited(teller, "auto_answer:on"))
    asks(teller)
    earn(teller, "card")
    on = standing(teller, "card")
    assert (on.on, on.wrong, on.threshold, on.reviewed) == (True, 0, 0.5, on.n)
    assert on.bound < 0.005
    assert on.since is not None
    user = teller.person()
    teller.hears(user, FEE)
    decision = teller.decisions(user)[-1]
    assert (decision["reason"], decision["trace"]["proof"]["threshold"]) == ("answer", 0.5)
    assert decision["trace"]["proof"]["revision"] == automation(teller).state().revision
    assert teller.rows("messages", user)[-1]["approved"][-1]["kind"] == "disclosure"
    asks(teller, MOBILE)
    entries = audited(teller, "auto_answer:on")[before:]
    assert [(one["subject"], one["actor"], one["detail"]["wrong"]) for one in entries] == [
        ("card", "system", 0)
    ]
    # Two labels in three prove, the others fit the threshold: the first fault among those that prove ends it.
    for _ in range(20):
        wrong = teller.person()
        teller.hears(wrong, FEE)
        automation(teller).review(officer, teller.rows("messages", wrong)[-1]["_id"], right=False)
        if standing(teller, "card").wrong:
            break
    assert standing(teller, "card").wrong == 1
    teller.service.knowledge.refresh()
    assert not standing(teller, "card").on
    asks(teller)
    assert audited(teller, "auto_answer:off")[-1]["subject"] == "card"


def test_an_article_below_the_threshold_is_still_asked_back(teller: Teller) -> None:
    asks(teller)
    earn(teller, "card", confidence=0.9999)
    assert standing(teller, "card").on
    asks(teller)


def test_a_stricter_limit_takes_effect_at_once_and_is_audited(teller: Teller, officer: Staff) -> None:
    asks(teller)
    earn(teller, "card")
    state = automation(teller).set_limit(officer, 0.002, "the board wants less")
    assert (state.limit, state.set_by, state.reason) == (0.002, officer.id, "the board wants less")
    assert not standing(teller, "card").on
    teller.service.knowledge.refresh()
    asks(teller)
    entry = audited(teller, "auto_answer:limit")[-1]
    assert (entry["actor"], entry["detail"]["from"], entry["detail"]["to"]) == (officer.id, 0.005, 0.002)
    automation(teller).set_limit(officer, 0.005, "as before")
    assert standing(teller, "card").on


@pytest.mark.parametrize("share", [0.0, -0.1, 0.06, 1.0, float("nan")])
def test_a_limit_that_is_none_is_refused(teller: Teller, officer: Staff, share: float) -> None:
    with pytest.raises(BadPayload):
        automation(teller).set_limit(officer, share, "because")
    with pytest.raises(NotAllowed):
        automation(teller).set_limit(replace(officer, role=Role.SUPERVISOR), 0.01, "because")
    with pytest.raises(BadPayload):
        automation(teller).set_limit(officer, 0.01, "  ")


def test_every_process_follows_within_seconds(teller: Teller) -> None:
    asks(teller)
    knowledge = teller.service.knowledge
    knowledge.watch(interval=0.2)
    mongo = teller.service.mongo
    try:
        earn(teller, "card")
        until(lambda: knowledge.find(FEE, "zh-TW").verdict == "answer", 5, "the class is on")
        mongo["auto_answer"].update_one({"_id": "firm"}, {"$set": {"classes.card.on": False}})
        until(lambda: knowledge.find(FEE, "zh-TW").verdict == "ask", 5, "the class is off")
    finally:
        knowledge.stop()


def test_a_tick_reads_choices_and_draws_the_conclusions(teller: Teller) -> None:
    user, buttons = asks(teller)
    presses(teller, user, buttons[0])
    automation(teller).tick()
    assert standing(teller, "card").labels == 1
    revision = automation(teller).state().revision
    automation(teller).tick()
    assert automation(teller).state().revision == revision


# -- commands ----------------------------------------------------------------------------------------------------------


def command(teller: Teller, *arguments: str) -> Any:
    app = create_app(teller.service)
    cli.register(app)
    return app.test_cli_runner().invoke(args=["kb", *arguments])


def test_commands_show_every_number_with_its_bound(teller: Teller, officer: Staff) -> None:
    user, _ = asks(teller)
    message = teller.rows("messages", user)[-1]["_id"]
    done = command(teller, "review", message, "right", "--by", officer.email, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["product_class"] == "card"
    earn(teller, "loan")
    shown = json.loads(command(teller, "proof", "--json").stdout)
    assert (shown["mode"], shown["limit"]) == ("proven", 0.005)
    by_class = {one["product_class"]: one for one in shown["classes"]}
    assert by_class["loan"]["on"]
    assert {"n", "wrong", "bound", "limit", "on", "threshold", "missing"} <= by_class["card"].keys()
    assert (by_class["card"]["on"], by_class["card"]["labels"]) == (False, 1)
    text = command(teller, "proof").stdout.splitlines()
    assert [line for line in text if "wrong of" in line and "bound" not in line] == []
    assert len([line for line in text if "bound" in line]) == 7


def test_the_limit_by_command(teller: Teller, officer: Staff) -> None:
    done = command(teller, "limit", "0.01", "--by", officer.email, "--reason", "a trial", "--json")
    assert json.loads(done.stdout)["limit"] == 0.01
    refused = command(teller, "limit", "0.5", "--by", officer.email, "--reason", "a trial")
    assert (refused.exit_code, automation(teller).state().limit) == (1, 0.01)
    stranger = command(teller, "limit", "0.01", "--by", teller.staff(Role.AGENT).email, "--reason", "x")
    assert stranger.exit_code == 1
    assert command(teller, "limit", "much", "--by", officer.email, "--reason", "x").exit_code == 2
