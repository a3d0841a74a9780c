"""How the customer's own application stands: from the firm's system, for a verified customer, in approved templates.

Without proof of who asks there is the way to prove it; a system that does not answer means a person, and so does an
outcome that a person should explain. Comes after every reason for a person: an angry question is not for a machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from bot.contracts import Application, Handler, LookUp, StatusDesk
from bot.model import Decision, Kind, Ref, Reply, Turn

from .application_words import asks_own_status, kinds_named
from .choice import Clean
from .say import Desk

MOST = 3
EXPLAINED = ("rejected",)
"""Told by a person, who can explain and has to (compliance, section 3)."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def application_status(desk: Desk, status: StatusDesk, clean: Clean) -> Handler:
    """`clean` brings a text to one spelling."""

    def decide(turn: Turn) -> Decision | None:
        if turn.kind is not Kind.TEXT:
            return None
        cleaned = clean(turn.text)
        rule = asks_own_status(cleaned)
        if rule is None:
            return None
        found = status.look_up(turn)
        trace = {"rule": rule, "look_up": found.outcome, "count": len(found.applications), "ms": found.ms}
        if found.outcome == "unverified":
            return _prove(desk, found, trace)
        if found.outcome == "none":
            return Reply(
                "status_none", (desk.finder.notice("status_none"),), (desk.person_button(),), trace=trace
            )
        if found.outcome != "found":
            return desk.hand_off(turn, "status_unavailable", notice_id="status_unavailable", trace=trace)
        return _told(desk, turn, _meant(found.applications, kinds_named(cleaned)), trace)

    return decide


def _prove(desk: Desk, found: LookUp, trace: dict[str, Any]) -> Reply:
    if found.verify_url:
        part = desk.filled("status_verify", url=found.verify_url)
    else:
        part = desk.finder.notice("status_verify_in_app")
    return Reply("status_unverified", (part,), (desk.person_button(),), trace=trace)


def _meant(found: Sequence[Application], kinds: frozenset[str]) -> Sequence[Application]:
    """Those of the kind that was named, where there are any."""
    return [one for one in found if one.kind in kinds] or found


def _told(desk: Desk, turn: Turn, found: Sequence[Application], trace: dict[str, Any]) -> Decision:
    shown = found[:MOST]
    parts: tuple[Ref, ...] = tuple(_line(desk, turn, one) for one in shown)
    if any(one.status in EXPLAINED for one in shown):
        handed = desk.hand_off(turn, "status_explained", trace=trace)
        return replace(handed, parts=(*parts, *handed.parts))
    if len(found) > MOST:
        parts = (*parts, desk.finder.notice("status_more"))
    return Reply("status", parts, trace=trace)


def _line(desk: Desk, turn: Turn, one: Application) -> Ref:
    english = turn.locale == "en"
    return desk.filled(
        f"status_{one.status}",
        product=one.product_en if english and one.product_en else one.product,
        reference=one.reference,
        date=day(one.updated_at, desk.hours().of("general").zone, english=english),
    )


def day(at: datetime, zone: tzinfo, *, english: bool) -> str:
    """2026年11月20日, or 20 November 2026."""
    local = at.astimezone(zone)
    if english:
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{local.year}年{local.month}月{local.day}日"
