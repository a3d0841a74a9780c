"""The rules as one plain document: its form, the faults it can have, and the hash that names it.

rules     table -> [{id, when: [pattern], unless: [pattern], sure: bool}], tables as in `rules.TABLES`
words     list -> [pattern]; `{list}` stands for it in a rule
typos     slip -> what was meant
examples  label -> [sentence]
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import BadPayload

from .policy_patterns import LONGEST_PATTERN, BadPattern, check
from .rules import GAP, INTENTS, NAME, TABLES, any_of, filled
from .text import normalise, traditional

Document = dict[str, Any]

LABELS = (
    "human_request",
    "complaint",
    "personal_advice",
    "fraud_or_account_security",
    "ordinary_question",
    "smalltalk",
)
MOST_RULES, MOST_PATTERNS, MOST_LISTS, MOST_WORDS, MOST_TYPOS = 100, 200, 200, 300, 500
# Training takes the square of it in memory and time.
MOST_EXAMPLES = 4000
FEWEST_EXAMPLES = 10
LONGEST_EXAMPLE, LONGEST_ID, LONGEST_TYPO = 400, 80, 20
MOST_FAULTS = 20

_LIST = re.compile(r"[a-z][a-z_]{0,39}")


class BadPolicy(BadPayload):
    """A document that can be no policy; `faults` has a sentence for each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults[:MOST_FAULTS]))
        self.faults = faults


