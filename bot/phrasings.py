"""More ways to ask for an article: from customers who confirmed it, from colleagues by a shared page, from the model.

Nothing gets into the knowledge by itself. An editor takes suggestions over into a draft version, which is reviewed like
any other. Customers' questions are opened only to be shown, masked and audited, and never kept here: names are not
masked by a machine, so what is stored of them is what an editor has read and sent back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.ai.adviser import Adviser
from bot.ai.model import Call
from bot.errors import BadPayload, Conflict, NotAllowed
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Mongo, Session
from bot.shared_phrasings import (
    LONGEST,
    OBJECTIONS,
    Shared,
    approved,
    may_write,
    objection,
    one_line,
    versions,
)
from bot.store.audit import AuditStore
from bot.store.phrasings import ACCEPTED, DISMISSED, PhrasingStore, Suggestion
from bot.store.questions import QuestionStore
from bot.store.records import whole_ms
from bot.vault import Vault
from kb import review
from kb.articles import Content, Review
from kb.phrasings import base, extended, fresh
from kb.review import Audit
from kb.store import Store

READERS = (Role.SUPERVISOR, Role.COMPLIANCE)
"""Who of them may read customers' questions; the same as for drafts out of gaps (bot/gaps.py)."""
SHOWN = 30
COUNTED = timedelta(days=92)
AGAIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A customer's question as people may read it; `hidden` where something in it was masked."""

    id: str
    at: datetime
    masked: str = field(repr=False)
    hidden: bool = False


