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

ANSWERING = ("reply", "take")


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
    """`mode` is that of `inbox.agent.Opened`."""
    return Beside(
        around=presence.around(page.conversation.id),
        hand=_hand(page) if mode in ANSWERING else (),
        summary=summary.of(page),
        allowed=allowed.notes(page) if mode in ANSWERING else (),
        typed=console().drafts.of(staff().id, page.conversation.id) if mode == "reply" else None,
        no_files=_no_files(page),
    )


def of_words(page: Page, mode: str) -> Beside:
    """What the customer's last words may have changed of it."""
    answering = mode in ANSWERING
    return Beside(
        around=presence.Around(),
        hand=_hand(page) if answering else (),
        summary=None,
        allowed=allowed.notes(page) if answering else (),
        typed=None,
        no_files="",
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
