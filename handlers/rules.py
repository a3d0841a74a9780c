"""What a rule and the word lists are, and how their patterns are compiled. Where they come from: `policy`.

A rule fires on a sentence that matches one of its `when` patterns and none of its `unless` patterns; `{name}` in a
pattern stands for a word list, `{gap}` for a few characters within a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .text import normalise, traditional

INTENTS = ("crisis", "fraud", "complaint", "human_request", "advice")
ORDINARY = "ordinary"
CHAT = ("greeting", "thanks", "fragment")
TABLES = (*INTENTS, ORDINARY, *CHAT)
"""Every table of rules, gravest first."""

NAME = re.compile(r"\{([a-z_]+)\}")
GAP = "gap"
_GAP = r"[^。!?\n]{0,8}?"
_NEVER = re.compile(r"(?!)")


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


def vocabulary(words: Mapping[str, Iterable[str]], typos: Mapping[str, str]) -> Vocabulary:
    slips = {traditional(wrong): traditional(right) for wrong, right in typos.items()}
    longest_first = sorted(slips, key=len, reverse=True)
    return Vocabulary(
        words={name: _compile(traditional(any_of(parts))) for name, parts in words.items()},
        typos=slips,
        slip=re.compile("|".join(map(re.escape, longest_first))) if slips else _NEVER,
    )


def any_of(parts: Iterable[str]) -> str:
    return "(?:" + "|".join(parts) + ")"


def filled(pattern: str, words: Mapping[str, Iterable[str]]) -> str:
    """With the word lists in it, as it is matched. Raises KeyError for a list that does not exist."""
    return traditional(NAME.sub(lambda found: _GAP if found[1] == GAP else any_of(words[found[1]]), pattern))


def compiled(patterns: Iterable[str], words: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    return _compile(filled("|".join(f"(?:{pattern})" for pattern in patterns), words))


# Versions differ in a few patterns: those they share are compiled once.
_compile = lru_cache(maxsize=1024)(re.compile)
