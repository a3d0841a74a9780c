"""How good the hand-off rules are, measured on labelled texts through the very chain that serves customers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

from bot.contracts import Finder, Handler
from bot.model import (
    DEFAULT_LOCALE,
    ChannelType,
    ContentKind,
    Conversation,
    Finding,
    Kind,
    Ref,
    Status,
    Turn,
)

from . import build_chain
from .hours import TAIPEI
from .intent import LABEL_OF
from .meaning import Encoder
from .policy import Policy
from .policy_document import LABELS

LABEL_BY_HANDLER = {**LABEL_OF, "smalltalk": "smalltalk"}
ELSE = "ordinary_question"
# Whatever they answer, the text was taken for an ordinary question.
SEARCHES = ("approved_answer", "miss")

Classify = Callable[[str], str]


class _Nothing:
    """A finder that knows no article: triage asks what happens before any search."""

    def find(self, text: str, locale: str, history: Sequence[str] = ()) -> Finding:  # noqa: ARG002
        return Finding("miss")

    def worded_so(self, text: str) -> bool:  # noqa: ARG002
        return False

    def article(self, article_id: str) -> Ref | None:  # noqa: ARG002
        return None

    def notice(self, notice_id: str) -> Ref:
        return Ref(ContentKind.NOTICE, notice_id, 1, "0" * 64)

    def disclosures(self, ref: Ref) -> tuple[Ref, ...]:  # noqa: ARG002
        return ()

    def text(self, ref: Ref, locale: str) -> str:  # noqa: ARG002
        return ""

    def title(self, ref: Ref, locale: str) -> str:  # noqa: ARG002
        return ""

    def product_class(self, ref: Ref) -> str | None:  # noqa: ARG002
        return None


def classifier(
    finder: Finder | None = None,
    tz: tzinfo | str = TAIPEI,
    *,
    encode: Encoder | None = None,
    policy: Policy | None = None,
) -> Classify:
    """What the live chain decides for a first message of a new conversation, as a label.

    Takes what `build_chain` takes; without a finder the rules are asked alone, which gives the same labels.
    """
    chain = rules_only(build_chain(finder or _Nothing(), tz, encode=encode, policy=policy))
    return lambda text: _label(chain, text)


def nothing() -> Finder:
    """A finder without articles."""
    return _Nothing()


def rules_only(chain: Iterable[tuple[str, Handler]]) -> tuple[tuple[str, Handler], ...]:
    return tuple((name, handler) for name, handler in chain if name not in SEARCHES)


def fresh_turn(text: str) -> Turn:
    """The first message of a new conversation, in office hours."""
    fresh = Conversation("new", "new", "new", "new", ChannelType.WEB, Status.BOT)
    return Turn(Kind.TEXT, text, DEFAULT_LOCALE, fresh, datetime(2026, 1, 5, 12, tzinfo=UTC))


@cache
def _default() -> Classify:
    return classifier()


def classify(text: str) -> str:
    """The label without a sentence encoder; use `classifier(encode=...)` for what a full installation decides."""
    return _default()(text)


def _label(chain: Sequence[tuple[str, Handler]], text: str) -> str:
    turn = fresh_turn(text)
    decided = next((name for name, handler in chain if handler(turn) is not None), "approved_answer")
    return LABEL_BY_HANDLER.get(decided, ELSE)


def evaluate(rows: Iterable[tuple[str, str]], classify: Classify = classify) -> dict[str, Any]:
    """Figures over (text, label) rows, and `lines`, in their order; shares are 0 to 1, 0 where nothing is to divide by.

    Raises ValueError for a label that triage does not know.
    """
    pairs = []
    for text, label in rows:
        if label not in LABELS:
            raise ValueError(f"unknown label {label!r}; known are {', '.join(LABELS)}")
        pairs.append((label, classify(text)))
    confusion: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for label, predicted in pairs:
        confusion[label][predicted] += 1
    return {
        "n": len(pairs),
        "accuracy": _share(sum(label == predicted for label, predicted in pairs), len(pairs)),
        "per_label": {label: _figures(label, pairs) for label in LABELS},
        "confusion": {label: dict(counts) for label, counts in confusion.items()},
        "lines": [{"label": label, "predicted": predicted} for label, predicted in pairs],
    }


def _figures(label: str, pairs: Sequence[tuple[str, str]]) -> dict[str, float]:
    right = sum(true == label == predicted for true, predicted in pairs)
    precision = _share(right, sum(predicted == label for _, predicted in pairs))
    recall = _share(right, sum(true == label for true, _ in pairs))
    return {
        "precision": precision,
        "recall": recall,
        "f1": _share(2 * precision * recall, precision + recall),
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
