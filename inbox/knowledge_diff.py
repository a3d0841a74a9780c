"""What changed between two versions, word by word: Chinese by the character, other scripts by the word.

Sentences are aligned first and words only within sentences that differ, so that ten thousand characters take
milliseconds and a moved comma does not tear the whole answer apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import zip_longest

from kb.articles import Content

_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]+|[^。！？!?；;\n]+")
_WORD = re.compile(r"[0-9A-Za-z_.,%]+|\s+|.", re.S)
_WORTH_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Piece:
    """`how` is same, gone or new."""

    how: str
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces in reading order; those that are `same` and `new` joined give `after`."""
    pieces: list[Piece] = []
    old, new = _SENTENCE.findall(before), _SENTENCE.findall(after)
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[a:b]), "".join(new[c:d])
        if tag == "equal":
            pieces.append(Piece("same", come))
        elif tag == "replace" and len(gone) + len(come) <= _WORTH_WORDS:
            pieces += _words(gone, come)
        else:
            pieces += _replaced(gone, come)
    return _merged(pieces)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a version beside the one before; `name` as in `Content`, `locale` for answers."""

    name: str
    locale: str
    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.how != "same" for piece in self.pieces)


def fields(before: Content | None, after: Content) -> list[Field]:
    """Everything an approval answers for, in the order people read it; unchanged fields too."""
    found = []
    old_answer = dict(before.answer) if before else {}
    for locale in dict.fromkeys([*after.answer, *old_answer]):
        pieces = compare(old_answer.get(locale, ""), after.answer.get(locale, ""))
        found.append(Field("answer", locale, tuple(pieces)))
    found.append(Field("questions", "", _lines(before.questions if before else (), after.questions)))
    for name in ("product_class", "tags", "valid_from", "valid_until"):
        old = _plain(getattr(before, name)) if before else ""
        new = _plain(getattr(after, name))
        pieces = [Piece("same", new)] if old == new else _replaced(old, new)
        found.append(Field(name, "", tuple(p for p in pieces if p.text)))
    return [field for field in found if field.pieces]


def _lines(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[Piece, ...]:
    """Questions: a line of its own each, and words where one was reworded."""
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces += [Piece("same", q + "\n") for q in after[c:d]]
            continue
        for old, new in zip_longest(before[a:b], after[c:d]):
            pieces += compare(f"{old}\n" if old else "", f"{new}\n" if new else "")
    return tuple(_merged(pieces))


def _words(before: str, after: str) -> list[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    # Two sentences with little in common read better one after the other than letter by letter.
    if matcher.ratio() < 0.35:
        return _replaced(before, after)
    pieces: list[Piece] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(new[c:d])))
        else:
            pieces += _replaced("".join(old[a:b]), "".join(new[c:d]))
    return pieces


def _replaced(before: str, after: str) -> list[Piece]:
    return [piece for piece in (Piece("gone", before), Piece("new", after)) if piece.text]


def _merged(pieces: list[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].how == piece.how:
            merged[-1] = Piece(piece.how, merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return merged


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
