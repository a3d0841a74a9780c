"""Two policies side by side: what each decides about a sentence, and which labelled lines they read differently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import build_chain
from .meaning import Encoder, Floats
from .policy import Policy
from .triage import ELSE, LABEL_BY_HANDLER, fresh_turn, nothing, rules_only

Step = Callable[[int, int], None]
"""Told (done, total) now and then."""
TOLD_EVERY = 25


@dataclass(frozen=True, slots=True)
class Judged:
    """`handler` is None where the search would answer. `evidence` are rule ids, or `meaning`; `shares` by label."""

    handler: str | None
    label: str
    evidence: tuple[str, ...] = ()
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A labelled sentence and the label each policy gives it; `new` where only the later one has it as an example."""

    text: str
    label: str
    before: str
    after: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """`misread` are the later policy's examples that it does not read as labelled; `changed` what reads otherwise."""

    lines: int
    misread: tuple[Line, ...] = field(default=())
    changed: tuple[Line, ...] = field(default=())


def judge(policy: Policy, encode: Encoder | None = None) -> Callable[[str], Judged]:
    """What the live chain would decide about the first message of a new conversation, before any search."""
    chain = rules_only(build_chain(nothing(), encode=encode, policy=policy))

    def ask(text: str) -> Judged:
        turn = fresh_turn(text)
        for name, handler in chain:
            decision = handler(turn)
            if decision is not None:
                trace: dict[str, Any] = decision.trace
                shares = sorted(trace.get("shares", {}).items(), key=lambda item: -item[1])
                label = LABEL_BY_HANDLER.get(name, ELSE)
                return Judged(name, label, tuple(trace.get("evidence", ())), tuple(shares))
        return Judged(None, ELSE)

    return ask


def compare(
    before: Policy,
    after: Policy,
    encode: Encoder | None = None,
    more: Iterable[tuple[str, str]] = (),
    step: Step | None = None,
) -> Trial:
    """Every example of either, and `more` (text, label) pairs, read under both."""
    own = dict(after.examples)
    lines = {**dict(before.examples), **own, **dict(more)}
    known = set(dict(before.examples))
    spellings = {policy.clean(text) for policy in (before, after) for text in lines}
    quick = None if encode is None else _remembering(encode, sorted(spellings))
    old, new = judge(before, quick), judge(after, quick)
    misread, changed = [], []
    for number, (text, label) in enumerate(lines.items()):
        if step is not None and number % TOLD_EVERY == 0:
            step(number, len(lines))
        line = Line(text, label, old(text).label, new(text).label, text in own and text not in known)
        if text in own and line.after != label:
            misread.append(line)
        if line.after != line.before:
            changed.append(line)
    if step is not None:
        step(len(lines), len(lines))
    return Trial(len(lines), tuple(misread), tuple(changed))


def _remembering(encode: Encoder, texts: Sequence[str]) -> Encoder:
    """The same vectors, those of the texts made at once instead of one by one."""
    if not texts:
        return encode
    known: dict[str, Floats] = dict(zip(texts, np.asarray(encode(list(texts))), strict=True))

    def look_up(some: list[str]) -> Floats:
        return known[some[0]][None, :] if len(some) == 1 and some[0] in known else encode(some)

    return look_up
