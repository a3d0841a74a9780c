"""The `Finder`: an immutable snapshot of the approved knowledge that follows approvals.

A reader takes one reference and works on it undisturbed; a change builds the next snapshot beside it and swaps. Texts
and retirements count the moment the new library is read; the index follows. Nothing runs until it is asked for:
construction reads nothing, and a process that only shows texts (the console) never builds an index.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import ServiceError
from bot.model import ContentKind, Finding, Found, Ref
from kb.articles import REGULATED, Content, Review, sealed
from kb.library import Library
from kb.proof import Earned, promoted
from kb.review import Draft
from kb.search import encoders
from kb.search.decide import ANSWER, Mode, decide, distinct, ranked
from kb.search.follow import follow
from kb.search.index import Index, Ranking
from kb.search.normalise import normalise

log = logging.getLogger(__name__)

Load = Callable[[], tuple[int, list[Content]]]
HIDDEN_FOR = timedelta(seconds=1)
"""How long what may not be shown is taken from memory: articles come and go to the minute."""
_FOLLOW_UP = 8
"""Normalised characters up to which a message may be read together with the one before it."""


@dataclass(frozen=True, slots=True)
class _State:
    library: Library
    index: Index | None = None


class Knowledge:
    """Safe for any number of threads. `load` and `revision` are the store's; `cache_dir` holds vectors, None: memory.

    `clock` gives now, aware; `earned` what reviewed traffic allows to be answered directly, which only `proven` asks.
    Reading methods raise what `load` and `earned` raise (Unavailable) only at the very first use; later the last good
    state serves on.
    """

    def __init__(
        self,
        load: Load,
        revision: Callable[[], int],
        cache_dir: Path | None,
        mode: str = Mode.CONFIDENT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        earned: Callable[[], Earned] = Earned,
    ) -> None:
        self.mode = Mode(mode)
        self._load = load
        self._revision = revision
        self._cache_dir = cache_dir
        self._clock = clock
        self._earned_now = earned
        self._earned = Earned()
        self._state: _State | None = None
        self._hidden: tuple[_State, datetime, frozenset[int]] | None = None
        self._searching = False
        self._building = threading.RLock()
        self._stop = threading.Event()
        self._completing: threading.Thread | None = None

    @classmethod
    def from_articles(
        cls, drafts: Iterable[Draft], cache_dir: Path | None = None, mode: str = Mode.CONFIDENT
    ) -> Knowledge:
        """A knowledge base that no store knows, every draft as if approved; shipped notices have to be among them."""
        now = datetime.now(UTC)
        contents = [as_approved(draft, now) for draft in drafts]
        return cls(lambda: (1, contents), lambda: 1, cache_dir, mode)

    # -- Finder ---------------------------------------------------------------------------------------------------

    def find(self, text: str, locale: str, history: Sequence[str] = ()) -> Finding:
        """A short question that finds no answer by itself is read together with the one before; then it only asks."""
        index, hidden = self._searchable()
        if index is None:
            return Finding("miss", (), {"search": "empty"})
        finding = self._decided(index.rank(text, hidden=hidden, settled=True), index, locale)
        if finding.verdict != "answer" and history and len(normalise(text)) <= _FOLLOW_UP:
            return self._together(finding, f"{history[-1]} {text}", index, hidden, locale)
        return finding

    def _decided(self, ranking: Ranking, index: Index, locale: str) -> Finding:
        finding = decide(ranking, index.articles, self.mode, locale)
        return promoted(finding, self._earned) if self.mode is Mode.PROVEN else finding

    def worded_so(self, text: str) -> bool:
        index, hidden = self._searchable()
        return index is not None and any(n not in hidden for n in index.exact(text, normalise(text)))

    def ranking(self, text: str, locale: str) -> tuple[Found, ...]:
        """Up to ten candidates whatever the thresholds: what the figures of an evaluation are about."""
        index, hidden = self._searchable()
        return () if index is None else ranked(index.rank(text, hidden=hidden), index.articles, locale)

    def _searchable(self) -> tuple[Index | None, frozenset[int]]:
        """The index, and the positions in it that may not be shown at this minute."""
        state, now = self._ready(), self._clock()
        if state.index is None:
            return None, frozenset()
        known = self._hidden
        if known is None or known[0] is not state or not timedelta() <= now - known[1] < HIDDEN_FOR:
            may_show = state.library.may_show
            hidden = frozenset(n for n, a in enumerate(state.index.articles) if not may_show(a, now))
            known = self._hidden = (state, now, hidden)
        return state.index, known[2]

    def _together(
        self, alone: Finding, text: str, index: Index, hidden: frozenset[int], locale: str
    ) -> Finding:
        joint = decide(index.rank(text, hidden=hidden), index.articles, Mode.ASK, locale)
        before = alone.candidates[0].confidence if alone.candidates else 0.0
        if joint.verdict == "miss" or joint.candidates[0].confidence <= before:
            return alone
        own = alone.candidates[:1] if alone.verdict == "ask" else ()
        choices = distinct([*joint.candidates[: 2 if own else 3], *own])
        sure = min(joint.candidates[0].confidence, ANSWER)
        return Finding(
            "ask",
            tuple(replace(c, confidence=min(c.confidence, sure)) for c in choices),
            joint.trace | {"follow_up": True},
        )

    def article(self, article_id: str) -> Ref | None:
        library, now = self._library(), self._clock()
        content = library.approved(ContentKind.ARTICLE, article_id, now)
        return content.ref if content is not None and library.may_show(content, now) else None

    def notice(self, notice_id: str) -> Ref:
        content = self._library().approved(ContentKind.NOTICE, notice_id, self._clock())
        if content is None:
            raise KeyError(notice_id)
        return content.ref

    def disclosures(self, ref: Ref) -> tuple[Ref, ...]:
        """Raises KeyError where the article's class needs one and none is in force: it may not be shown then."""
        content = self._version(ref)
        if content.kind is not ContentKind.ARTICLE:
            return ()
        found = self._library().disclosures(content.product_class, self._clock())
        if not found and content.product_class in REGULATED:
            raise KeyError(f"no disclosure in force for {content.product_class}")
        return tuple(d.ref for d in found)

    def text(self, ref: Ref, locale: str) -> str:
        return self._version(ref).text(locale)

    def title(self, ref: Ref, locale: str) -> str:
        return self._version(ref).title(locale)

    def product_class(self, ref: Ref) -> str | None:
        content = self._version(ref)
        return None if content.kind is ContentKind.NOTICE else str(content.product_class)

    def articles(self) -> tuple[Content, ...]:
        """Those that may be shown at this minute."""
        return tuple(a for a in self._library().articles if self._library().may_show(a, self._clock()))

    # -- following the store --------------------------------------------------------------------------------------

    def refresh(self) -> bool:
        """Looks whether something changed in force and follows; True if so. Raises what the store raises.

        What is earned is read first: an index that takes its time must not keep a class on.
        """
        if self.mode is Mode.PROVEN:
            self._earned = self._earned_now()
        with self._building:
            state = self._state
            if state is not None and self._revision() == state.library.revision:
                return False
            library = Library(*self._load())
            # from here on withdrawn texts are gone, while the old index still finds the others
            self._state = _State(library, None if state is None else state.index)
            if self._searching:
                self._reindex(library)
            return True

    def build(self) -> float:
        """The complete index now, whatever it takes; seconds. For measurements and for a start before traffic."""
        with self._building:
            library = self._library()
            started = time.perf_counter()
            self._searching = True
            index = Index(library.articles, encoders.available(), self._cache_dir)
            self._state = _State(library, index if library.articles else None)
            return time.perf_counter() - started

    def watch(self, interval: float = 1.0) -> None:
        """Follows the store from a background thread; `stop` ends it. An approval counts after about `interval` s."""
        threading.Thread(target=self._follow, args=(interval,), name="knowledge", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _follow(self, interval: float) -> None:
        while not self._stop.wait(interval):
            try:
                if self._state is not None:
                    self.refresh()
            except ServiceError as error:
                log.warning("knowledge not refreshed: %s", error)
            except Exception:  # a thread that dies would freeze the knowledge without a word
                log.exception("knowledge not refreshed")

    def _reindex(self, library: Library) -> None:
        """The best index that is ready within the promise of 5 s; a better one follows by itself."""
        articles, able = library.articles, encoders.available()
        before = self._state.index if self._state is not None else None
        if not articles:
            self._state = _State(library)
            return
        index, better_follows = follow(before, articles, able, self._cache_dir)
        self._state = _State(library, index)
        if better_follows:
            self._complete_soon()

    def _complete_soon(self) -> None:
        if self._completing is None or not self._completing.is_alive():
            self._completing = threading.Thread(target=self._complete, name="knowledge-index", daemon=True)
            self._completing.start()

    def _complete(self) -> None:
        """The index as a process that starts now would have it, so that all of them agree in the end.

        Without the lock, since a change meanwhile must not wait for it.
        """
        able = encoders.available()
        try:
            while (state := self._state) is not None and not self._stop.is_set():
                articles = state.library.articles
                index = Index(articles, able, self._cache_dir, state.index) if articles else None
                with self._building:
                    if self._state is not None and self._state.library.articles is articles:
                        self._state = _State(self._state.library, index)
                        self._completing = None
                        return
        except Exception:
            log.exception("the complete index was not built; the one before serves on")

    def _ready(self) -> _State:
        state = self._state
        if state is not None and self._searching:
            return state
        with self._building:
            library = self._library()
            if not self._searching:
                self._reindex(library)
                self._searching = True
            return self._state or _State(library)

    def _library(self) -> Library:
        if self._state is None:
            self.refresh()
        if self._state is None:  # pragma: no cover  refresh sets it or raises
            raise KeyError("no knowledge")
        return self._state.library

    def _version(self, ref: Ref) -> Content:
        library = self._library()
        try:
            return library.version(ref)
        except KeyError:
            self.refresh()  # approved a moment ago, and decided on by a process that was quicker
            return self._library().version(ref)


def as_approved(draft: Draft, now: datetime) -> Content:
    """A draft as the approved version 1 that it would become."""
    return sealed(
        Content(
            kind=draft.kind,
            id=draft.id,
            version=1,
            answer=dict(draft.answer),
            questions=draft.questions,
            product_class=draft.product_class,
            tags=draft.tags,
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
            status=Review.APPROVED,
            created_at=now,
            approved_at=now,
            imported=draft.imported,
        )
    )
