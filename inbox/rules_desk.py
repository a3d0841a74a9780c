"""What the pages of the hand-off rules share: their blueprint, the parts of a document, and what one is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint

from bot.errors import BadPayload, ServiceError
from bot.policies import Document, Feature
from inbox import rules_words as rw
from inbox import words
from inbox.auth import console
from inbox.sentences import translated
from inbox.service_knowledge import Policies

bp = Blueprint("rules", __name__, url_prefix="/knowledge/rules")


@bp.app_context_processor
def _words() -> dict[str, object]:
    return {"rw": rw}


def policies() -> Policies:
    return console().policies


@dataclass(frozen=True, slots=True)
class Card:
    """One table of rules as people read it; `examples` are the sentences with its label, None where it has none."""

    feature: Feature
    rules: tuple[Mapping[str, Any], ...]
    lists: tuple[str, ...]
    examples: int | None

    @property
    def patterns(self) -> int:
        return sum(len(rule["when"]) for rule in self.rules)

    @property
    def exceptions(self) -> int:
        return sum(len(rule["unless"]) for rule in self.rules)


def cards(document: Document) -> list[Card]:
    made = []
    for feature in policies().features:
        rules = tuple(document["rules"][feature.table])
        written = "\n".join(line for rule in rules for line in (*rule["when"], *rule["unless"]))
        lists = tuple(name for name in document["words"] if f"{{{name}}}" in written)
        label = rw.LABEL_OF.get(feature.table)
        count = len(document["examples"][label]) if label else None
        made.append(Card(feature, rules, lists, count))
    return made


def sentences(error: ServiceError) -> str:
    """A line for each fault, in the reader's language."""
    if not isinstance(error, BadPayload):
        return words.sentence(error)
    return "\n".join(translated(line) or line for line in str(error).split("\n"))
