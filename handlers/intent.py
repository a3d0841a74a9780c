"""What a turn asks of us: rules that read like policy, and meaning beside them.

An intent fires when one of its rules does, or when the examples leave little doubt. Rules and meaning keep each other
honest: resemblance alone never overrules a rule, only certainty that the text is something else does, and never for a
rule marked `sure`; a plainly ordinary question (rules of the table `ordinary`) is not handed off for resemblance alone,
and text unlike every example of a label never is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bot.model import Turn

from .meaning import ELSE, Encoder, Likeness, Meaning, trained
from .policy import Policy
from .rules import INTENTS, ORDINARY

LABEL_OF = {
    "crisis": "human_request",
    "fraud": "fraud_or_account_security",
    "complaint": "complaint",
    "human_request": "human_request",
    "advice": "personal_advice",
}
_MEANT = {label: intent for intent, label in LABEL_OF.items() if intent != "crisis"}
PEOPLE = tuple(_MEANT)
HARMLESS = (ELSE, "smalltalk")

# Shares of the examples' vote. Missing a theft or a complaint costs more than one needless hand-off, so less is
# enough for them. Set on cross-validation of the examples, see docs/handoff-rules.md.
ENOUGH = {"fraud": 0.25, "complaint": 0.25, "human_request": 0.4, "advice": 0.4}
ALONE = 0.5
# Between a theft and anger about it, the theft cannot wait.
FIRST = {"fraud": 1.3}
CERTAIN = 0.8
OVERRULED = 0.08
# Shares of a text unlike any example mean nothing. Nearness to one example is asked for too: a cosine, and how far it
# may stay behind the nearest ordinary question.
FAMILIAR = 0.5
BEHIND = 0.1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """`fired` maps each intent that applies to what made it fire: rule ids, or `meaning`. Read under `policy`."""

    fired: Mapping[str, tuple[str, ...]]
    shares: Mapping[str, float]
    chat: str | None
    policy: Policy

    def trace(self, intent: str) -> dict[str, Any]:
        """Evidence without a word of the customer's, and the rules it was found under."""
        shares = {label: round(share, 3) for label, share in self.shares.items() if share >= 0.01}
        return {
            "intent": intent,
            "evidence": list(self.fired.get(intent, ())),
            "shares": shares,
            "rules": self.policy.named,
        }


class Once(Generic[T]):
    """Remembers the last turn's value in each thread: several handlers ask the same question about a turn."""

    def __init__(self, ask: Callable[[Turn], T]) -> None:
        self._ask = ask
        self._last = threading.local()

    def __call__(self, turn: Turn) -> T:
        if getattr(self._last, "turn", None) is not turn:
            self._last.value = self._ask(turn)
            self._last.turn = turn
        value: T = self._last.value
        return value

    def forget(self) -> None:
        """No customer's text stays in memory once its turn is over."""
        self._last.__dict__.clear()


@dataclass(frozen=True, slots=True)
class _InForce:
    policy: Policy
    meaning: Meaning | None = None


class Intents:
    """Reads texts under the policy in force: the shipped one if none is given.

    `encode` turns texts into unit vectors, (n, width) float32; without it only n-grams are compared. Whoever reads
    takes one reference, so that `adopt` may come at any time.
    """

    def __init__(self, encode: Encoder | None = None, policy: Policy | None = None) -> None:
        self._encode = encode
        # The shipped rules take a moment to compile: not before somebody asks.
        self._state: _InForce | None = None if policy is None else _InForce(policy)
        self._changing = threading.Lock()

    @property
    def policy(self) -> Policy:
        return self._now().policy

    def warm(self) -> None:
        """Compiles the rules and trains on the examples now instead of at the first message (one to two seconds)."""
        self.read("warm")

    def adopt(self, policy: Policy) -> None:
        """That policy is in force from the moment this returns; until its training is over the one before serves on."""
        ready = _InForce(policy, trained(self._encode, policy))
        with self._changing:
            self._state = ready

    def clean(self, text: str) -> str:
        return self.policy.clean(text)

    def unfinished(self, text: str) -> bool:
        """A bare greeting or the start of a sentence: a person would wait for the next line."""
        policy = self.policy
        cleaned = policy.clean(text)
        return policy.matches("fragment", cleaned) or (
            policy.matches("greeting", cleaned) and "?" not in cleaned
        )

    def read(self, text: str, *, approved: bool = False) -> Reading:
        """`approved`: the text is a question that has an approved answer, so that only rules may take it from there."""
        now = self._now()
        policy = now.policy
        cleaned = policy.clean(text)
        fired = {intent: ids for intent in INTENTS if (ids := policy.hits(intent, cleaned))}
        if approved and not fired:
            return Reading(fired={}, shares={}, chat=None, policy=policy)
        like = (now.meaning or self._trained(now)).likeness(cleaned)
        shares = like.shares
        person = sum(shares[label] for label in _MEANT)
        if self._encode is not None and person < OVERRULED and _near(like, HARMLESS):
            fired = {intent: ids for intent, ids in fired.items() if policy.sure(intent, ids)}
        if not approved:
            meant = _meant(policy, like, person, cleaned)
            fired |= {intent: ("meaning",) for intent in meant if intent not in fired}
        chat = None if fired else _chat(policy, cleaned, like)
        return Reading(fired=fired, shares=shares, chat=chat, policy=policy)

    def _now(self) -> _InForce:
        state = self._state
        if state is None:
            with self._changing:
                state = self._state = self._state or _InForce(Policy.shipped())
        return state

    def _trained(self, now: _InForce) -> Meaning:
        meaning = trained(self._encode, now.policy)
        with self._changing:
            if self._state is now:
                self._state = _InForce(now.policy, meaning)
        return meaning


def _meant(policy: Policy, like: Likeness, person: float, cleaned: str) -> list[str]:
    shares = like.shares
    if not _near(like, PEOPLE, person):
        return []
    plain = bool(policy.hits(ORDINARY, cleaned))
    alone = [intent for intent, label in LABEL_OF.items() if intent in ENOUGH and shares[label] >= ALONE]
    likeliest = max(ENOUGH, key=lambda intent: shares[LABEL_OF[intent]] * FIRST.get(intent, 1.0))
    if plain:
        return [intent for intent in alone if shares[LABEL_OF[intent]] >= CERTAIN and intent == "fraud"]
    return alone or ([likeliest] if person >= ENOUGH[likeliest] else [])


def _near(like: Likeness, labels: tuple[str, ...], share: float = 0.0) -> bool:
    """Whether likeness to those labels is worth anything: a close example, or little doubt from many distant ones."""
    nearest = max(like.nearest[label] for label in labels)
    return (nearest >= FAMILIAR or share >= CERTAIN) and nearest >= like.nearest[ELSE] - BEHIND


def _chat(policy: Policy, cleaned: str, like: Likeness) -> str | None:
    """`greeting`, `thanks`, `chat` (by likeness only), or None where there may be something to answer."""
    for table in ("thanks", "greeting"):
        if policy.matches(table, cleaned):
            return table
    likely = like.shares["smalltalk"] >= ALONE and like.shares["smalltalk"] > 2 * like.shares[ELSE]
    return "chat" if likely and _near(like, ("smalltalk",)) else None
