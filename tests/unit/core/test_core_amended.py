"""Messages that customers edit or take back, through the real adapters: the original stays, agents see the latest."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from adapters.line import Line
from adapters.messenger import Messenger
from adapters.telegram import Telegram
from bot.contracts import Channel
from bot.model import ChannelAccount, ChannelType, Inbound, Kind, Message, Role
from bot.records.verify import verify
from bot.store.chains import ChainStore
from bot.store.seals import SealStore
from tests.unit.core.teller import Teller, signed_in

LINE, MESSENGER, TELEGRAM = ChannelType.LINE, ChannelType.MESSENGER, ChannelType.TELEGRAM
_numbers = itertools.count(1)


def now_ms() -> int:
    return int(time.time() * 1000) + next(_numbers)


# -- what the platforms post -------------------------------------------------------------------------------------------


def line(user: str, **event: Any) -> Any:
    return {
        "destination": "U0",
        "events": [
            {
                "mode": "active",
                "timestamp": now_ms(),
                "source": {"type": "user", "userId": user},
                "webhookEventId": f"01E{next(_numbers)}",
                "deliveryContext": {"isRedelivery": False},
                **event,
            }
        ],
    }


def line_text(user: str, number: str, text: str) -> Any:
    return line(user, type="message", message={"id": number, "type": "text", "text": text})


def line_unsend(user: str, number: str) -> Any:
    return line(user, type="unsend", unsend={"messageId": number})


def messenger(user: str, **item: Any) -> Any:
    whole = {"sender": {"id": user}, "recipient": {"id": "77"}, "timestamp": now_ms(), **item}
    return {"object": "page", "entry": [{"id": "77", "time": 1, "messaging": [whole]}]}


def messenger_text(user: str, number: str, text: str) -> Any:
    return messenger(user, message={"mid": number, "text": text})


def messenger_edit(user: str, number: str, text: str, nth: int = 1) -> Any:
    return messenger(user, message_edit={"mid": number, "text": text, "num_edit": nth})


def messenger_unsend(user: str, number: str) -> Any:
    return messenger(user, message={"mid": number, "is_deleted": True})


def telegram(user: str, kind: str, number: str, text: str, **more: Any) -> Any:
    chat, sender = {"id": int(user), "type": "private"}, {"id": int(user), "is_bot": False}
    message = {
        "message_id": int(number),
        "from": sender,
        "chat": chat,
        "date": int(time.time()),
        "text": text,
    }
    return {"update_id": next(_numbers), kind: {**message, **more}}


def telegram_text(user: str, number: str, text: str) -> Any:
    return telegram(user, "message", number, text)


def telegram_edit(user: str, number: str, text: str) -> Any:
    return telegram(user, "edited_message", number, text, edit_date=int(time.time()) + 1)


CHANNELS: dict[ChannelType, Channel] = {LINE: Line(), MESSENGER: Messenger(), TELEGRAM: Telegram()}


def parsed(channel: ChannelType, body: Any) -> Inbound:
    account = ChannelAccount(id="a1", channel=channel, name="n", public={"page_id": "77"})
    (event,) = CHANNELS[channel].parse(account, json.dumps(body).encode(), [])
    return event


@pytest.mark.parametrize(
    ("channel", "body", "kind", "of", "text"),
    [
        (LINE, line_unsend("U1", "325708"), Kind.UNSEND, "325708", None),
        (MESSENGER, messenger_edit("9", "m_2", "改成 42"), Kind.EDIT, "m_2", "改成 42"),
        (MESSENGER, messenger_unsend("9", "m_2"), Kind.UNSEND, "m_2", None),
        (TELEGRAM, telegram_edit("9", "365", "改成 43"), Kind.EDIT, "365", "改成 43"),
    ],
)
def test_adapters_say_which_message_is_meant(
    channel: ChannelType, body: Any, kind: Kind, of: str, text: str | None
) -> None:
    event = parsed(channel, body)
    assert (event.kind, event.of, event.text, event.message_id) == (kind, of, text, None)
    assert event.reply_token is None
    assert event.user_id


@pytest.mark.parametrize(
    ("channel", "body"),
    [
        (LINE, line_text("U1", "325708", "你好")),
        (MESSENGER, messenger_text("9", "m_2", "你好")),
        (TELEGRAM, telegram_text("9", "365", "你好")),
    ],
)
def test_adapters_keep_what_the_platform_calls_a_message(channel: ChannelType, body: Any) -> None:
    assert parsed(channel, body).message_id in ("325708", "m_2", "365")


def test_two_edits_of_one_message_are_two_events_and_one_edit_twice_is_one() -> None:
    once, again = (parsed(MESSENGER, messenger_edit("9", "m", "a", nth)) for nth in (1, 1))
    other = parsed(MESSENGER, messenger_edit("9", "m", "b", 2))
    assert once.event_id == again.event_id != other.event_id


@pytest.mark.parametrize(
    ("channel", "body"),
    [
        (LINE, line("U1", type="unsend")),
        (
            LINE,
            {
                "events": [
                    {**line_unsend("U1", "1")["events"][0], "source": {"type": "group", "groupId": "G"}}
                ]
            },
        ),
        (TELEGRAM, telegram("9", "edited_message", "1", "x", chat={"id": -5, "type": "group"})),
        (MESSENGER, messenger("77", message_edit={"mid": "m", "text": "of the page", "num_edit": 1})),
    ],
)
def test_what_names_no_message_or_is_not_a_customers_is_left(channel: ChannelType, body: Any) -> None:
    assert parsed(channel, body).kind is Kind.IGNORED


# -- the record, and who sees what -------------------------------------------------------------------------------------

TEXT = {LINE: line_text, MESSENGER: messenger_text, TELEGRAM: telegram_text}


def comes(teller: Teller, channel: ChannelType, body: Any) -> None:
    """As the platform posts it, read by its own adapter, handled by a worker."""
    account = replace(teller.accounts[channel], public={"page_id": "77"})
    events = CHANNELS[channel].parse(account, json.dumps(body).encode(), [])
    teller.service.events.record(events)
    teller.drain(events[0].user_id, channel)


def customer() -> str:
    return str(next(_numbers) + 10**6)


def said(teller: Teller, role: Role, user: str, channel: ChannelType) -> list[Message]:
    page = teller.service.views.page(teller.staff(role), str(teller.conversation(user, channel)["_id"]))
    assert page is not None
    return [one for one in page.messages if one.author == "customer"]


def verified(teller: Teller) -> bool:
    mongo = teller.service.mongo
    return verify(ChainStore(mongo), SealStore(mongo)).ok


@pytest.mark.parametrize(("channel", "edit"), [(MESSENGER, messenger_edit), (TELEGRAM, telegram_edit)])
def test_an_edit_is_a_record_of_its_own_and_agents_see_the_latest(
    teller: Teller, channel: ChannelType, edit: Any
) -> None:
    user, number = customer(), str(next(_numbers))
    comes(teller, channel, TEXT[channel](user, number, "我要真人，電話 0912345678"))
    answered = len(teller.platforms[channel].texts(user))
    before = teller.conversation(user, channel)
    comes(teller, channel, edit(user, number, "我要真人，電話 0987654321"))
    rows = [doc for doc in teller.rows("messages", user, channel) if doc["author"] == "customer"]
    assert [doc["kind"] for doc in rows] == ["text", "edit"]
    assert rows[1]["of"] == rows[0]["_id"]
    assert teller.service.vault.open(rows[0]["content"]).endswith("0912345678"), "the original stays"
    assert len(teller.platforms[channel].texts(user)) == answered, "an edit is not answered"
    assert rows[1]["decision"] is None
    after = teller.conversation(user, channel)
    assert after["preview"] == rows[1]["masked"]
    assert after["recent"] == [rows[1]["content"]]
    assert after["unread"] == before["unread"] + 1, "somebody who serves them should see it"
    (seen,) = said(teller, Role.AGENT, user, channel)
    assert (seen.id, seen.kind, seen.amended) == (rows[0]["_id"], "text", "edit")
    assert seen.text.startswith("我要真人")
    assert "0987" in seen.text
    assert "0912" not in seen.text
    for role in (Role.COMPLIANCE, Role.AUDITOR):
        first, second = said(teller, role, user, channel)
        assert ("0912" in first.text, first.amended, second.kind) == (True, "edit", "edit")
        assert "0987" in second.text
    assert verified(teller)
    # The latest of several counts, and a second delivery of one changes nothing.
    if channel is MESSENGER:
        comes(teller, channel, edit(user, number, "第三版", 2))
        comes(teller, channel, edit(user, number, "第三版", 2))
        (seen,) = said(teller, Role.SUPERVISOR, user, channel)
        assert seen.text == "第三版"
        assert len(said(teller, Role.COMPLIANCE, user, channel)) == 3


@pytest.mark.parametrize(("channel", "unsend"), [(LINE, line_unsend), (MESSENGER, messenger_unsend)])
def test_what_is_taken_back_is_gone_for_agents_and_stays_in_the_record(
    teller: Teller, app: Flask, channel: ChannelType, unsend: Any
) -> None:
    user, number = customer(), str(next(_numbers))
    comes(teller, channel, TEXT[channel](user, number, "我要真人，我的帳號 A 先生知道"))
    comes(teller, channel, TEXT[channel](user, number + "9", "還在嗎"))
    preview = teller.conversation(user, channel)["preview"]
    comes(teller, channel, unsend(user, number))
    first, second = said(teller, Role.AGENT, user, channel)
    assert (first.text, first.amended, first.hidden) == ("", "unsend", False)
    assert second.text == "還在嗎"
    conversation = teller.conversation(user, channel)
    assert conversation["preview"] == preview, "the last line is another"
    assert len(conversation["recent"]) == 1, "nor does the bot remember it"
    kinds = [(one.kind, one.amended) for one in said(teller, Role.AUDITOR, user, channel)]
    assert kinds == [("text", "unsend"), ("text", None), ("unsend", None)]
    address = f"/inbox/{conversation['_id']}"
    agent, auditor = (signed_in(app, teller.staff(role)) for role in (Role.AGENT, Role.AUDITOR))
    page = agent.get(address, follow_redirects=True).text
    assert "Taken back by the customer" in page
    assert "先生知道" not in page
    page = auditor.get(address, follow_redirects=True).text
    assert "先生知道" in page
    assert verified(teller)


def test_what_was_never_in_the_record_or_is_of_another_is_set_aside(teller: Teller) -> None:
    user, other = customer(), customer()
    comes(teller, TELEGRAM, telegram_text(user, "7", "你好"))
    before = teller.said(user, TELEGRAM)
    comes(teller, TELEGRAM, telegram_edit(user, "8", "沒有這一則"))
    comes(teller, TELEGRAM, telegram_edit(other, "7", "不是我寫的"))
    assert teller.said(user, TELEGRAM) == before
    assert teller.rows("messages", other, TELEGRAM) == []
    thread = teller.thread(other, TELEGRAM)
    (event,) = teller.service.mongo["events"].find({"thread": thread})
    assert (event["status"], event["turn"], "payload" in event) == ("done", "aside", False)


def test_a_resolved_conversation_keeps_its_end_and_takes_the_edit(teller: Teller) -> None:
    user, number = customer(), str(next(_numbers))
    comes(teller, TELEGRAM, telegram_text(user, number, "我要真人"))
    agent, desk = teller.staff(Role.AGENT), teller.service.console.desk
    conversation = str(teller.conversation(user, TELEGRAM)["_id"])
    desk.take(agent, conversation)
    desk.resolve(agent, conversation)
    comes(teller, TELEGRAM, telegram_edit(user, number, "我要真人，謝謝"))
    after = teller.conversation(user, TELEGRAM)
    assert (after["_id"], after["status"], after["open"], after["unread"]) == (
        conversation,
        "resolved",
        False,
        0,
    )
    assert verified(teller)
