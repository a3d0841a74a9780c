"""Which replies of the bot can be drawn, and the stratum of each: channel, what it says, whether the search was unsure.

What everybody is told in the same words (the greeting, a rating's thanks) is not drawn: the proof reads all of it, and
a hundred greetings would teach nobody anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.model import ContentKind
from kb.search.decide import ANSWER

Doc = Mapping[str, Any]
ClassOf = Callable[[str, int], str | None]
"""The product class of an article's version; None where there is no such version."""

UNSURE = (ANSWER + 1) / 2
"""Answered, and nearer to the threshold of an answer than to certainty."""
COURTESY = frozenset({"greeting", "resolved", "back_to_bot", "linked", "link_expired", "smalltalk_thanks"})
_RATING = "csat_"


def kind_of(refs: Sequence[Doc], decision: Doc | None, class_of: ClassOf) -> str | None:
    """A product class for an article; ask, handoff or notice for a notice; None for what is not drawn."""
    article = next((ref for ref in refs if ref["kind"] == ContentKind.ARTICLE.value), None)
    if article is not None:
        return class_of(article["id"], article["version"]) or "unknown"
    said = [ref["id"] for ref in refs if ref["kind"] == ContentKind.NOTICE.value]
    if not said or all(one in COURTESY or one.startswith(_RATING) for one in said):
        return None
    if decision is not None and decision["decision"] == "HandOff":
        return "handoff"
    return "ask" if decision is not None and decision["reason"] == "ask" else "notice"


def unsure(decision: Doc | None) -> bool:
    confidence = (decision or {}).get("trace", {}).get("confidence")
    return isinstance(confidence, int | float) and confidence < UNSURE


def stratum(channel: str, kind: str, *, low: bool) -> str:
    return f"{channel}/{kind}/{'unsure' if low else 'sure'}"


def replies(lines: Iterable[Doc], class_of: ClassOf) -> Iterator[tuple[str, str, str, bool]]:
    """(message, conversation, kind, unsure) of every reply that can be drawn.

    `lines` are those of customers and bot in the order in which they were written; a decision stands on the customer's
    line before what it made the bot say.
    """
    decided: dict[str, Doc] = {}
    for line in lines:
        if line["author"] != "bot":
            if line.get("decision"):
                decided[line["conversation"]] = line["decision"]
            continue
        decision = decided.get(line["conversation"])
        kind = kind_of(line["approved"], decision, class_of)
        if kind is not None:
            yield line["_id"], line["conversation"], kind, unsure(decision)
