"""The questions of some days put to two minds: the one in force and a proposed one. What do they decide differently?

Both meet each question in the same order and with the same texts before it, each in a conversation of its own making:
an offer or a miss of one mind is not the other's. Nobody is written to and nothing is kept but ids and decisions.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.contracts import Mind
from bot.model import (
    ChannelType,
    ContentKind,
    Conversation,
    Decision,
    HandOff,
    Kind,
    Offer,
    Ref,
    Reply,
    Status,
    Turn,
)
from bot.pipeline import FOLLOW_UP
from bot.rendering import locale_of, spoken
from bot.store.questions import Question, QuestionStore

Step = Callable[[int, int], None]
"""Told (done, total) now and then."""
TOLD_EVERY = 50
KEPT = 200
"""Changes of one kind that are kept one by one; all of them are counted."""
REMEMBERED = 20_000
ANSWERED, ASKED, MISSED, HANDED_OFF, SAID = "answered", "asked", "missed", "handed_off", "said"
NEW_TEXT = "new_text"
"""The same article answers, in another version."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`verdict` is one of the five above; `what` the article answered with, those offered, or the reason."""

    verdict: str
    what: tuple[str, ...] = ()
    version: int | None = None
    miss: bool = field(default=False, compare=False)
    offered: tuple[Ref, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """`question` is the id of the customer's line."""

    question: str
    channel: str
    at: datetime
    kind: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`counts` is by kind of change: `missed>answered` and so on, `answered>answered` for another article, `new_text`.

    `before` and `after` count all questions by verdict; `articles` maps an article to (answers before, after) where the
    two differ. `changes` holds the first KEPT of each kind. `skipped` were a person's, buttons, or of erased customers.
    `proposal` names the versions that were proposed, `rules` (version, sha256) those of the hand-off rules before and
    after, `revision` the knowledge that was in force.
    """

    since: datetime
    until: datetime
    questions: int
    skipped: int
    counts: Mapping[str, int]
    before: Mapping[str, int]
    after: Mapping[str, int]
    articles: Mapping[str, tuple[int, int]]
    changes: tuple[Change, ...]
    proposal: tuple[Ref, ...] = ()
    rules: tuple[tuple[int, str], ...] = ()
    revision: int = 0

    @property
    def changed(self) -> int:
        return sum(self.counts.values())


def replay(
    store: QuestionStore,
    minds: tuple[Mind, Mind],
    since: datetime,
    until: datetime,
    locale: str,
    step: Step | None = None,
) -> Rehearsal:
    """`minds` are the one in force and the proposed one; `locale` is the firm's. Raises PyMongoError."""
    total = store.count(since, until)
    tally = _Tally()
    worlds = tuple(_World(mind) for mind in minds)
    for talk in store.talks(since, until):
        known: str | None = None
        for world in worlds:
            world.begin()
        for question in talk:
            if question.handler == "choice":
                for world in worlds:
                    world.chosen(found="article" in question.trace)
            if not _replayable(question):
                tally.skipped += question.kind == Kind.TEXT
                continue
            language = locale_of(question.text, known, locale)
            known = spoken(question.text, known) or known
            before, after = (world.decides(question, language) for world in worlds)
            tally.take(question, before, after)
            if step is not None and tally.questions % TOLD_EVERY == 0:
                step(tally.questions + tally.skipped, total)
    if step is not None:
        step(total, total)
    return tally.result(since, until)


def kind_of(before: Outcome, after: Outcome) -> str | None:
    """None where a customer notices no difference; the order of titles is none."""
    if before.verdict != after.verdict:
        return f"{before.verdict}>{after.verdict}"
    if before.verdict == ASKED:
        return None if set(before.what) == set(after.what) else f"{ASKED}>{ASKED}"
    if before.what != after.what:
        return f"{before.verdict}>{after.verdict}"
    return None if before.version == after.version else NEW_TEXT


def outcome_of(decision: Decision) -> Outcome:
    if isinstance(decision, HandOff):
        return Outcome(HANDED_OFF, (decision.reason,))
    if not isinstance(decision, Reply):
        return Outcome(SAID, (decision.reason,))
    article = next((ref for ref in decision.parts if ref.kind is ContentKind.ARTICLE), None)
    if article is not None:
        return Outcome(ANSWERED, (article.id,), article.version)
    offered = tuple(button.ref for button in decision.buttons if button.value.startswith("offer:"))
    if offered:
        return Outcome(ASKED, tuple(ref.id for ref in offered), miss=decision.miss, offered=offered)
    return Outcome(MISSED, miss=True) if decision.miss else Outcome(SAID, (decision.reason,))


def _replayable(question: Question) -> bool:
    """A text that the bot decided on by itself: no button, nobody's conversation but the bot's."""
    ours = question.handler not in ("choice", "agent_owned")
    return question.kind == Kind.TEXT and ours and bool(question.text)


class _World:
    """One mind, and how the conversation stands for it. Equal questions in equal states are decided once."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._salt = os.urandom(16)
        self._known: OrderedDict[bytes, Outcome] = OrderedDict()
        self.begin()

    def begin(self) -> None:
        self._now = Conversation("replay", "replay", "replay", "replay", ChannelType.WEB, Status.BOT)

    def chosen(self, *, found: bool) -> None:
        """The customer pressed a button: of an article, or of none of them."""
        misses = 0 if found else self._now.misses + 1
        self._now = replace(self._now, misses=misses, offer=None)

    def decides(self, question: Question, locale: str) -> Outcome:
        history = question.history if len(question.text) <= FOLLOW_UP else ()
        key = self._key(question.text, locale, *history)
        outcome = self._known.get(key)
        if outcome is None:
            turn = Turn(Kind.TEXT, question.text, locale, self._now, question.at, history=history)
            outcome = self._known[key] = outcome_of(self._mind.decide(turn)[1])
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        self._follow(outcome)
        return outcome

    def _follow(self, outcome: Outcome) -> None:
        """As `bot.turns.changes_of`, but for a person who takes over: the next question is the bot's again."""
        misses = self._now.misses + 1 if outcome.miss else self._now.misses
        if outcome.verdict in (ANSWERED, HANDED_OFF):
            misses = 0
        offer = Offer("replay", outcome.offered) if outcome.offered else None
        self._now = replace(self._now, misses=misses, offer=offer)

    def _key(self, *parts: str) -> bytes:
        """Of everything a decision depends on; keyed, so that no text could be found again by its hash."""
        offer = self._now.offer
        state = (str(self._now.misses), *((ref.id for ref in offer.refs) if offer else ()))
        hashed = hashlib.blake2b(digest_size=16, key=self._salt)
        for part in (*parts, "\0", *state):
            hashed.update(f"{len(part)}:{part}".encode())
        return hashed.digest()


class _Tally:
    def __init__(self) -> None:
        self.questions = 0
        self.skipped = 0
        self._counts: Counter[str] = Counter()
        self._verdicts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._answers: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._changes: list[Change] = []

    def take(self, question: Question, before: Outcome, after: Outcome) -> None:
        self.questions += 1
        for n, outcome in enumerate((before, after)):
            self._verdicts[n][outcome.verdict] += 1
            if outcome.verdict == ANSWERED:
                self._answers[n][outcome.what[0]] += 1
        kind = kind_of(before, after)
        if kind is None:
            return
        self._counts[kind] += 1
        if self._counts[kind] <= KEPT:
            self._changes.append(Change(question.id, question.channel, question.at, kind, before, after))

    def result(self, since: datetime, until: datetime) -> Rehearsal:
        old, new = self._answers
        articles = {one: (old[one], new[one]) for one in sorted(old | new) if old[one] != new[one]}
        return Rehearsal(
            since,
            until,
            self.questions,
            self.skipped,
            dict(self._counts.most_common()),
            dict(self._verdicts[0].most_common()),
            dict(self._verdicts[1].most_common()),
            articles,
            tuple(sorted(self._changes, key=lambda one: (-self._counts[one.kind], one.kind))),
        )
