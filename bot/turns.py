"""What a turn leaves behind: the lines of the record, and what a decision makes of its conversation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.masking.destroy import destroy_lines
from bot.model import (
    ContentKind,
    Conversation,
    Decision,
    HandOff,
    Kind,
    Offer,
    Reply,
    Status,
    StaySilent,
    Turn,
)
from bot.rendering import Rendered
from bot.store.events import Pending
from bot.store.records import Draft, whole_ms

BURST = timedelta(seconds=8)
CODE = 24
"""Characters of the longest line that may be nothing but a code or a password."""
UNSEEN = frozenset({"snoozed_until", "asleep", "offer", "misses"})
"""What a page does not show of a conversation that is awake."""


def burst(pending: Sequence[Pending], unfinished: Callable[[str], bool]) -> list[Pending]:
    """Lines that a person would read as one: an unfinished text and the next one, if it is there already."""
    group = [pending[0]]
    for following in pending[1:]:
        last, new = group[-1].inbound, following.inbound
        joins = (
            last.kind is Kind.TEXT
            and new.kind is Kind.TEXT
            and new.sent_at - last.sent_at <= BURST
            and unfinished(last.text or "")
        )
        if not joins:
            break
        group.append(following)
    return group


def without_secrets(group: list[Pending], said: Callable[[], Sequence[str]]) -> list[Pending]:
    """The group without codes that only the line before them gives away; `said` are the customer's texts before it."""
    texts = [one.inbound.text or "" for one in group]
    if group[0].inbound.kind not in (Kind.TEXT, Kind.EDIT) or (len(texts[0]) > CODE and len(group) == 1):
        return group
    before = said()[-1:] if len(texts[0]) <= CODE else ()
    kept = destroy_lines("".join(before), texts)
    return [
        one if new == old else replace(one, inbound=replace(one.inbound, text=new))
        for one, old, new in zip(group, texts, kept, strict=True)
    ]


def heard(pending: Pending) -> Draft:
    """The customer's line for the record; a kind that has no text is named in brackets."""
    inbound = pending.inbound
    text = inbound.text or ""
    if inbound.kind is Kind.OTHER:
        text = f"[{inbound.kind_detail or 'other'}]"
    elif inbound.kind is Kind.FOLLOW:
        text = "[follow]"
    elif inbound.kind is Kind.LINK:
        text = "[link]"
    return Draft(
        author="customer",
        text=text,
        at=inbound.sent_at,
        kind=inbound.kind.value,
        client_id=inbound.client_id,
        event=pending.id,
        platform_id=inbound.message_id,
    )


def said(rendered: Rendered, turn: Turn) -> Draft:
    """The bot's line."""
    return Draft(
        author="bot",
        text=rendered.text,
        at=datetime.now(UTC),
        approved=rendered.refs,
        locale=turn.locale,
        buttons=rendered.buttons,
    )


def calls(said: Sequence[Draft], batch: int) -> list[list[Draft]]:
    """The lines in calls of at most `batch` messages; each names the call, by its first line, that carries it."""
    groups = [said[start : start + batch] for start in range(0, len(said), batch)]
    return [[replace(one, entry=group[0].id) for one in group] for group in groups]


def provenance(turn_id: str, handler: str, decision: Decision, events: Sequence[str]) -> dict[str, Any]:
    """Who decided what, why, and on which events: it stands in the record with the line that was decided on."""
    return {
        "turn": turn_id,
        "handler": handler,
        "decision": type(decision).__name__,
        "reason": decision.reason,
        "trace": dict(decision.trace),
        "events": list(events),
        "at": whole_ms(datetime.now(UTC)),
    }


def answered(conversation: Conversation, decision: Decision) -> bool:
    """Whether the bot answered what was said, so that nobody has to read it."""
    return conversation.status is Status.BOT and isinstance(decision, Reply)


def only_words(changes: Mapping[str, Any], conversation: Conversation) -> bool:
    """Whether a page that shows the conversation has nothing new to show but what was said."""
    return changes.keys() <= UNSEEN and conversation.snoozed_until is None


def _woken(conversation: Conversation) -> dict[str, Any]:
    """Whoever put a conversation off has it back at once when the customer writes, and is told why."""
    if conversation.status is not Status.ASSIGNED:
        return {}
    # Said even where nothing sleeps: it may have been put off since this turn looked.
    awake: dict[str, Any] = {"snoozed_until": None, "asleep": False}
    if conversation.snoozed_until is not None and conversation.snoozed_until > datetime.now(UTC):
        awake["news"] = {"kind": "customer", "at": datetime.now(UTC)}
    return awake


def handed(reason: str, skill: str, priority: int, now: datetime) -> dict[str, Any]:
    """What a hand-off to people makes of a conversation."""
    return {
        "status": Status.WAITING.value,
        "reason": reason,
        "skill": skill,
        "priority": priority,
        "waiting_since": now,
        # A hand-off's clock: a colleague's reply stops it.
        "handed_at": now,
        "first_staff_at": None,
    }


def changes_of(decision: Decision, conversation: Conversation) -> dict[str, Any]:
    """What the decision makes of the conversation."""
    if isinstance(decision, HandOff):
        return {
            **handed(decision.reason, decision.skill, decision.priority, datetime.now(UTC)),
            "misses": 0,
            "offer": None,
        }
    if isinstance(decision, StaySilent):
        return _woken(conversation)
    offered = [button for button in decision.buttons if button.value.startswith("offer:")]
    changes: dict[str, Any] = {"offer": None}
    if offered:
        offer = Offer(offered[0].value.split(":")[1], tuple(button.ref for button in offered))
        changes["offer"] = {
            "id": offer.id,
            "refs": [
                {"kind": ref.kind.value, "id": ref.id, "version": ref.version, "sha256": ref.sha256}
                for ref in offer.refs
            ],
        }
    if decision.miss:
        changes["misses"] = conversation.misses + 1
    elif any(ref.kind is ContentKind.ARTICLE for ref in decision.parts):
        changes["misses"] = 0
    return changes
