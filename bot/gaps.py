"""Where knowledge is missing: unanswered, asked-back and badly rated questions of some days, grouped by meaning.

The most frequent wording leads a group and others that mean much the same follow it, so that the same record gives the
same groups everywhere. Texts are opened to be compared and again to be shown, masked; between the two only ids and
vectors are kept, and nothing of either leaves the process.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bot.contracts import Finder
from bot.model import ContentKind
from bot.rendering import locale_of
from bot.store.questions import Question, QuestionStore
from kb.articles import Review
from kb.search import encoders
from kb.search.dense import ENOUGH, Space, Vectors
from kb.search.leading import led
from kb.search.normalise import knowledge, normalise
from kb.store import Store

Step = Callable[[int, int], None]
"""Told (done, total) now and then."""

NEAR_CENTRED, NEAR_RAW = 0.60, 0.75
"""Cosines from which two questions count as one; the second below 20 questions in force, where nothing is centred.
Read off the sample's labelled questions; what they give: docs/how-to/rehearse.md."""
LARGEST = 60_000
"""Different wordings that are compared; 120 MB of vectors. More are counted as left out."""
SHOWN, EXAMPLES = 50, 5
BATCH = 64


@dataclass(frozen=True, slots=True)
class Nearest:
    """The article in force that the search finds for the group's first wording today, and what it would do with it."""

    article: str
    version: int
    title: str
    confidence: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Group:
    """`id` is that of the question that leads it; `examples` are ids of questions worded differently, it first.

    `days` counts by date in the firm's time zone; `share` is that of all questions without an answer.
    """

    id: str
    size: int
    share: float
    missed: int
    asked: int
    wrong: int
    wordings: int
    examples: tuple[str, ...]
    channels: Mapping[str, int]
    days: Mapping[date, int]
    nearest: Nearest | None = None


@dataclass(frozen=True, slots=True)
class Gaps:
    """`questions` are all of that time, `open` those without a (right) answer; `blank` of them had no word to compare,
    `left_out` were more than is compared."""

    since: datetime
    until: datetime
    questions: int
    open: int
    blank: int
    left_out: int
    groups: tuple[Group, ...]


@dataclass(slots=True)
class _Wording:
    """Questions that are equal after normalisation; their text is not here."""

    first: tuple[datetime, str]
    kinds: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        return self.kinds.total()


def grouped(
    store: QuestionStore,
    space: Space | None,
    since: datetime,
    until: datetime,
    zone: ZoneInfo,
    step: Step | None = None,
) -> Gaps:
    """All groups, largest first. Raises PyMongoError.

    `space` is the one of the articles' questions (see `space_of`), None where they are too few to be one.
    """
    wordings: list[_Wording] = []
    rows: list[Vectors] = []
    blank = left_out = 0
    told = _counting(step, store.count_open(since, until))
    for fresh, blanks, over in _read(_all(store, since, until), zone, wordings, told):
        blank, left_out = blank + blanks, left_out + over
        if fresh:
            rows.append(encoders.use().encode(fresh))
    # The most frequent first: it speaks for those that are like it.
    order = sorted(range(len(wordings)), key=lambda n: (-wordings[n].size, wordings[n].first))
    vectors = np.concatenate(rows)[order] if rows else np.zeros((0, 1), np.float32)
    if space is not None:
        vectors = space.placed(vectors)
    owners = led(vectors, NEAR_RAW if space is None else NEAR_CENTRED)
    total = sum(one.size for one in wordings) + blank + left_out
    members: dict[int, list[_Wording]] = {}
    for n, owner in zip(order, owners.tolist(), strict=True):
        members.setdefault(owner, []).append(wordings[n])
    groups = sorted((_group(each, total) for each in members.values()), key=lambda one: (-one.size, one.id))
    return Gaps(since, until, store.count(since, until), total, blank, left_out, tuple(groups))


def space_of(store: Store, folder: Path | None) -> Space | None:
    """The space of the questions in force. Their vectors come from the cache in `folder`; a customer's never do."""
    articles = store.listing(ContentKind.ARTICLE, (Review.APPROVED,))
    texts = list(dict.fromkeys(knowledge(q) for article in articles for q in article.questions))
    if len(texts) < ENOUGH:
        return None
    use = encoders.use()
    return Space(use.cache(folder).vectors(texts, use.encode))


def shown(gaps: Gaps, store: QuestionStore, finder: Finder, locale: str, limit: int = SHOWN) -> Gaps:
    """The first `limit` groups, each with the article that comes nearest today. `locale` is the firm's."""
    groups = gaps.groups[:limit]
    texts = {one.id: one.text for one in store.some([group.id for group in groups])}
    near = [_nearest(texts.get(group.id, ""), finder, locale) for group in groups]
    found = tuple(replace(group, nearest=one) for group, one in zip(groups, near, strict=True))
    return replace(gaps, groups=found)


def _all(store: QuestionStore, since: datetime, until: datetime) -> Iterator[tuple[str, Question]]:
    for one in store.unanswered(since, until):
        yield ("missed" if one.handler == "miss" else "asked"), one
    for one in store.badly_rated(since, until):
        yield "wrong", one


def _counting(step: Step | None, total: int) -> Callable[[int], None]:
    """Who rates a reply wrong meanwhile adds to what is read: never more done than there is."""
    return lambda done: None if step is None else step(done, max(done, total))


def _read(
    questions: Iterable[tuple[str, Question]],
    zone: ZoneInfo,
    wordings: list[_Wording],
    told: Callable[[int], None],
) -> Iterator[tuple[list[str], int, int]]:
    """Fills `wordings`; gives the new ones' texts to encode, a batch at a time, with counts of blank and left out."""
    known: dict[bytes, int] = {}
    fresh: list[str] = []
    blank = left_out = 0
    for done, (kind, one) in enumerate(questions, 1):
        normal = normalise(one.text)
        key = hashlib.blake2b(normal.encode(), digest_size=16).digest()
        if not normal:
            blank += 1
        elif key not in known and len(wordings) >= LARGEST:
            left_out += 1
        else:
            if key not in known:
                known[key] = len(wordings)
                wordings.append(_Wording((one.at, one.id)))
                fresh.append(normal)
            wording = wordings[known[key]]
            wording.kinds[kind] += 1
            wording.channels[one.channel] += 1
            wording.days[one.at.astimezone(zone).date()] += 1
            wording.first = min(wording.first, (one.at, one.id))
        if len(fresh) == BATCH:
            yield fresh, blank, left_out
            fresh, blank, left_out = [], 0, 0
        if done % BATCH == 0:
            told(done)
    yield fresh, blank, left_out


def _group(members: Sequence[_Wording], total: int) -> Group:
    """`members` in the order of the grouping: the first leads."""
    kinds: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    days: Counter[date] = Counter()
    for one in members:
        kinds += one.kinds
        channels += one.channels
        days += one.days
    return Group(
        id=members[0].first[1],
        size=kinds.total(),
        share=kinds.total() / total,
        missed=kinds["missed"],
        asked=kinds["asked"],
        wrong=kinds["wrong"],
        wordings=len(members),
        examples=tuple(one.first[1] for one in members[:EXAMPLES]),
        channels=dict(sorted(channels.items())),
        days=dict(sorted(days.items())),
    )


def _nearest(text: str, finder: Finder, locale: str) -> Nearest | None:
    if not text:
        return None
    said_in = locale_of(text, None, locale)
    finding = finder.find(text, said_in)
    if not finding.candidates:
        return None
    best = finding.candidates[0]
    return Nearest(best.ref.id, best.ref.version, best.title, best.confidence, finding.verdict)
