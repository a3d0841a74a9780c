"""What differs between two documents of rules, line by line: that is how they are written, read and answered for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from inbox.knowledge_diff import Piece


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of one place: `part` a table, words, typos or examples; `name` a rule, list or label; `field` of a rule.

    `how` is new or gone for a rule or list that is, else changed.
    """

    part: str
    name: str
    field: str
    how: str
    lines: tuple[Piece, ...]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Everything an approval answers for, tables first."""
    return [
        *_rules(before["rules"], after["rules"]),
        *_lists("words", before["words"], after["words"]),
        *_typos(before["typos"], after["typos"]),
        *_lists("examples", before["examples"], after["examples"]),
    ]


def _rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for table in after:
        old = {rule["id"]: rule for rule in before.get(table, ())}
        new = {rule["id"]: rule for rule in after[table]}
        for name in dict.fromkeys([*new, *old]):
            one, other = old.get(name, {}), new.get(name, {})
            how = "changed" if one and other else "new" if other else "gone"
            for field in ("when", "unless"):
                lines = _lines(one.get(field, ()), other.get(field, ()))
                if lines:
                    yield Change(table, name, field, how, lines)
            if bool(one.get("sure")) != bool(other.get("sure")):
                yield Change(table, name, "sure", how, (Piece("new" if other.get("sure") else "gone", name),))
        kept = [name for name in new if name in old]
        if kept != [name for name in old if name in new]:
            yield Change(table, "", "order", "changed", tuple(Piece("new", name) for name in kept))


def _lists(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        lines = _lines(before.get(name, ()), after.get(name, ()))
        if lines:
            how = "changed" if name in before and name in after else "new" if name in after else "gone"
            yield Change(part, name, "", how, lines)


def _typos(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    lines = _lines(*([f"{wrong} → {right}" for wrong, right in pairs.items()] for pairs in (before, after)))
    if lines:
        yield Change("typos", "", "", "changed", lines)


def _lines(before: Sequence[str], after: Sequence[str]) -> tuple[Piece, ...]:
    """Those that are gone or new, in reading order."""
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            found += [Piece("gone", line) for line in before[a:b]] + [
                Piece("new", line) for line in after[c:d]
            ]
    return tuple(found)
