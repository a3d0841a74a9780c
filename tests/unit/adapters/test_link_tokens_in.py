"""A link token comes back by each platform's own way; what is none of ours is read as ever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters import line_in, messenger_in, telegram_in
from adapters.links import address, carried, typed
from bot.model import ChannelAccount, ChannelType, Inbound, Kind

TOKEN = "TLNK" + "0123456789abcdef" * 2
USER = "U" + "4" * 32
PAGE = ChannelAccount("a1", ChannelType.MESSENGER, "page", public={"page_id": "900"})


def line(event: dict[str, Any], **source: Any) -> Inbound:
    whole = {
        "mode": "active",
        "timestamp": 1795340009123,
        "source": {"type": "user", "userId": USER},
        **event,
    }
    whole["source"] = {**whole["source"], **source}
    body = json.dumps({"destination": USER, "events": [{"webhookEventId": "e1", "replyToken": "r", **whole}]})
    return line_in.parse("a1", body.encode())[0]


def telegram(text: str, chat: str = "private") -> Inbound:
    sender = {"id": 7, "is_bot": False, "first_name": "Mei"}
    message = {"date": 1795340000, "text": text, "from": sender, "chat": {"id": 7, "type": chat}}
    return telegram_in.parse("a1", json.dumps({"update_id": 5, "message": message}).encode())[0]


def messenger(sender: str = "65", **item: Any) -> Inbound:
    whole = {"sender": {"id": sender}, "recipient": {"id": "900"}, "timestamp": 1795340000123, **item}
    body = json.dumps({"object": "page", "entry": [{"id": "900", "messaging": [whole]}]}).encode()
    return messenger_in.parse(PAGE, body, [PAGE])[0]


def text_of(said: str) -> list[Inbound]:
    """A text on each platform."""
    return [
        line({"type": "message", "message": {"id": "1", "type": "text", "text": said}}),
        telegram(said),
        messenger(message={"mid": "m1", "text": said}),
    ]


@pytest.mark.parametrize(
    "said", ["連結 ABCD-EFGH", " link abcd-efgh ", "連結：ＡＢＣＤ－ＥＦＧＨ", "綁定 AbCd - eFgH"]
)
def test_a_typed_code_is_a_link_on_every_platform(said: str) -> None:
    for found in text_of(said):
        assert (found.kind, found.link_token) == (Kind.LINK, "ABCD-EFGH")
        assert found.text is None, "a code that is still good must not stand in the record"


@pytest.mark.parametrize(
    "said",
    [
        "怎麼連結帳號",
        "link",
        "連結 ABCDEFGH",
        "連結 ABCD-EFG0",
        "連結 ABCD-EFGH 謝謝",
        "https://x/link AB",
        "",
    ],
)
def test_what_only_sounds_like_one_is_a_text(said: str) -> None:
    assert typed(said) is None
    for found in text_of(said or "x"):
        assert (found.kind, found.link_token) == (Kind.TEXT, None)


def test_each_platforms_own_way() -> None:
    link = {"result": "ok", "nonce": TOKEN}
    found = [
        line({"type": "accountLink", "link": link}),
        telegram(f"/start {TOKEN}"),
        telegram(f"/start@our_bot {TOKEN}"),
        messenger(referral={"ref": TOKEN, "source": "SHORTLINK", "type": "OPEN_THREAD"}),
        messenger(postback={"mid": "m", "payload": "GET_STARTED", "referral": {"ref": TOKEN}}),
        messenger(message={"mid": "m", "text": "hi", "referral": {"ref": TOKEN}}),
        messenger(account_linking={"status": "linked", "authorization_code": TOKEN}),
    ]
    assert [(one.kind, one.link_token) for one in found] == [(Kind.LINK, TOKEN)] * len(found)
    assert found[0].reply_token == "r"
    assert all(TOKEN not in repr(one) for one in found)


def test_other_parameters_are_read_as_ever() -> None:
    assert telegram("/start ord_42").kind is Kind.FOLLOW
    assert telegram("/start").kind is Kind.FOLLOW
    assert telegram(f"/start {TOKEN}", chat="group").kind is Kind.IGNORED
    assert (
        messenger(postback={"mid": "m", "payload": "GET_STARTED", "referral": {"ref": "ad1"}}).kind
        is Kind.FOLLOW
    )
    assert messenger(referral={"ref": "ad1"}).kind is Kind.IGNORED
    assert messenger(account_linking={"status": "unlinked"}).kind is Kind.IGNORED
    assert messenger(sender="900", referral={"ref": TOKEN}).kind is Kind.IGNORED
    failed = {"type": "accountLink", "link": {"result": "failed", "nonce": TOKEN}}
    assert line(failed).kind is Kind.IGNORED
    assert (
        line({"type": "accountLink", "link": {"result": "ok", "nonce": "somebody else's"}}).kind
        is Kind.IGNORED
    )
    in_group = {"type": "accountLink", "link": {"result": "ok", "nonce": TOKEN}}
    assert line(in_group, type="group", groupId="C1").kind is Kind.IGNORED
    assert carried(None) is carried("") is carried(TOKEN + "0") is None


def test_addresses_that_carry_it_over() -> None:
    def at(channel: ChannelType, **public: str) -> str | None:
        return address(ChannelAccount("a", channel, "n", public=public), TOKEN, "ABCD-EFGH")

    assert at(ChannelType.TELEGRAM, handle="@our_bot") == f"https://t.me/our_bot?start={TOKEN}"
    assert at(ChannelType.MESSENGER, page_id="900") == f"https://m.me/900?ref={TOKEN}"
    there = at(ChannelType.LINE, handle="@bank")
    assert there is not None
    assert there.startswith("https://line.me/R/oaMessage/%40bank/?%E9%80%A3")
    assert TOKEN not in there, "what the customer sends is the short code"
    assert at(ChannelType.TELEGRAM) is at(ChannelType.LINE) is at(ChannelType.WEB) is None
