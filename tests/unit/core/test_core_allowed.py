"""What the channel lets one send now: Messenger's window, LINE's quota, who left the page, who blocked us."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters import messenger_out
from adapters.messenger import CAPABILITIES
from bot.app import create_app
from bot.desk.quota import Quota
from bot.errors import SendError
from bot.model import ChannelAccount, ChannelType, Message, Outbound, OutText, Page, Role
from inbox import allowed
from tests.unit.core.teller import Teller

ENGLISH = {"Cookie": "teller_lang=en"}


def page_of(teller: Teller, channel: ChannelType) -> Page:
    user, agent = teller.person(), teller.staff(Role.AGENT)
    teller.hears(user, "我要找真人客服", channel)
    return teller.service.console.desk.page(agent, teller.conversation(user, channel)["_id"])


def said(teller: Teller, page: Page, later: timedelta = timedelta()) -> list[str]:
    heard = [m.at for m in page.messages if m.author == "customer"][-1]
    with create_app(teller.service).test_request_context(headers=ENGLISH):
        return [f"{one.kind}: {one.text}" for one in allowed.notes(page, heard + later)]


def test_messengers_window_closes_for_all_and_later_for_people_too(teller: Teller) -> None:
    page = page_of(teller, ChannelType.MESSENGER)
    assert [one.partition(":")[0] for one in said(teller, page)] == ["info"]
    assert said(teller, page, timedelta(hours=23))[0].startswith("warn: Messenger takes your answer")
    assert said(teller, page, timedelta(hours=25))[0].startswith("warn: 24 hours are over")
    assert said(teller, page, timedelta(days=7, minutes=1))[0].startswith("bad: ")
    with create_app(teller.service).test_request_context(headers=ENGLISH):
        heard = page.messages[0].at
        assert allowed.notes(page, heard)[0].until == heard + allowed.WINDOW


def test_lines_quota_is_said_when_it_runs_out(teller: Teller) -> None:
    page = page_of(teller, ChannelType.LINE)
    quotas, account = teller.service.quotas, page.conversation.account_id
    teller.service.queue.redis.delete(f"quota:asked:{account}")
    assert said(teller, page) == []
    assert teller.service.queue.depth("slow") >= 1
    before = teller.service.queue.depth("slow")
    quotas.known(account)
    assert teller.service.queue.depth("slow") == before, "asked once in five minutes"
    for used, kind in ((800, ""), (950, "warn"), (1000, "bad")):
        teller.line.quota = lambda _account, used=used: (used, 1000)  # type: ignore[attr-defined,misc]
        quotas.look(account)
        assert quotas.known(account) == Quota(used, 1000)
        assert [one.partition(":")[0] for one in said(teller, page)] == ([kind] if kind else [])
    teller.line.quota = lambda _account: None  # type: ignore[attr-defined]
    quotas.look(account)
    assert quotas.known(account) is None


def test_a_visitor_who_left_and_one_who_blocked_us(teller: Teller) -> None:
    page = page_of(teller, ChannelType.TELEGRAM)
    last = page.messages[-1]
    blocked: Message = replace(last, author="staff:x", delivery="failed", delivery_error="blocked")
    assert said(teller, replace(page, messages=(*page.messages, blocked)))[0].startswith(
        "bad: The customer has blocked"
    )
    again = replace(last, author="customer", delivery_error=None)
    assert said(teller, replace(page, messages=(*page.messages, blocked, again))) == []
    web = replace(page, conversation=replace(page.conversation, channel=ChannelType.WEB))
    assert said(teller, web)[0].startswith("info: The customer has left")
    teller.service.presence.visitor_beat(web.conversation.thread)
    assert said(teller, web) == []


ACCOUNT = ChannelAccount(
    "m", ChannelType.MESSENGER, "m", secrets={"page_token": "t"}, public={"page_id": "1"}
)


@pytest.mark.parametrize("second", [None, SendError("forbidden", "no feature", retryable=False)])
def test_a_persons_answer_after_the_day_goes_with_the_tag(
    monkeypatch: pytest.MonkeyPatch, second: SendError | None
) -> None:
    asked: list[tuple[str, str | None]] = []

    def graph(
        account: ChannelAccount, method: str, path: str, fields: dict[str, str], upload: object = None
    ) -> dict[str, str]:
        assert upload is None
        asked.append((fields["messaging_type"], fields.get("tag")))
        if len(asked) == 1:
            raise SendError("window_closed", "closed", retryable=False)
        if second:
            raise second
        return {"message_id": "m_1"}

    monkeypatch.setattr(messenger_out, "graph", graph)
    out = Outbound("o", "6543", (OutText("1", "您好"),), author_is_person=True)
    if second:
        with pytest.raises(SendError) as refused:
            messenger_out.send(ACCOUNT, out, CAPABILITIES)
        assert refused.value.code == "window_closed"
    else:
        assert messenger_out.send(ACCOUNT, out, CAPABILITIES).platform_ids == ("m_1",)
    assert asked == [("RESPONSE", None), ("MESSAGE_TAG", "HUMAN_AGENT")]
    asked.clear()
    with pytest.raises(SendError):
        messenger_out.send(ACCOUNT, replace(out, author_is_person=False), CAPABILITIES)
    assert asked == [("RESPONSE", None)], "the bot has no such tag"
