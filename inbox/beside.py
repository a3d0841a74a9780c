"""What stands around the composer: colleagues, approved articles, the hand-off in short, what the channel allows."""

from __future__ import annotations

from dataclasses import dataclass

from bot.at_hand import Ready
from bot.errors import ServiceError
from bot.model import Page
from bot.store.drafts import Typing
from inbox import allowed, presence, summary
from inbox.auth import console, staff
from inbox.sentences import translated


@dataclass(frozen=True, slots=True)
class Beside:
    """`hand` are approved articles that come close, the closest first."""

    around: presence.Around
    hand: tuple[Ready, ...]
    summary: summary.Summary | None
    allowed: tuple[allowed.Note, ...]
    typed: Typing | None
    no_files: str


def of(page: Page, mode: str) -> Beside:
    """`mode` is that of `inbox.agent.Opened`: articles are for whoever replies or may take it over."""
    return Beside(
        around=presence.around(page.conversation.id),
        hand=_hand(page) if mode in ("reply", "take") else (),
        summary=summary.of(page),
        allowed=allowed.notes(page) if mode in ("reply", "take") else (),
        typed=console().drafts.of(staff().id, page.conversation.id) if mode == "reply" else None,
        no_files=_no_files(page),
    )


def _hand(page: Page) -> tuple[Ready, ...]:
    try:
        return console().at_hand.suggested(page)
    except ServiceError:
        # The thread is what the page is for: without the knowledge it is still there.
        return ()


def _no_files(page: Page) -> str:
    """Why this channel takes no file now; empty where it does."""
    why = console().attachments.refusal(page)
    return (translated(why) or why) if why else ""
