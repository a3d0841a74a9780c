"""What is known of a version of the hand-off rules, and what only the handlers know of a document of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.mongo import Doc
from bot.store.policies import OPEN

Document = dict[str, Any]
Step = Callable[[int, int], None]
"""Told (done, total) now and then."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What a table of rules leads to: who answers (`skill`), how soon (`priority`, 0 first), what is said at once."""

    table: str
    skill: str | None = None
    priority: int | None = None
    notice: str | None = None


class Workshop(Protocol):
    """What only the handlers know of a document. Raises BadPayload for one that can be no policy."""

    @property
    def features(self) -> tuple[Feature, ...]: ...
    def shipped(self) -> Document: ...
    def checked(self, document: object) -> Document: ...
    def spelled(self, document: Mapping[str, Any]) -> str: ...
    def compare(self, before: Document, after: Document, step: Step | None = None) -> dict[str, Any]: ...
    def judge(self, before: Document, after: Document, text: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Version:
    """`state` as in `bot.store.policies`; `authors` wrote it or a draft it grew out of, the last of them is `author`.

    `trial` is what reading all examples under it and under version `trial["against"]` found, or how far that is.
    """

    number: int
    sha256: str
    based_on: int
    author: str
    authors: tuple[str, ...]
    at: datetime
    note: str
    state: str
    comment: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    trial: Mapping[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.state in OPEN


def version_of(doc: Doc) -> Version:
    known = ("comment", "decided_by", "decided_at", "trial")
    return Version(
        number=doc["_id"],
        authors=tuple(doc["authors"]),
        **{name: doc[name] for name in ("sha256", "based_on", "author", "at", "note", "state")},
        **{name: doc[name] for name in known if name in doc},
    )
