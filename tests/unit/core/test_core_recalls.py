"""A recall: out of force at once, everybody who was sent it found, and one correction for each conversation."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from bot.cli import recalls as command
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ChannelType, ContentKind, Ref, Role
from bot.mongo import Doc, Session
from bot.prepare import audit_of
from bot.recalls import Recipient
from bot.store.conversations import ConversationStore
from bot.store.documents import conversation_of
from bot.store.records import Draft
from kb import review, schedule
from kb.articles import Content, Review
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers
_articles = itertools.count(1)


def article(teller: Teller, versions: int = 1) -> list[Content]:
    """All its versions, oldest first; the last one is in force."""
    name, kb, audit = f"fee-{next(_articles)}", teller.service.kb, audit_of(teller.service)
    made = []
    for number in range(versions):
        review.create(
            kb, [review.Draft(name, {"zh-TW": f"手續費 {number} 元。"}, (f"{name}？",))], "ann", audit
        )
        made.append(review.approve(kb, name, "bob", audit))
    return made


def told(teller: Teller, content: Content, channel: ChannelType = ChannelType.LINE, user: str = "") -> str:
    """A customer whom the bot said it to."""
    who = user or teller.person()
    teller.hears(who, "你好", channel)
    says(teller, teller.conversation(who, channel), content)
    return who


def says(teller: Teller, doc: Doc, content: Content, at: datetime | None = None) -> None:
    store: ConversationStore = teller.service.conversations
    ref = Ref(ContentKind.ARTICLE, content.id, content.version, content.sha256)
    notice = Ref(ContentKind.NOTICE, "greeting", 1, "0" * 64)
    conversation = conversation_of(doc)
    draft = Draft("bot", content.answer["zh-TW"], at or datetime.now(UTC), approved=(notice, ref))
    sealed = store.seal(conversation.customer_id, [draft])

    def work(session: Session) -> None:
        store.write(
            session,
            thread=conversation.thread,
            sealed=sealed,
            conversation=conversation,
            is_new=False,
            changes={},
        )

    teller.service.mongo.transaction(work)


def recipients(teller: Teller, content: Content, *versions: int) -> list[Recipient]:
    return list(teller.service.recalls.recipients(content.id, versions))


def first_correction(teller: Teller, content: Content) -> str:
    return teller.service.recalls.corrections(content.id)[0].id


def test_it_is_shown_no_more_and_everybody_who_was_sent_it_is_listed(teller: Teller) -> None:
    (wrong,) = article(teller)
    (other,) = article(teller)
    users = [told(teller, wrong), told(teller, wrong, ChannelType.TELEGRAM)]
    told(teller, other)
    before = teller.service.kb.revision()
    recall = teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    assert teller.service.kb.version(ContentKind.ARTICLE, wrong.id, 1).status is Review.RETIRED
    assert teller.service.kb.version(ContentKind.ARTICLE, other.id, 1).status is Review.APPROVED
    assert teller.service.kb.revision() == before + 1
    listed = recipients(teller, wrong, 1)
    assert {(one.conversation, one.channel) for one in listed} == {
        (teller.conversation(users[0])["_id"], "line"),
        (teller.conversation(users[1], ChannelType.TELEGRAM)["_id"], "telegram"),
    }
    assert (recall.versions, recall.open, recall.total, recall.listed) == ((1,), 2, 2, True)
    assert {one.conversation for one in teller.service.recalls.corrections(wrong.id)} == {
        one.conversation for one in listed
    }
    written = teller.service.mongo["audit"].find({"subject": f"article:{wrong.id}", "actor": "carol"})
    assert [one["action"] for one in written.sort("seq", 1)] == ["kb.retire", "kb.recall"]


def test_recalling_twice_lists_the_same_people_and_queues_nothing_twice(teller: Teller) -> None:
    (wrong,) = article(teller)
    user = told(teller, wrong)
    told(teller, wrong, user=user)
    first = teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    listed = recipients(teller, wrong, 1)
    agent = teller.staff(Role.AGENT)
    teller.service.recalls.close(agent, first_correction(teller, wrong), "done")
    again = teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    teller.service.recalls.tick()
    assert recipients(teller, wrong, 1) == listed
    assert len(listed) == 2
    assert (first.total, again.open, again.done) == (1, 0, 1)
    assert len(again.calls) == 2


def test_a_recall_of_one_version_leaves_the_others(teller: Teller) -> None:
    old, new = article(teller, 2)
    of_old, of_new = told(teller, old), told(teller, new)
    teller.service.recalls.start(old.id, 1, "carol", "舊版有誤")
    assert teller.service.kb.version(ContentKind.ARTICLE, new.id, 2).status is Review.APPROVED
    assert [one.conversation for one in recipients(teller, old, 1)] == [teller.conversation(of_old)["_id"]]
    both = teller.service.recalls.start(old.id, None, "carol", "新版也有誤")
    assert teller.service.kb.version(ContentKind.ARTICLE, new.id, 2).status is Review.RETIRED
    assert {one.conversation for one in teller.service.recalls.corrections(old.id)} == {
        teller.conversation(of_old)["_id"],
        teller.conversation(of_new)["_id"],
    }
    assert both.versions == (1, 2)


def test_a_correction_opens_again_when_a_later_version_is_recalled_too(teller: Teller) -> None:
    old, new = article(teller, 2)
    user = told(teller, old)
    says(teller, teller.conversation(user), new)
    teller.service.recalls.start(old.id, 1, "carol", "舊版有誤")
    teller.service.recalls.close(teller.staff(Role.SENIOR), first_correction(teller, old), "not_needed")
    recall = teller.service.recalls.start(old.id, 2, "carol", "新版也有誤")
    assert (recall.open, recall.total) == (1, 1)
    assert teller.service.recalls.corrections(old.id)[0].versions == (1, 2)


def test_an_answer_committed_just_after_the_recall_is_found_by_the_clock(teller: Teller) -> None:
    (wrong,) = article(teller)
    teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    told(teller, wrong)
    assert teller.service.recalls.recall(wrong.id).total == 0
    teller.service.recalls.tick()
    assert teller.service.recalls.recall(wrong.id).open == 1


def test_what_a_crash_interrupted_is_finished_by_the_clock(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wrong,) = article(teller)
    user = teller.person()
    teller.hears(user, "你好")
    says(teller, teller.conversation(user), wrong, datetime.now(UTC) - timedelta(days=90))

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bot.store.recalls.RecallStore.queue", crash)
        with pytest.raises(KeyboardInterrupt):
            teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    half = teller.service.recalls.recall(wrong.id)
    assert (half.listed, half.total) == (False, 0)
    teller.service.recalls.tick()
    whole = teller.service.recalls.recall(wrong.id)
    assert (whole.listed, whole.open) == (True, 1)


def test_the_search_for_recipients_uses_its_index(teller: Teller) -> None:
    (wrong,) = article(teller)
    told(teller, wrong)
    said = {"kind": "article", "id": wrong.id, "version": {"$in": [1]}}
    plan = teller.service.mongo["messages"].find(
        {"approved.kind": "article", "approved": {"$elemMatch": said}}
    )
    explained = json.dumps(plan.explain(), default=str)
    assert "articles_sent" in explained
    assert "COLLSCAN" not in explained


def test_an_unknown_article_version_or_a_missing_reason_is_refused(teller: Teller) -> None:
    (content,) = article(teller)
    recalls = teller.service.recalls
    with pytest.raises(NotFound):
        recalls.start("no-such-article", None, "carol", "x")
    with pytest.raises(NotFound):
        recalls.start(content.id, 7, "carol", "x")
    for reason in ("", "   ", "x" * 501):
        with pytest.raises(BadPayload):
            recalls.start(content.id, None, "carol", reason)
    assert teller.service.kb.version(ContentKind.ARTICLE, content.id, 1).status is Review.APPROVED
    with pytest.raises(NotFound):
        recalls.recall(content.id)


@pytest.mark.parametrize("first", ["bot", "resolved"])
def test_whoever_takes_a_correction_up_can_write_it(teller: Teller, first: str) -> None:
    (wrong,) = article(teller)
    user, agent = told(teller, wrong), teller.staff(Role.AGENT)
    desk, recalls = teller.service.console.desk, teller.service.recalls
    conversation = str(teller.conversation(user)["_id"])
    if first == "resolved":
        desk.take(teller.staff(Role.SUPERVISOR), conversation)
        desk.resolve(teller.staff(Role.SUPERVISOR), conversation)
    recalls.start(wrong.id, None, "carol", "費率有誤")
    correction = first_correction(teller, wrong)
    assert recalls.take_up(agent, correction) == conversation
    assert recalls.take_up(agent, correction) == conversation
    desk.reply(agent, conversation, "先前說明有誤，手續費為 15 元。", "c1")
    teller.work()
    assert teller.line.texts(user)[-1] == "先前說明有誤，手續費為 15 元。"
    doc = teller.conversation(user)
    assert (doc["status"], doc["assignee"], doc["reason"], doc["open"]) == (
        "assigned",
        agent.id,
        "recall",
        True,
    )
    closed = recalls.close(agent, correction, "done")
    assert (closed.state, closed.by) == ("done", agent.id)
    with pytest.raises(Conflict):
        recalls.close(agent, correction, "not_needed")


def test_a_customer_who_writes_again_is_corrected_where_he_is_now(teller: Teller) -> None:
    (wrong,) = article(teller)
    user, boss = told(teller, wrong), teller.staff(Role.SUPERVISOR)
    old = str(teller.conversation(user)["_id"])
    teller.service.console.desk.take(boss, old)
    teller.service.console.desk.resolve(boss, old)
    teller.hears(user, "你好")
    teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    now = teller.service.recalls.take_up(teller.staff(Role.AGENT), first_correction(teller, wrong))
    assert now == str(teller.conversation(user)["_id"]) != old


def test_who_may_not_answer_a_conversation_may_not_correct_in_it(teller: Teller) -> None:
    (wrong,) = article(teller)
    user = told(teller, wrong)
    teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    correction, recalls = first_correction(teller, wrong), teller.service.recalls
    for role in (Role.COMPLIANCE, Role.ADMIN, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            recalls.take_up(teller.staff(role), correction)
        with pytest.raises(NotAllowed):
            recalls.close(teller.staff(role), correction, "done")
    teller.service.mongo["conversations"].update_one(
        {"_id": teller.conversation(user)["_id"]}, {"$set": {"skill": "complaint"}}
    )
    with pytest.raises(NotFound):
        recalls.take_up(teller.staff(Role.AGENT), correction)
    recalls.take_up(teller.staff(Role.SENIOR), correction)
    with pytest.raises(Conflict):
        recalls.take_up(teller.staff(Role.SENIOR), correction)


def test_of_two_who_take_it_up_at_once_one_has_it(teller: Teller) -> None:
    (wrong,) = article(teller)
    told(teller, wrong)
    teller.service.recalls.start(wrong.id, None, "carol", "費率有誤")
    correction, outcomes = first_correction(teller, wrong), []
    start = threading.Barrier(2)

    def take(who: Any) -> None:
        start.wait()
        try:
            outcomes.append(teller.service.recalls.take_up(who, correction))
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=take, args=(teller.staff(Role.AGENT),)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(outcomes) == 2
    assert outcomes.count("conflict") == 1


def test_the_command_prints_ids_and_no_more(teller: Teller, capsys: pytest.CaptureFixture[str]) -> None:
    (wrong,) = article(teller)
    user, officer = told(teller, wrong), teller.staff(Role.COMPLIANCE)
    agent = teller.staff(Role.AGENT)
    app = Flask("commands")
    app.extensions["teller"] = teller.service
    with app.app_context():
        with pytest.raises(NotAllowed):
            command.run(wrong.id, None, "費率有誤", agent.email, as_json=True)
        command.run(wrong.id, None, "費率有誤", officer.email, as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["id"], printed["versions"], printed["corrections"]) == (wrong.id, [1], 1)
    (row,) = printed["recipients"]
    assert set(row) == {"customer", "conversation", "channel", "at", "version", "message"}
    message = teller.rows("messages", user)[-1]
    assert (row["message"], row["customer"]) == (message["_id"], message["customer"])
    assert teller.service.recalls.recall(wrong.id).calls[0].by == officer.id


def test_a_version_that_waits_for_its_time_is_recalled_with_the_others(teller: Teller) -> None:
    """It was approved like them: the clock must not bring the mistake back."""
    name, kb, audit = article(teller)[0].id, teller.service.kb, audit_of(teller.service)
    soon = datetime.now(UTC) + timedelta(hours=1)
    later = review.Draft(name, {"zh-TW": "手續費調整。"}, (f"{name}？",), valid_from=soon)
    review.create(kb, [later], "ann", audit)
    review.approve(kb, name, "bob", audit)
    teller.service.recalls.start(name, 2, "carol", "wrong from the start")
    assert schedule.begin_due(kb, audit, soon) == 0
    assert {one.version: one.status for one in kb.versions(ContentKind.ARTICLE, name)} == {
        1: Review.APPROVED,
        2: Review.RETIRED,
    }
