"""The pattern language of the rules: a part of regular expressions in which no text of a customer takes for ever.

Allowed: characters, `.`, `[...]`, `\\d \\s \\w \\b`, groups, `|`, `? * + {m,n}` (lazy or not), `^ $`, looking ahead and
behind, and `{name}` for a word list. Not allowed: backreferences, named groups, flags, possessive and atomic groups,
and a `*` or `+` around something that one text fits in two ways, like `(a+)*` or `(好|喔|好喔)*`: the matcher would
try all of them, which doubles with every few characters (Weber and Seidl 1991 call it exponential ambiguity).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

# The standard library's own parser: whatever it reads is exactly what `re` will run. Its place is private since 3.11.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_PATTERN = 1200
WIDEST = 60
"""The largest count of a bounded repeat."""
PLACES = 600
"""Places for characters inside one `*` or `+`."""
SLOWEST_S = 0.15
"""One pattern on one text of `TEXT` characters."""
TEXT = 1000

_ANYTHING = frozenset("a0 _!中\n~")
_CATEGORIES = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_SPACE: r"\s", op.CATEGORY_WORD: r"\w"}
_LEAVES = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_PLACELESS = (op.AT, op.ASSERT, op.ASSERT_NOT)


class BadPattern(ValueError):
    """One sentence on what is wrong with a pattern."""


def check(pattern: str) -> None:
    """Of a pattern whose word lists stand in it already. Raises BadPattern."""
    try:
        tree = _parser.parse(pattern)
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"it is not a regular expression: {error}") from error
    if tree.state.groupdict or compiled.flags & ~re.UNICODE:
        raise BadPattern("named groups and flags are not allowed")
    seen: set[str] = set(_ANYTHING)
    for node in _walk(tree):
        _allowed(*node)
        seen |= _characters(*node)
    for kind, value in _walk(tree):
        if kind in _REPEATS and value[1] is op.MAXREPEAT and _ambiguous(value[2], frozenset(seen)):
            raise BadPattern(
                "a repeated part can be read in two ways, which may take for ever: see `*` and `+`"
            )
    _quick(compiled, tree)


def _walk(tree: Any) -> Iterator[tuple[Any, Any]]:
    for kind, value in tree:
        yield kind, value
        for inner in _inside(kind, value):
            yield from _walk(inner)


def _inside(kind: Any, value: Any) -> Sequence[Any]:
    if kind is op.BRANCH:
        return list(value[1])
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind in _REPEATS:
        return [value[2]]
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    return []


def _allowed(kind: Any, value: Any) -> None:
    if kind not in (*_LEAVES, *_REPEATS, *_PLACELESS, op.BRANCH, op.SUBPATTERN):
        raise BadPattern(f"{str(kind).lower().replace('_', ' ')} is not part of the pattern language")
    if kind is op.SUBPATTERN and (value[1] or value[2]):
        raise BadPattern("flags are not allowed")
    if kind in _REPEATS and value[1] is not op.MAXREPEAT and value[1] > WIDEST:
        raise BadPattern(f"a repeat counts up to {WIDEST}")


def _characters(kind: Any, value: Any) -> set[str]:
    """What stands for the texts this leaf can tell apart."""
    if kind in (op.LITERAL, op.NOT_LITERAL):
        return {chr(value)}
    if kind is not op.IN:
        return set()
    found: set[str] = set()
    for what, one in value:
        if what is op.LITERAL:
            found.add(chr(one))
        elif what is op.RANGE:
            found |= {chr(one[0]), chr(one[1])}
    return found


def _taken(kind: Any, value: Any, alphabet: frozenset[str]) -> frozenset[str]:
    """The characters of the alphabet that a leaf takes."""
    if kind is op.LITERAL:
        return frozenset({chr(value)})
    if kind is op.NOT_LITERAL:
        return alphabet - {chr(value)}
    if kind is op.ANY:
        return alphabet - {"\n"}
    taken: set[str] = set()
    for what, one in value:
        if what is op.LITERAL:
            taken.add(chr(one))
        elif what is op.RANGE:
            taken |= {c for c in alphabet if one[0] <= ord(c) <= one[1]}
        elif what is op.CATEGORY:
            plain = _CATEGORIES.get(one)
            taken |= {c for c in alphabet if plain is None or re.match(plain, c)}
    return alphabet - taken if value[0][0] is op.NEGATE else frozenset(taken)


# -- can a repeated part be read in two ways? -------------------------------------------------------------------------


@dataclass(slots=True)
class _Places:
    """Glushkov's automaton, a state for each place of a character; `doubled`: two ways lead from one to the next."""

    alphabet: frozenset[str]
    takes: list[frozenset[str]] = field(default_factory=list)
    after: list[set[int]] = field(default_factory=list)
    doubled: bool = False

    def place(self, taken: frozenset[str]) -> int:
        if len(self.takes) >= PLACES:
            raise BadPattern("a repeated part is too large")
        self.takes.append(taken)
        self.after.append(set())
        return len(self.takes) - 1

    def link(self, before: Iterable[int], then: Iterable[int]) -> None:
        following = set(then)
        for place in before:
            self.doubled = self.doubled or bool(self.after[place] & following)
            self.after[place] |= following


