"""Rules as data: `rules/*.toml`, read once, when the first turn comes.

A rule fires on a sentence that matches one of its `when` patterns and none of its `unless` patterns; `{name}` in a
pattern stands for a list of `vocabulary.toml`, `{gap}` for a few characters within a sentence.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .text import normalise, sentences, traditional

INTENTS = ("crisis", "fraud", "complaint", "human_request", "advice")
_NAME = re.compile(r"\{([a-z_]+)\}")
_GAP = r"[^。!?\n]{0,8}?"


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    when: re.Pattern[str]
    unless: re.Pattern[str] | None
    sure: bool = False

    def fires(self, sentence: str) -> bool:
        if self.when.search(sentence) is None:
            return False
        return self.unless is None or self.unless.search(sentence) is None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    words: Mapping[str, re.Pattern[str]]
    typos: Mapping[str, str]
    slip: re.Pattern[str]

    def clean(self, text: str) -> str:
        """Normalised text with the usual slips of the keyboard mended."""
        return self.slip.sub(lambda found: self.typos[found.group()], normalise(text))


def _load(name: str) -> dict[str, list[dict[str, object]]]:
    return tomllib.loads(files("handlers").joinpath("rules", f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _vocabulary_source() -> tuple[dict[str, str], dict[str, str]]:
    source = tomllib.loads(files("handlers").joinpath("rules", "vocabulary.toml").read_text(encoding="utf-8"))
    words = {name: "(?:" + "|".join(parts) + ")" for name, parts in source["words"].items()}
    return words, dict(source["typos"])


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    words, _ = _vocabulary_source()
    alternatives = "|".join(f"(?:{pattern})" for pattern in patterns)
    filled = _NAME.sub(lambda found: _GAP if found[1] == "gap" else words[found[1]], alternatives)
    return re.compile(traditional(filled))


@cache
def vocabulary() -> Vocabulary:
    words, typos = _vocabulary_source()
    slips = {traditional(wrong): traditional(right) for wrong, right in typos.items()}
    return Vocabulary(
        words={name: re.compile(traditional(pattern)) for name, pattern in words.items()},
        typos=slips,
        slip=re.compile("|".join(re.escape(wrong) for wrong in sorted(slips, key=len, reverse=True))),
    )


@cache
def rules(name: str, table: str = "rule") -> tuple[Rule, ...]:
    """The rules of one file, in its order. Raises KeyError for a word list that does not exist."""
    return tuple(
        Rule(
            id=str(entry["id"]),
            when=_compile(_strings(entry["when"])),
            unless=_compile(_strings(entry["unless"])) if "unless" in entry else None,
            sure=bool(entry.get("sure", False)),
        )
        for entry in _load(name).get(table, [])
    )


def _strings(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("a rule's patterns are a list of strings")
    return [str(item) for item in value]


def clean(text: str) -> str:
    return vocabulary().clean(text)


def hits(intent: str, cleaned: str) -> tuple[str, ...]:
    """Ids of the rules of an intent that fire on a cleaned text."""
    parts = sentences(cleaned)
    return tuple(rule.id for rule in rules(intent) if any(rule.fires(part) for part in parts))


def matches(name: str, table: str, cleaned: str) -> bool:
    """Whether a rule of that table fires on the text as a whole."""
    whole = cleaned.strip(" ,。.!?~;\n") if table != "fragment" else cleaned
    return any(rule.fires(whole) for rule in rules(name, table))
