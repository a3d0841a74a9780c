"""Whether a person's reply reads as personalised advice: rules as data, beside them nearness to labelled replies.

Statements, not requests: what customers ask for is `rules/advice.toml`, and trained on questions it says little about
answers. Rules alone know wording they have met and little else (tests/data/agent_replies.jsonl measures both), hence
the second look. It needs an encoder, and until `warm` is done the rules decide alone, for a reply must not wait.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.wording import objection

from .rules import Rule, compiled, filled
from .text import normalise, sentences

FORBIDDEN = "forbidden wording"
MEANING = "meaning"
# Both by eight-fold cross-validation on agent_examples.jsonl: of a hundred harmless replies three are asked about.
RIDGE = 1.0
ENOUGH = 0.4

Floats = NDArray[np.float32]
Encoder = Callable[[Sequence[str]], Any]

_QUOTES = str.maketrans("’‘", "''")


@dataclass(frozen=True, slots=True)
class Likeness:
    """Closed-form ridge on an encoder's vectors: above zero a text is nearer to advice than to the rest."""

    mean: Floats
    weights: Floats

    def score(self, row: Floats) -> float:
        return float((row - self.mean) @ self.weights)


@dataclass(slots=True)
class AgentAdvice:
    """Safe in threads: what `warm` makes is put in place whole."""

    encode: Encoder | None = None
    _likeness: Likeness | None = field(default=None, repr=False)

    def warm(self) -> None:
        """Loads the encoder and learns from the examples: some seconds, for a thread of its own."""
        if self.encode is not None and self._likeness is None:
            self._likeness = learned(self.encode, examples())

    def evidence(self, text: str) -> tuple[str, ...]:
        """What a reply touches, without a word of it: ids of rules, `MEANING`; empty where it may go out unasked."""
        likeness, found = self._likeness, touched(text)
        if (
            likeness is not None
            and self.encode is not None
            and likeness.score(self.encode([text])[0]) > ENOUGH
        ):
            return (*found, MEANING)
        return found


def touched(text: str) -> tuple[str, ...]:
    """Ids of the rules that a sentence of the reply touches; wording no approver lets through counts as well."""
    parts = sentences(normalise(text.translate(_QUOTES)))
    found = tuple(rule.id for rule in rules() if any(rule.fires(part) for part in parts))
    return (*found, FORBIDDEN) if objection(text) else found


def learned(encode: Encoder, pairs: Sequence[tuple[str, bool]]) -> Likeness:
    """Each side counts the same however many examples it has."""
    rows = np.asarray(encode([text for text, _ in pairs]), dtype=np.float32)
    advice = np.array([is_advice for _, is_advice in pairs])
    mean = rows.mean(axis=0)
    rows = rows - mean
    slack = np.where(advice, advice.sum() / (~advice).sum(), 1.0).astype(np.float32)
    target = np.where(advice, 1.0, -1.0).astype(np.float32)
    return Likeness(mean, rows.T @ np.linalg.solve(rows @ rows.T + RIDGE * np.diag(slack), target))


def examples() -> list[tuple[str, bool]]:
    lines = files("handlers").joinpath("agent_examples.jsonl").read_text(encoding="utf-8").splitlines()
    return [(row["text"], row["advice"]) for row in map(json.loads, lines)]


@cache
def rules() -> tuple[Rule, ...]:
    """The shipped file, in its order. Raises KeyError for a list that does not exist, re.error for a bad pattern."""
    file = files("handlers").joinpath("rules", "agent_advice.toml")
    source = tomllib.loads(file.read_text(encoding="utf-8"))
    words: dict[str, list[str]] = {}
    for name, parts in source["words"].items():
        # A list may be made of those above it.
        words[name] = [filled(part, words) for part in parts]
    return tuple(
        Rule(
            id=rule["id"],
            when=compiled(rule["when"], words),
            unless=compiled(rule["unless"], words) if "unless" in rule else None,
        )
        for rule in source["rule"]
    )