@dataclass(frozen=True, slots=True)
class _Part:
    """Whether it may be empty, and the places it may begin and end with."""

    empty: bool = True
    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


def _then(places: _Places, one: _Part, two: _Part) -> _Part:
    places.link(one.last, two.first)
    return _Part(
        one.empty and two.empty,
        one.first | two.first if one.empty else one.first,
        one.last | two.last if two.empty else two.last,
    )


def _sequence(places: _Places, tree: Any) -> _Part:
    whole = _Part()
    for kind, value in tree:
        whole = _then(places, whole, _part(places, kind, value))
    return whole


def _part(places: _Places, kind: Any, value: Any) -> _Part:
    if kind in _LEAVES:
        at = frozenset({places.place(_taken(kind, value, places.alphabet))})
        return _Part(False, at, at)
    if kind is op.SUBPATTERN:
        return _sequence(places, value[3])
    if kind is op.BRANCH:
        parts = [_sequence(places, one) for one in value[1]]
        return _Part(
            any(one.empty for one in parts),
            frozenset().union(*(one.first for one in parts)),
            frozenset().union(*(one.last for one in parts)),
        )
    if kind in _REPEATS:
        return _repeat(places, *value)
    return _Part()


def _repeat(places: _Places, least: int, most: Any, tree: Any) -> _Part:
    whole = _Part()
    endless = most is op.MAXREPEAT
    for number in range(max(least, 1) if endless else most):
        one = _sequence(places, tree)
        if endless and number >= least - 1:
            places.link(one.last, one.first)
        whole = _then(places, whole, _Part(one.empty or number >= least, one.first, one.last))
    return whole


def _ambiguous(tree: Any, alphabet: frozenset[str]) -> bool:
    """Whether there is a text on which two ways through the repeated part part and meet again."""
    places = _Places(alphabet)
    body = _sequence(places, tree)
    places.link(body.last, body.first)
    if places.doubled:
        return True
    steps: dict[tuple[int, int], set[tuple[int, int]]] = {}
    todo = [(n, n) for n in range(len(places.takes))]
    while todo:
        here = todo.pop()
        if here in steps:
            continue
        steps[here] = {
            (a, b)
            for a in places.after[here[0]]
            for b in places.after[here[1]]
            if places.takes[a] & places.takes[b]
        }
        todo += steps[here]
    back: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for here, there in steps.items():
        for one in there:
            back.setdefault(one, set()).add(here)
    todo, met = [pair for pair in steps if pair[0] == pair[1]], set()
    while todo:
        for pair in back.get(todo.pop(), ()):
            if pair not in met:
                met.add(pair)
                if pair[0] != pair[1]:
                    return True
                todo.append(pair)
    return False


# -- what is left takes at most a power of the length: is it quick enough? -------------------------------------------


def _quick(compiled: re.Pattern[str], tree: Any) -> None:
    """Raises BadPattern where a text made to be slow is; the texts grow, so that the look itself stays short."""
    words = {_sample(tree, long=False), _sample(tree, long=True), "a", "中", " "}
    words |= {_sample(value[2], long=False) for kind, value in _walk(tree) if kind in _REPEATS}
    for word in sorted(words - {""}):
        for length in (TEXT // 8, TEXT // 4, TEXT // 2, TEXT):
            text = (word * (length // len(word) + 1))[:length]
            for tried in (text, text + "\x00"):
                started = time.thread_time()
                compiled.search(tried)
                if time.thread_time() - started > SLOWEST_S:
                    raise BadPattern("it takes too long on some texts: fewer gaps, or shorter ones")


def _sample(tree: Any, *, long: bool) -> str:
    """A text in the spirit of the pattern; not always one that fits."""
    text = ""
    for kind, value in tree:
        if kind in _LEAVES:
            text += min(_taken(kind, value, _ANYTHING) or {"a"})
        elif kind is op.BRANCH:
            text += _sample(value[1][-1 if long else 0], long=long)
        elif kind is op.SUBPATTERN:
            text += _sample(value[3], long=long)
        elif kind in _REPEATS:
            most = 3 if value[1] is op.MAXREPEAT else value[1]
            text += _sample(value[2], long=long) * (most if long else max(1, value[0]))
    return text[:TEXT]
