"""Messages as lines to read: who spoke, in what group, on which day, and whether it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext

from bot.model import ContentKind, Message
from inbox import language, words
from inbox.service import StaffDirectory

GROUP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Line:
    """`side`: customer, bot, staff, system. `day` stands on a day's first line, `first` marks a group's first."""

    message: Message
    side: str
    name: str
    day: str | None
    first: bool
    copies: tuple[tuple[str, str, int, str], ...]
    trouble: str


def _names(messages: Sequence[Message], directory: StaffDirectory, me: str) -> dict[str, str]:
    names = {"customer": "", "bot": gettext("Bot"), "system": gettext("System")}
    for author in {m.author for m in messages if m.author.startswith("staff:")}:
        staff_id = author.removeprefix("staff:")
        person = directory.by_id(staff_id)
        name = person.name if person else gettext("Former colleague")
        names[author] = gettext("%(name)s (you)", name=name) if staff_id == me else name
    return names


def copies(message: Message) -> tuple[tuple[str, str, int, str], ...]:
    """(kind in words, id, version, sha256) of every approved text the message is a copy of."""
    called = {
        ContentKind.ARTICLE: gettext("Approved article"),
        ContentKind.NOTICE: gettext("Approved notice"),
        ContentKind.DISCLOSURE: gettext("Approved disclosure"),
    }
    return tuple((called[ref.kind], ref.id, ref.version, ref.sha256) for ref in message.approved)


def lines(messages: Sequence[Message], directory: StaffDirectory, me: str) -> list[Line]:
    names = _names(messages, directory, me)
    found: list[Line] = []
    before: Message | None = None
    for message in sorted(messages, key=lambda m: (m.seq, m.pos)):
        side = message.author.split(":")[0]
        new_day = before is None or language.local_day(before.at) != language.local_day(message.at)
        same = before is not None and before.author == message.author and message.at - before.at < GROUP
        found.append(
            Line(
                message=message,
                side=side if side in {"customer", "bot", "staff"} else "system",
                name=names.get(message.author, message.author),
                day=language.day(message.at) if new_day else None,
                first=new_day or not same,
                copies=copies(message),
                trouble=words.said(words.SEND_ERRORS, message.delivery_error),
            )
        )
        before = message
    return found
