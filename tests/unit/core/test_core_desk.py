"""What people do in a conversation: who may, what it changes, and that a repeated form is one deed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.errors import BadPayload, Conflict, NotFound
from bot.model import ChannelType, Role
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers


def taken(teller: Teller, channel: ChannelType = ChannelType.LINE) -> tuple[str, str, Any]:
    """User, conversation and the agent who has it."""
    user, agent = teller.person(), teller.staff(Role.AGENT)
    teller.hears(user, "我要真人", channel)
    conversation = str(teller.conversation(user, channel)["_id"])
    teller.service.console.desk.take(agent, conversation)
    return user, conversation, agent


@pytest.mark.parametrize("channel", [ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM])
def test_a_reply_reaches_the_customer(teller: Teller, channel: ChannelType) -> None:
    user, conversation, agent = taken(teller, channel)
    message = teller.service.console.desk.reply(agent, conversation, "  您好，我是客服。\n", "c1")
    assert teller.work() >= 1
    assert teller.platforms[channel].texts(user)[-1] == "您好，我是客服。"
    assert teller.platforms[channel].calls[-1].author_is_person
    last = teller.rows("messages", user, channel)[-1]
    assert (last["_id"], last["author"]) == (message, f"staff:{agent.id}")
    assert teller.delivery(user, channel)["status"] == "sent"
    assert last["approved"] == []


def test_the_bot_is_silent_while_a_person_owns_it_and_speaks_again_after(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    before = len(teller.line.texts(user))
    teller.hears(user, "你好")
    teller.hears(user, None, kind="other", kind_detail="sticker")
    assert len(teller.line.texts(user)) == before
    assert teller.said(user)[-2:] == ["customer: 你好", "customer: [sticker]"]
    assert teller.conversation(user)["unread"] == 2
    teller.service.console.desk.back_to_bot(agent, conversation)
    teller.hears(user, None, kind="other", kind_detail="sticker")
    assert len(teller.line.texts(user)) == before + 1


def test_after_a_resolution_the_next_message_opens_a_new_conversation(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    teller.service.console.desk.resolve(agent, conversation)
    teller.hears(user, "你好")
    now = teller.conversation(user)
    assert now["_id"] != conversation
    assert now["customer"] == teller.rows("conversations", user)[0]["customer"]
    assert [m["pos"] for m in teller.rows("messages", user)] == list(
        range(1, len(teller.rows("messages", user)) + 1)
    )
    with pytest.raises(Conflict):
        teller.service.console.desk.resolve(agent, conversation)


def test_a_form_sent_twice_is_one_message(teller: Teller) -> None:
    user, conversation, agent = taken(teller)
    desk = teller.service.console.desk
    ids = {desk.reply(agent, conversation, "once", "same") for _ in range(3)}
    assert len(ids) == 1
    assert desk.reply(agent, conversation, "once", "another") not in ids
    teller.work()
    assert teller.line.texts(user).count("once") == 2


def test_a_form_sent_twice_at_the_same_moment_is_one_message(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double click: both are read before either is written."""
    user, conversation, agent = taken(teller)
    seal = teller.service.conversations.seal
    gate = threading.Barrier(2)

    def together(*arguments: Any) -> Any:
        gate.wait(10)
        return seal(*arguments)

    monkeypatch.setattr(teller.service.conversations, "seal", together)
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(teller.service.console.desk.reply, agent, conversation, "once", "same")
            for _ in range(2)
        ]
        ids = {one.result(30) for one in sent}
    monkeypatch.undo()
    teller.work()
    assert len(ids) == 1
    assert teller.line.texts(user).count("once") == 1
    deeds = teller.service.mongo["audit"].count_documents(
        {"subject": conversation, "action": "conversation:reply"}
    )
    assert deeds == 1


@pytest.mark.parametrize("text", ["", "   \n", "長" * 2001])
def test_what_cannot_be_sent_is_refused_with_a_sentence(teller: Teller, text: str) -> None:
    _, conversation, agent = taken(teller)
    with pytest.raises(BadPayload) as caught:
        teller.service.console.desk.reply(agent, conversation, text, "c1")
    assert str(caught.value).endswith(".")


def test_nobody_replies_to_what_they_have_not_taken(teller: Teller) -> None:
    _, conversation, _agent = taken(teller)
    supervisor = teller.staff(Role.SUPERVISOR)
    desk = teller.service.console.desk
    with pytest.raises(Conflict):
        desk.reply(supervisor, conversation, "x", "c1")
    desk.take(supervisor, conversation)
    desk.reply(supervisor, conversation, "x", "c1")
    with pytest.raises(NotFound):
        desk.page(supervisor, "0" * 24)
    with pytest.raises(NotFound):
        desk.rows(supervisor, "everything")


def test_the_bots_decision_yields_to_a_person_who_took_over_meanwhile(
    teller: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and writing: the turn is decided anew, on what is true then."""
    user, supervisor = teller.person(), teller.staff(Role.SUPERVISOR)
    teller.hears(user, "你好")
    conversation = str(teller.conversation(user)["_id"])
    before = len(teller.line.texts(user))
    decide = teller.service.mind.decide
    took: list[bool] = []

    def slow(turn: Any) -> Any:
        decided = decide(turn)
        if not took:
            took.append(True)
            teller.service.console.desk.take(supervisor, conversation)
        return decided

    monkeypatch.setattr(teller.service.mind, "decide", slow)
    teller.hears(user, None, kind="other", kind_detail="sticker")
    assert took
    assert len(teller.line.texts(user)) == before
    assert teller.conversation(user)["assignee"] == supervisor.id
    assert teller.decisions(user)[-1]["decision"] == "StaySilent"
