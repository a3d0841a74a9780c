"""A conversation as lines to read: what was said, noted and done, by whom, in what group, on which day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flask_babel import gettext

from bot.desk.work import Story
from bot.model import ContentKind, Message, Staff
from bot.store.notes import Note
from inbox import deeds, language, words

Colleague = Callable[[str], Staff | None]
GROUP = timedelta(minutes=5)
A_SECOND, NO_TIME = timedelta(seconds=1), timedelta()
NOTHING_MORE = Story()


@dataclass(frozen=True, slots=True)
class Line:
    """`side`: customer, bot, staff, system; note and deed, which only people see, and which have no `message`.

    `day` stands on a day's first line, `first` marks a group's first.
    """

    key: str
    at: datetime
    side: str
    name: str
    day: str | None
    first: bool
    text: str = ""
    message: Message | None = None
    note: Note | None = None
    copies: tuple[tuple[str, str, int, str], ...] = ()
    trouble: str = ""


def _name(colleague: Colleague, me: str) -> Callable[[str | None], str]:
    """The names of staff, each asked for once."""
    known: dict[str, str] = {}

    def name(staff_id: str | None) -> str:
        if not staff_id:
            return ""
        if staff_id not in known:
            person = colleague(staff_id)
            called = person.name if person else gettext("Former colleague")
            known[staff_id] = gettext("%(name)s (you)", name=called) if staff_id == me else called
        return known[staff_id]

    return name


def copies(message: Message) -> tuple[tuple[str, str, int, str], ...]:
    """(kind in words, id, version, sha256) of every approved text the message is a copy of."""
    called = {
        ContentKind.ARTICLE: gettext("Approved article"),
        ContentKind.NOTICE: gettext("Approved notice"),
        ContentKind.DISCLOSURE: gettext("Approved disclosure"),
    }
    return tuple((called[ref.kind], ref.id, ref.version, ref.sha256) for ref in message.approved)


def _of_message(message: Message, name: Callable[[str | None], str]) -> Line:
    side = message.author.partition(":")[0]
    fixed = {"customer": "", "bot": gettext("Bot"), "system": gettext("System")}
    return Line(
        key=message.id,
        at=message.at,
        side=side if side in {"customer", "bot", "staff"} else "system",
        name=fixed[side] if side in fixed else name(message.author.partition(":")[2]),
        day=None,
        first=False,
        text=message.text,
        message=message,
        copies=copies(message),
        trouble=words.said(words.SEND_ERRORS, message.delivery_error),
    )


def lines(
    messages: Sequence[Message], colleague: Colleague, me: str, story: Story = NOTHING_MORE
) -> list[Line]:
    """By time; messages among themselves in the order of the record."""
    name = _name(colleague, me)
    found = [_of_message(one, name) for one in sorted(messages, key=lambda m: (m.seq, m.pos))]
    for note in story.notes:
        found.append(Line(note.id, note.at, "note", name(note.author), None, False, note.text, note=note))
    for n, deed in enumerate(story.deeds):
        key = f"deed-{n}-{deed.at.timestamp():.0f}"
        found.append(Line(key, deed.at, "deed", "", None, False, deeds.said(deed, name)))
    if story.notes or story.deeds:
        found = _by_time(found)
    return [_grouped(line, before) for line, before in zip(found, [None, *found], strict=False)]


def _by_time(found: list[Line]) -> list[Line]:
    """A message never passes another: a platform's clock may differ from ours."""
    placed, latest = [], datetime.min.replace(tzinfo=UTC)
    for n, line in enumerate(found):
        if line.message is not None:
            latest = max(latest, line.at)
        # An act is noted to the second: it comes after what was said within it.
        at = latest if line.message is not None else line.at + (A_SECOND if line.side == "deed" else NO_TIME)
        placed.append((at, n, line))
    return [line for _, _, line in sorted(placed, key=lambda one: one[:2])]


def _grouped(line: Line, before: Line | None) -> Line:
    new_day = before is None or language.local_day(before.at) != language.local_day(line.at)
    same = (
        before is not None
        and (before.side, before.name) == (line.side, line.name)
        and line.at - before.at < GROUP
    )
    return replace(line, day=language.day(line.at) if new_day else None, first=new_day or not same)