@dataclass(slots=True)
class _Counted:
    """Three months of decisions are much to read, and an order of articles may be minutes old."""

    at: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Phrasings:
    """Raises NotFound, NotAllowed, Conflict (reload) and BadPayload; each sentence is fit to show."""

    mongo: Mongo
    store: PhrasingStore
    questions: QuestionStore
    audit: AuditStore
    kb: Callable[[], Store]
    kb_audit: Audit
    shared: Shared
    adviser: Adviser | None = None
    _counted: _Counted = field(default_factory=_Counted, repr=False)

    # -- what there is --------------------------------------------------------------------------------------------

    def asked(self) -> Mapping[str, int]:
        """How often each article was answered, offered or chosen in the last three months, at most AGAIN_S old."""
        now, known = time.monotonic(), self._counted
        if known.at is None or now - known.at > AGAIN_S:
            known.counts = self.store.asked(datetime.now(UTC) - COUNTED)
            known.at = now
        return known.counts

    def waiting(self) -> Mapping[str, int]:
        return self.store.waiting()

    def suggestions(self, article: str) -> list[Suggestion]:
        return self.store.open(article)

    def customers(self, staff: Staff, article: str) -> list[Asked]:
        """Questions to which this article was the answer and which say something new. Noted before they are opened."""
        if staff.role not in READERS:
            raise NotAllowed("Only a supervisor or a compliance officer reads customers' questions here.")
        content = self._compared(article)
        ids = self.store.confirmed(article, 3 * SHOWN)
        detail = {"questions": len(ids)}
        self.audit.add(staff.id, "phrasings:customers:open", f"article:{article}", detail, shown=ids)
        found = {one.id: one for one in self.questions.some(ids) if one.text}
        texts = {one.id: one_line(one.text) for one in found.values()}
        new = fresh((text for text in texts.values() if 0 < len(text) <= LONGEST), content.questions)
        told = set(new.values())
        shown: list[Asked] = []
        for one in found.values():
            text = texts[one.id]
            if text in told:
                told.discard(text)
                masked = mask(text).masked
                shown.append(Asked(one.id, one.at, masked, hidden=masked != text))
        return shown[:SHOWN]

    # -- the model ------------------------------------------------------------------------------------------------

    def ask_model(self, staff: Staff, article: str) -> tuple[int, Call | None]:
        """Suggestions of the firm's model: how many are new, and its call (None: the firm does not allow the purpose).

        Only the approved version's questions are sent. Raises BadPayload where there is no model.
        """
        may_write(staff)
        if self.adviser is None:
            raise BadPayload("There is no model to ask; set OPENAI_API_KEY.")
        questions = approved(self.kb(), article).questions
        self.adviser.warm()
        advice = self.adviser.paraphrase(questions[0], questions)
        call = advice.call
        if call is None:
            return 0, None
        new = fresh(
            (one for one in advice.value or () if not objection(one)), self._compared(article).questions
        )
        origin = f"{call.model} {call.prompt}"

        def work(session: Session) -> int:
            added = self.store.add(
                article, list(new.items()), "model", origin, whole_ms(datetime.now(UTC)), session
            )
            detail = {"new": added, "model": call.model, "prompt": call.prompt, "outcome": call.outcome}
            self.audit.add(staff.id, "phrasings:model", f"article:{article}", detail, session)
            return added

        return self.mongo.transaction(work), call

    # -- the editor's decision ------------------------------------------------------------------------------------

    def accept(self, staff: Staff, article: str, ids: Sequence[str], texts: Sequence[str] = ()) -> Content:
        """A new draft version with those suggestions, and with `texts`: customers' questions as the editor has read and
        sent them back. A draft that waits is built upon, and keeps its place in the line of versions."""
        may_write(staff)
        if texts and staff.role not in READERS:
            raise NotAllowed("Only a supervisor or a compliance officer takes over customers' questions.")
        chosen = [one for one in self.store.open(article) if one.id in set(ids)]
        own = [text for one in texts if (text := one_line(one))]
        for text in own:
            if fault := objection(text):
                raise BadPayload(OBJECTIONS[fault])
        found = self._versions(article)
        before, newest = base(found), found[0].version
        new = fresh((*(one.text for one in chosen), *own), before.questions)
        if not new:
            raise BadPayload("Choose at least one phrasing that is not there yet.")
        sources = {"colleague": 0, "model": 0}
        for one in chosen:
            sources[one.source] += 1

        def audited(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
            # Inside the transaction that numbers the version, so that a colleague's version of this moment is not lost.
            if detail["version"] != newest + 1:
                raise Conflict("Somebody else changed the same article a moment ago: look again.")
            self.kb_audit(actor, action, target, detail, session)
            taken = self.store.decide(
                article,
                [one.id for one in chosen],
                ACCEPTED,
                actor,
                whole_ms(datetime.now(UTC)),
                session=session,
            )
            if taken != len(chosen):
                raise Conflict("A colleague has decided on some of them: look again.")
            counts = {**sources, "customer": len(own), "version": detail["version"]}
            self.audit.add(actor, "phrasings:accept", target, counts, session)

        return review.create(self.kb(), [extended(before, new.values())], staff.id, audited)[0]

    def dismiss(self, staff: Staff, article: str, ids: Sequence[str]) -> int:
        """How many; their texts are gone, and the same words are not suggested again."""
        may_write(staff)

        def work(session: Session) -> int:
            count = self.store.decide(article, ids, DISMISSED, staff.id, whole_ms(datetime.now(UTC)), session)
            if count:
                self.audit.add(staff.id, "phrasings:dismiss", f"article:{article}", {"count": count}, session)
            return count

        return self.mongo.transaction(work)

    def _versions(self, article: str) -> list[Content]:
        return versions(self.kb(), article)

    def _compared(self, article: str) -> Content:
        """The version whose questions count as known: what a draft of now would build on, or what is in review."""
        found = self._versions(article)
        return next((one for one in found if one.status is Review.IN_REVIEW), None) or base(found)


def phrasings_of(
    mongo: Mongo, vault: Vault, audit: AuditStore, kb_audit: Audit, secret: str, adviser: Adviser | None
) -> Phrasings:
    """Connects nothing; `secret` keys the addresses of shared pages."""

    def kb() -> Store:
        return Store(mongo.db)

    store = PhrasingStore(mongo, vault)
    shared = Shared(mongo, store, audit, kb, secret)
    return Phrasings(mongo, store, QuestionStore(mongo, vault), audit, kb, kb_audit, shared, adviser)