def canonical(document: Mapping[str, Any]) -> str:
    """The one spelling of a normal document, which is what is stored and what the hash is of."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def normal(document: object, trusted: frozenset[str] = frozenset()) -> Document:
    """Every field there, blanks gone, in an order of its own. Raises BadPolicy.

    `trusted` are filled patterns that need no look any more: those that ship are checked where they are made.
    """
    if not isinstance(document, Mapping):
        raise BadPolicy(("The rules are a document with rules, words, typos and examples.",))
    unknown = set(document) - {"rules", "words", "typos", "examples"}
    faults = [f"There is no part {name!r}." for name in sorted(map(str, unknown))]
    try:
        made: Document = {
            "rules": _rules(document.get("rules")),
            "words": _words(document.get("words")),
            "typos": _typos(document.get("typos", {})),
            "examples": _examples(document.get("examples")),
        }
    except _Shape as error:
        raise BadPolicy((*faults, str(error))) from error
    faults += [*_faults(made, trusted)]
    if faults:
        raise BadPolicy(tuple(faults))
    return made


class _Shape(ValueError):
    pass


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise _Shape(f"{where}: a table of names is wanted.")
    return value


def _lines(value: object, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise _Shape(f"{where}: a list of texts is wanted.")
    return [line.strip() for line in value if line.strip()]


def _rules(value: object) -> dict[str, list[Document]]:
    tables = _mapping(value, "rules")
    for name in tables:
        if name not in TABLES:
            raise _Shape(f"rules: there is no table {name!r}; known are {', '.join(TABLES)}.")
    return {name: [_rule(one, name) for one in _list(tables.get(name, []), name)] for name in TABLES}


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise _Shape(f"{where}: a list of rules is wanted.")
    return value


def _rule(value: object, table: str) -> Document:
    rule = _mapping(value, table)
    name = str(rule.get("id", "")).strip()
    where = f"{table}, rule {name!r}"
    if set(rule) - {"id", "when", "unless", "sure"}:
        raise _Shape(f"{where}: a rule has id, when, unless and sure.")
    if not isinstance(rule.get("sure", False), bool):
        raise _Shape(f"{where}: sure is true or false.")
    return {
        "id": name,
        "when": _lines(rule.get("when"), where),
        "unless": _lines(rule.get("unless", []), where),
        "sure": rule.get("sure", False),
    }


def _words(value: object) -> dict[str, list[str]]:
    lists = _mapping(value, "words")
    return {name: _lines(lists[name], f"words, {name}") for name in sorted(lists)}


def _typos(value: object) -> dict[str, str]:
    pairs = _mapping(value, "typos")
    if not all(isinstance(right, str) for right in pairs.values()):
        raise _Shape("typos: a slip stands for a text.")
    return {wrong: pairs[wrong] for wrong in sorted(pairs)}


def _examples(value: object) -> dict[str, list[str]]:
    labels = _mapping(value, "examples")
    for name in labels:
        if name not in LABELS:
            raise _Shape(f"examples: there is no label {name!r}; known are {', '.join(LABELS)}.")
    return {name: _lines(labels.get(name, []), f"examples, {name}") for name in LABELS}


def _faults(made: Document, trusted: frozenset[str]) -> Iterator[str]:
    words: dict[str, list[str]] = made["words"]
    yield from _word_faults(words, trusted)
    for table, rules in made["rules"].items():
        if table in INTENTS and not rules:
            yield f"{table}: a hand-off needs at least one rule."
        if len(rules) > MOST_RULES:
            yield f"{table}: at most {MOST_RULES} rules."
        ids = [rule["id"] for rule in rules]
        for name in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"{table}: the rule {name!r} is there twice."
        for rule in rules:
            for fault in _rule_faults(rule, words, trusted):
                yield f"{table}, rule {rule['id']!r}: {fault}"
    for wrong, right in made["typos"].items():
        if not wrong.strip() or max(len(wrong), len(right)) > LONGEST_TYPO:
            yield f"typos, {wrong!r}: up to {LONGEST_TYPO} characters, and not none."
    if len(made["typos"]) > MOST_TYPOS:
        yield f"typos: at most {MOST_TYPOS}."
    yield from _example_faults(made["examples"])


def _word_faults(words: Mapping[str, list[str]], trusted: frozenset[str]) -> Iterator[str]:
    if len(words) > MOST_LISTS:
        yield f"words: at most {MOST_LISTS} lists."
    for name, parts in words.items():
        if _LIST.fullmatch(name) is None or name == GAP:
            yield f"words, {name!r}: a list is named by small letters and underscores, and not {GAP}."
        if not parts or len(parts) > MOST_WORDS:
            yield f"words, {name!r}: 1 to {MOST_WORDS} words."
        whole = traditional(any_of(parts))
        for part in parts:
            if NAME.search(part):
                yield f"words, {name!r}: a list cannot stand in a list."
            elif whole not in trusted and (fault := _pattern_fault(part, traditional(part))):
                yield f"words, {name!r}, {part!r}: {fault}."


def _rule_faults(rule: Document, words: Mapping[str, list[str]], trusted: frozenset[str]) -> Iterator[str]:
    if not rule["id"] or len(rule["id"]) > LONGEST_ID:
        yield f"its id has 1 to {LONGEST_ID} characters."
    if not rule["when"]:
        yield "without a pattern it never applies."
    for pattern in (*rule["when"], *rule["unless"]):
        missing = [name for name in NAME.findall(pattern) if name != GAP and name not in words]
        if missing:
            yield f"there is no word list {missing[0]!r}."
            continue
        whole = filled(pattern, words)
        if whole not in trusted and (fault := _pattern_fault(pattern, whole)):
            yield f"{pattern!r}: {fault}."
    if max(len(rule["when"]), len(rule["unless"])) > MOST_PATTERNS:
        yield f"at most {MOST_PATTERNS} patterns."


def _pattern_fault(pattern: str, whole: str) -> str:
    if len(pattern) > LONGEST_PATTERN:
        return f"a pattern has up to {LONGEST_PATTERN} characters"
    try:
        check(whole)
    except BadPattern as error:
        return str(error)
    return ""


def _example_faults(examples: Mapping[str, list[str]]) -> Iterator[str]:
    known: dict[str, str] = {}
    for label, texts in examples.items():
        if len(texts) < FEWEST_EXAMPLES:
            yield f"examples, {label}: at least {FEWEST_EXAMPLES} sentences, or nobody can tell what it means."
        for text in texts:
            if len(text) > LONGEST_EXAMPLE:
                yield f"examples, {label}: {text[:20]!r} is longer than {LONGEST_EXAMPLE} characters."
            other = known.setdefault(normalise(text), label)
            if other != label:
                yield f"examples: {text[:40]!r} is an example of {other} and of {label}."
    if sum(map(len, examples.values())) > MOST_EXAMPLES:
        yield f"examples: at most {MOST_EXAMPLES} sentences."
