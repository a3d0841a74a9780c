"""Law 1 over the whole record: each message of the bot is the approved version it cites, byte for byte, with the
disclosures that its product class required when it was sent.

What is checked of a message: it cites something; each cited version exists, was approved, fits its hash, is the one
that was cited, and was in force then; its text is those texts joined, where a notice has slots with values that may
stand there (`bot.slots.values_in`); each regulated article has its class's disclosures with it or in the message just
before it (`bot.rendering`); each button says the title of a version in force then.

Approvals reach other processes within seconds (`kb.live`), so what was in force is asked for with `SLACK` on both
sides. Where a customer's key was destroyed the text cannot be read any more: the citation still is checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.model import LOCALES, ContentKind
from bot.mongo import Doc
from bot.rendering import SEPARATOR
from bot.slots import DECLARED, values_in
from bot.store.proofs import ProofStore
from bot.vault import ERASED, Vault
from kb.articles import REGULATED, Content, digest

SLACK = timedelta(seconds=60)
AHEAD = 4
"""How many messages before an article its disclosures may stand in: a message each, where they do not fit."""
NAMED = 100
STEP = 1000
EVERYTHING = ("0" * 24, "g")
Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Bad:
    """`reason` begins with a word for the kind of fault: cites, unknown, hash, force, text, disclosure, button."""

    message: str
    conversation: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """`erased`: of `checked`, those whose text is gone by law. `bad` holds the first NAMED of `faults`."""

    checked: int
    erased: int
    faults: int
    bad: tuple[Bad, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.faults

    @property
    def per_second(self) -> int:
        return round(self.checked / self.seconds) if self.seconds else 0


@dataclass(slots=True)
class Shelf:
    """Every version that ever was approved, and the titles that buttons may show."""

    versions: dict[str, Content] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    titles: dict[str, list[Content]] = field(default_factory=dict)
    disclosures: dict[str, list[Content]] = field(default_factory=dict)

    @classmethod
    def of(cls, contents: Iterable[Content]) -> Shelf:
        shelf = cls()
        for one in contents:
            shelf.versions[one.key] = one
            if one.sha256 != digest(one):
                shelf.damaged.add(one.key)
                continue
            for title in {one.title(locale) for locale in LOCALES}:
                shelf.titles.setdefault(title, []).append(one)
            if one.kind is ContentKind.DISCLOSURE:
                shelf.disclosures.setdefault(one.product_class.value, []).append(one)
        return shelf

    def fault(self, message: Doc, text: str | None, before: Callable[[], Iterable[Doc]]) -> str | None:
        """What is wrong with the message, None for nothing. `text` None: erased. `before`: the bot's lines right before
        it, asked for only where it matters."""
        cited = message["approved"]
        if not cited:
            return "cites: nothing"
        found: list[Content] = []
        for ref in cited:
            one = self.versions.get(f"{ref['kind']}:{ref['id']}@{ref['version']}")
            if one is None or one.approved_at is None:
                return f"unknown: {ref['kind']} {ref['id']} version {ref['version']} was never approved"
            if one.key in self.damaged:
                return f"hash: {one.key} was changed after its approval"
            if one.sha256 != ref["sha256"]:
                return f"hash: {one.key} is not the text that was cited"
            if not in_force_about(one, message["at"]):
                return f"force: {one.key} was not in force"
            found.append(one)
        if text is not None and not _reads(found, message.get("locale") or "", text):
            return f"text: it is not that of {', '.join(one.key for one in found)}"
        return self._disclosed(message, found, before) or self._buttons(message)

    def _disclosed(
        self, message: Doc, found: list[Content], before: Callable[[], Iterable[Doc]]
    ) -> str | None:
        here = {one.key for one in found}
        for article in found:
            if article.kind is not ContentKind.ARTICLE or article.product_class not in REGULATED:
                continue
            known = self.disclosures.get(article.product_class.value, ())
            wanted = {one.key for one in known if throughout(one, message["at"])}
            any_of = {one.key for one in known}
            if wanted <= here and any_of & here:
                continue
            for line in before():
                here |= {f"{ref['kind']}:{ref['id']}@{ref['version']}" for ref in line["approved"]}
            if not any_of & here:
                return f"disclosure: none of {article.product_class.value} came with {article.key}"
            if missing := sorted(wanted - here):
                return f"disclosure: {missing[0]} did not come with {article.key}"
        return None

    def _buttons(self, message: Doc) -> str | None:
        for at, (label, _) in enumerate(message.get("buttons", ())):
            if not any(in_force_about(one, message["at"]) for one in self.titles.get(label, ())):
                return f"button: number {at + 1} says no approved title"
        return None


def in_force_about(one: Content, at: datetime) -> bool:
    """Whether it was at some moment within SLACK of `at`."""
    begin = max(filter(None, (one.approved_at, one.valid_from)), default=None)
    end = min(filter(None, (one.retired_at, one.valid_until)), default=None)
    return begin is not None and begin - SLACK <= at and (end is None or at <= end + SLACK)


def throughout(one: Content, at: datetime) -> bool:
    """Whether it was for all of SLACK around `at`."""
    begin = max(filter(None, (one.approved_at, one.valid_from)), default=None)
    end = min(filter(None, (one.retired_at, one.valid_until)), default=None)
    return begin is not None and begin + SLACK <= at and (end is None or at + SLACK <= end)


def check(
    store: ProofStore,
    vault: Vault,
    shelf: Shelf,
    ids: tuple[str, str] = EVERYTHING,
    step: Step = lambda _done: None,
) -> Report:
    """Every message of the bot with such an id. Memory: the versions and a page of messages. Raises PyMongoError."""
    started = time.perf_counter()
    checked = erased = faults = 0
    bad: list[Bad] = []
    for message in store.said(*ids):
        text: str | None = vault.read(message["content"])
        if text == ERASED:
            text, erased = None, erased + 1
        why = shelf.fault(message, text, _before(store, message))
        if why is not None:
            faults += 1
            if len(bad) < NAMED:
                bad.append(Bad(message["_id"], message["conversation"], message["seq"], why))
        checked += 1
        if checked % STEP == 0:
            step(checked)
    return Report(checked, erased, faults, tuple(bad), time.perf_counter() - started)


def one_fault(store: ProofStore, shelf: Shelf, message: Doc, text: str | None) -> str | None:
    """As `check`, of one message; `text` None: erased."""
    return shelf.fault(message, text, _before(store, message))


def _before(store: ProofStore, message: Mapping[str, Any]) -> Callable[[], Iterable[Doc]]:
    return lambda: store.just_before(message["conversation"], message["seq"], AHEAD)


def _reads(found: list[Content], locale: str, text: str) -> bool:
    whole = SEPARATOR.join(one.text(locale) for one in found)
    if any(one.kind is ContentKind.NOTICE and one.id in DECLARED for one in found):
        return values_in(whole, text) is not None
    return text == whole
