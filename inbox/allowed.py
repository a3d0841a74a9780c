"""What the channel lets one send now, said before one types: Messenger's window, LINE's quota, who is not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask_babel import gettext

from bot.model import ChannelType, Message, Page
from inbox.auth import console

WINDOW = timedelta(hours=24)
"""Messenger takes any answer so long after the customer's last message, a person's seven days with a permission."""
PERSON = timedelta(days=7)
SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Note:
    """`kind`: info, warn, bad. `until` counts down beside the words."""

    kind: str
    text: str
    until: datetime | None = None


def notes(page: Page, now: datetime | None = None) -> tuple[Note, ...]:
    at = now or datetime.now(UTC)
    channel = page.conversation.channel
    found = [_refused(page.messages)]
    if channel is ChannelType.MESSENGER:
        found.append(_window(page, at))
    elif channel is ChannelType.LINE:
        found.append(_quota(page))
    elif channel is ChannelType.WEB:
        found.append(_offline(page))
    return tuple(one for one in found if one is not None)


def _last_heard(page: Page) -> datetime | None:
    said = [m.at for m in page.messages if m.author == "customer"]
    # The platform's own time, by which it counts.
    return said[-1] if said else page.conversation.customer_at


def _window(page: Page, now: datetime) -> Note | None:
    heard = _last_heard(page)
    if heard is None:
        return None
    closes = heard + WINDOW
    if now < closes:
        kind = "warn" if closes - now < SOON else "info"
        return Note(kind, gettext("Messenger takes your answer for"), closes)
    if now < heard + PERSON:
        said = gettext(
            "24 hours are over: Messenger takes a person's answer only, if Meta allows this page that, for"
        )
        return Note("warn", said, heard + PERSON)
    return Note("bad", gettext("Messenger takes no answer until the customer writes again."))


def _quota(page: Page) -> Note | None:
    quota = console().quotas.known(page.conversation.account_id)
    if quota is None or not quota.low:
        return None
    if not quota.left:
        return Note(
            "bad", gettext("The LINE account's messages of this month are used up: a push will be refused.")
        )
    said = gettext(
        "LINE: about %(left)s of %(all)s messages are left this month.", left=quota.left, all=quota.allowed
    )
    return Note("warn", said)


def _offline(page: Page) -> Note | None:
    if console().presence.visitor(page.conversation.thread) is not False:
        return None
    return Note(
        "info", gettext("The customer has left the web page: they see your answer when they come back.")
    )


def _refused(messages: tuple[Message, ...]) -> Note | None:
    """The platform said that they blocked us, and nothing was heard since."""
    for message in reversed(messages):
        if message.author == "customer":
            return None
        if message.delivery_error == "blocked":
            return Note(
                "bad", gettext("The customer has blocked this account: a message will not reach them.")
            )
    return None
