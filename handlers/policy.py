"""The rules as one immutable value, named by version and hash; made of the package's files or of a document."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from .policy_document import LABELS, BadPolicy, Document, canonical, digest, normal
from .rules import CHAT, INTENTS, ORDINARY, Rule, Vocabulary, any_of, compiled, filled, vocabulary
from .text import sentences, traditional

__all__ = ["BadPolicy", "Policy", "checked", "shipped_document"]

SHIPPED = 0
_EDGES = " ,。.!?~;\n"


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """`version` 0 are the files that ship, which differ from release to release: `sha256` is of the document.

    `rules` are by table of `rules.TABLES`, `examples` (text, label) pairs. `learned` names all that training depends
    on: versions that differ in patterns only share one trained model.
    """

    version: int
    sha256: str
    rules: Mapping[str, tuple[Rule, ...]]
    vocabulary: Vocabulary
    examples: tuple[tuple[str, str], ...]
    learned: str
    document: Document

    @staticmethod
    def shipped() -> Policy:
        """Version 0, the package's files; read once in the process."""
        return _shipped()

    @classmethod
    def from_document(cls, document: object, version: int = SHIPPED) -> Policy:
        """Checked in every respect. Raises BadPolicy, whose `faults` name all that is wrong."""
        return _made(checked(document), version)

    @classmethod
    def of_checked(cls, document: Document, version: int) -> Policy:
        """Of a document that `checked` made: what was approved once comes in force, however slow the machine is.

        A table or a label that did not exist then is taken from what ships; the hash is that of the document.
        """
        return _made(_completed(document), version, digest(document))

    @property
    def named(self) -> dict[str, Any]:
        """What a decision says of the rules it was made under."""
        return {"version": self.version, "sha256": self.sha256}

    def clean(self, text: str) -> str:
        return self.vocabulary.clean(text)

    def hits(self, table: str, cleaned: str) -> tuple[str, ...]:
        """Ids of the rules of a table that fire on a sentence of a cleaned text."""
        parts = sentences(cleaned)
        return tuple(rule.id for rule in self.rules[table] if any(rule.fires(part) for part in parts))

    def matches(self, table: str, cleaned: str) -> bool:
        """Whether a rule of that table fires on the text as a whole."""
        whole = cleaned.strip(_EDGES) if table != "fragment" else cleaned
        return any(rule.fires(whole) for rule in self.rules[table])

    def sure(self, intent: str, ids: tuple[str, ...]) -> bool:
        return any(rule.sure for rule in self.rules[intent] if rule.id in ids)


def checked(document: object) -> Document:
    """A document in its normal form, every pattern compiled and timed. Raises BadPolicy."""
    return normal(document, _trusted())


def shipped_document() -> Document:
    """The package's files as a document, for an export or as the start of a draft."""
    return json.loads(canonical(_shipped().document))  # type: ignore[no-any-return]


@cache
def _shipped() -> Policy:
    return _made(normal(_files(), _patterns(_files())), SHIPPED)


@cache
def _trusted() -> frozenset[str]:
    return _patterns(_shipped().document)


def _patterns(document: Mapping[str, Any]) -> frozenset[str]:
    """Every pattern of a document as it is matched."""
    words = document["words"]
    rules = [rule for table in document["rules"].values() for rule in table]
    patterns = [filled(p, words) for rule in rules for p in (*rule["when"], *rule.get("unless", ()))]
    return frozenset((*patterns, *(traditional(any_of(parts)) for parts in words.values())))


def _files() -> Document:
    def toml(name: str) -> dict[str, Any]:
        return tomllib.loads(files("handlers").joinpath("rules", f"{name}.toml").read_text(encoding="utf-8"))

    small, shared = toml("smalltalk"), toml("vocabulary")
    rules = {name: toml(name)["rule"] for name in (*INTENTS, ORDINARY)}
    examples: dict[str, list[str]] = {label: [] for label in LABELS}
    lines = files("handlers").joinpath("examples.jsonl").read_text(encoding="utf-8").splitlines()
    for row in (json.loads(line) for line in lines if line.strip()):
        examples[row["label"]].append(row["text"])
    return {
        "rules": {**rules, **{name: small[name] for name in CHAT}},
        "words": shared["words"],
        "typos": shared["typos"],
        "examples": examples,
    }


def _completed(document: Document) -> Document:
    known = _shipped().document
    if (
        known["rules"].keys() <= document["rules"].keys()
        and known["examples"].keys() <= document["examples"].keys()
    ):
        return document
    return {name: {**known[name], **document[name]} for name in ("rules", "words", "examples")} | {
        "typos": document["typos"]
    }


def _made(document: Document, version: int, sha256: str = "") -> Policy:
    words = document["words"]
    learned = canonical({name: document[name] for name in ("words", "typos", "examples")})
    return Policy(
        version=version,
        sha256=sha256 or digest(document),
        rules={
            table: tuple(
                Rule(
                    id=rule["id"],
                    when=compiled(rule["when"], words),
                    unless=compiled(rule["unless"], words) if rule["unless"] else None,
                    sure=rule["sure"],
                )
                for rule in rules
            )
            for table, rules in document["rules"].items()
        },
        vocabulary=vocabulary(words, document["typos"]),
        examples=tuple((text, label) for label in LABELS for text in document["examples"][label]),
        learned=hashlib.sha256(learned.encode()).hexdigest(),
        document=document,
    )
