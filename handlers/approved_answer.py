"""An approved article answers, with its disclosures; where it is close, up to three titles are asked back."""

from __future__ import annotations

import hashlib
from typing import Any

from bot.contracts import Handler
from bot.model import Button, Conversation, Decision, Finding, Reply, Turn

from .intent import Once
from .say import OFFER, Desk

TITLES = 3
MISSES_IN_A_ROW = 3


def approved_answer(desk: Desk, find: Once[Finding]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        finding = find(turn)
        if finding.verdict == "answer" and finding.candidates:
            return desk.article("answer", finding.candidates[0].ref, search_trace(finding))
        if finding.verdict == "ask" and finding.candidates:
            # Titles that were passed over were no help: asking back for ever would keep a person away.
            passed_over = turn.conversation.offer is not None
            if passed_over and turn.conversation.misses + 1 >= MISSES_IN_A_ROW:
                return None
            offer = offer_id(turn.conversation)
            titles = tuple(
                Button(found.ref, f"{OFFER}{offer}:{at}")
                for at, found in enumerate(finding.candidates[:TITLES])
            )
            return Reply(
                reason="ask",
                parts=(desk.finder.notice("clarify"),),
                buttons=(*titles, desk.none_button(), desk.person_button()),
                miss=passed_over,
                trace=search_trace(finding),
            )
        return None

    return decide


def offer_id(conversation: Conversation) -> str:
    """Eight hex digits, the same for a repeated decision of the same turn."""
    return hashlib.sha256(f"{conversation.id}:{conversation.seq}".encode()).hexdigest()[:8]


def search_trace(finding: Finding) -> dict[str, Any]:
    """What the search saw, without a word of the customer's."""
    seen = [
        {"article": found.ref.id, "version": found.ref.version, "confidence": round(found.confidence, 4)}
        for found in finding.candidates
    ]
    return {"verdict": finding.verdict, "candidates": seen, **finding.trace}
