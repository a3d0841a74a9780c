"""What somebody who takes a conversation over wants to know first: why, what was asked, what was tried.

From the decisions in the record, masked as the thread is; no model writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model import Message, Page, Status
from inbox import words
from inbox.provenance import DECISIONS, HANDLERS

ASKED, TRIED = 4, 4
LONGEST = 160


@dataclass(frozen=True, slots=True)
class Tried:
    """One decision of the bot: in words what it did, by what and why; `titles` the articles said or offered."""

    at: datetime
    decision: str
    handler: str
    reason: str
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """`reason` and `at` are those of the latest hand-off; `asked` the customer's lines before it, oldest first."""

    reason: str
    at: datetime | None
    asked: tuple[str, ...]
    tried: tuple[Tried, ...]


def of(page: Page) -> Summary | None:
    """None where nobody handed the conversation to people, or they are done with it."""
    if page.conversation.status not in (Status.WAITING, Status.ASSIGNED):
        return None
    decided = [m for m in page.messages if m.why is not None]
    last = next(
        (n for n, m in reversed(list(enumerate(decided))) if m.why and m.why.decision == "HandOff"), None
    )
    before = decided[: last + 1] if last is not None else []
    asked = [m for m in page.messages if m.author == "customer" and m.kind == "text"]
    if before:
        asked = [m for m in asked if m.pos <= before[-1].pos]
    if not asked and not page.conversation.reason:
        return None
    return Summary(
        reason=words.reason(page.conversation.reason),
        at=page.conversation.handed_at or (before[-1].at if before else None),
        asked=tuple(_short(m.text) for m in asked[-ASKED:]),
        tried=tuple(_tried(m, page.messages) for m in before[-TRIED:]),
    )


def _tried(line: Message, messages: tuple[Message, ...]) -> Tried:
    why = line.why
    if why is None:  # pragma: no cover  only decided lines come here
        raise ValueError("this line was not decided on")
    return Tried(
        at=why.at,
        decision=words.said(DECISIONS, why.decision),
        handler=words.said(HANDLERS, why.handler),
        reason=words.reason(why.reason),
        titles=_titles(line, messages),
    )


def _titles(line: Message, messages: tuple[Message, ...]) -> tuple[str, ...]:
    """What the bot showed for this line: the labels of its choices, else the ids of the articles it said."""
    found: list[str] = []
    for message in messages:
        if message.pos <= line.pos or message.author not in ("bot", "customer"):
            continue
        if message.why is not None:
            break
        found += [label for label, _ in message.buttons] or [
            ref.id for ref in message.approved if ref.kind == "article"
        ]
    return tuple(found)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
