"""One function per transition of a version; each checks, changes and logs in one transaction.

    draft ──submit──► in_review ──approve──► approved ──retire──► retired
      └────────────approve───────────────────►│  ▲
                     in_review ──reject──► draft  └── a newer approval retires the one before

Nobody approves what he wrote. An approval names version and hash: it holds for exactly the text that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from bot import neutral
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ContentKind, ProductClass
from bot.slots import undeclared
from kb.articles import REGULATED, Content, Review, sealed
from kb.education import product_link
from kb.store import Change, Store
from kb.wording import objection

ARTICLE = ContentKind.ARTICLE
REPLACED = "replaced by a newer draft"
UNWRITTEN = "【請填寫答覆】"
"""Stands where a draft made of customers' questions (bot/gaps.py) has no answer yet. The linter knows its form too."""


class Audit(Protocol):
    """Writes one line of the audit log. `session` is the transaction's: both stand or fall together."""

    def __call__(
        self, actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any
    ) -> None: ...


def no_audit(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
    """For tests and for `kb evaluate`, which touch nothing that lasts."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author hands in; `kb.sources` checks files down to this."""

    id: str
    answer: Mapping[str, str]
    questions: tuple[str, ...] = ()
    product_class: ProductClass = ProductClass.GENERAL
    tags: tuple[str, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    imported: str = "localised"
    kind: ContentKind = ARTICLE


def create(
    store: Store, drafts: list[Draft], author: str, audit: Audit, now: datetime | None = None
) -> list[Content]:
    """New drafts, all or none; a known id gets its next version, and an older draft of it is withdrawn.

    Raises BadPayload where an id comes twice, or without author.
    """
    if not author:
        raise BadPayload("A draft needs an author.")
    if len({(d.kind, d.id) for d in drafts}) < len(drafts):
        raise BadPayload("The same id comes twice.")
    at = now or moment()

    def work(change: Change) -> list[Content]:
        made = [_draft(change, draft, author, at) for draft in drafts]
        change.add(made)
        for content in made:
            log(audit, change, author, "kb.draft", content)
        return made

    return store.change(work)


def submit(
    store: Store, content_id: str, actor: str, audit: Audit, *, kind: ContentKind = ARTICLE
) -> Content:
    """Draft to review. Raises NotFound, Conflict."""

    def work(change: Change) -> Content:
        content = change.open_version(kind, content_id)
        if content.status is not Review.DRAFT:
            raise Conflict(f"{content_id} is already in review.")
        change.mark(content, Review.DRAFT, status=Review.IN_REVIEW, note=None)
        log(audit, change, actor, "kb.submit", content)
        return replace(content, status=Review.IN_REVIEW, note=None)

    return store.change(work)


def reject(
    store: Store, content_id: str, actor: str, reason: str, audit: Audit, *, kind: ContentKind = ARTICLE
) -> Content:
    """Back to the author with a reason. Raises NotFound, Conflict, BadPayload without a reason."""
    if not reason.strip():
        raise BadPayload("A rejection needs a reason for the author.")

    def work(change: Change) -> Content:
        content = change.open_version(kind, content_id)
        if content.status is not Review.IN_REVIEW:
            raise Conflict(f"{content_id} is not in review.")
        change.mark(content, Review.IN_REVIEW, status=Review.DRAFT, note=reason)
        log(audit, change, actor, "kb.reject", content, reason=reason)
        return replace(content, status=Review.DRAFT, note=reason)

    return store.change(work)


def close(store: Store, seen: Content, actor: str, reason: str, audit: Audit) -> None:
    """Ends the version in review that was read for good, where `reject` hands it back. Raises BadPayload, Conflict."""
    if not reason.strip():
        raise BadPayload("A rejection needs a reason for the author.")

    def work(change: Change) -> None:
        change.mark(seen, Review.IN_REVIEW, status=Review.RETIRED, retired_at=moment(), note=reason)
        log(audit, change, actor, "kb.close", seen, reason=reason)

    store.change(work)


def approve(
    store: Store,
    content_id: str,
    approver: str,
    audit: Audit,
    *,
    kind: ContentKind = ARTICLE,
    seen: tuple[int, str] | None = None,
    now: datetime | None = None,
) -> Content:
    """The newest open version of an id comes into force; the one before is retired in the same moment.

    One that starts later leaves the one before in force until then: `kb.schedule`.

    `seen` is (version, sha256) of what the approver read. Raises NotAllowed for the author himself, Conflict where
    `seen` is no longer what is waiting, BadPayload for a text that may not be shown, NotFound.
    """
    at = now or moment()
    return store.change(lambda change: _approve(change, content_id, approver, audit, kind, seen, at))


def retire(
    store: Store,
    content_id: str,
    actor: str,
    audit: Audit,
    *,
    kind: ContentKind = ARTICLE,
    reason: str = "",
    now: datetime | None = None,
) -> Content:
    """Out of force at once. Raises NotFound; Conflict for a disclosure or notice that others rely on."""

    def work(change: Change) -> Content:
        waiting = change.scheduled(kind, content_id)
        content = change.approved(kind, content_id) or (waiting[0] if waiting else None)
        if content is None:
            raise NotFound(f"{content_id} has no version in force.")
        if kind is ContentKind.DISCLOSURE and change.approved_in_class(ARTICLE, content.product_class):
            raise Conflict(f"{content_id} travels with approved articles: approve its next version instead.")
        if kind is ContentKind.NOTICE:
            raise Conflict(f"The bot needs the notice {content_id}: approve its next version instead.")
        # What was to follow it goes with it: retired is not shown again by itself.
        gone = {one.key: one for one in (content, *waiting)}
        take_out(change, list(gone.values()), now or moment(), reason)
        log(audit, change, actor, "kb.retire", content, reason=reason)
        return replace(content, status=Review.RETIRED)

    return store.change(work)


def take_out(change: Change, contents: Sequence[Content], at: datetime, reason: str) -> None:
    """Out of force, or never into it, within the caller's transaction."""
    for one in contents:
        change.mark(one, one.status, status=Review.RETIRED, retired_at=at, note=reason or None)
    change.bump()


def ship(
    store: Store, drafts: list[Draft], author: str, approver: str, audit: Audit, now: datetime | None = None
) -> int:
    """Contents whose id the store does not know yet, written and approved in one transaction; how many there were.

    For what comes with the product and for the sample: a firm's own version of an id is never touched.
    """
    if author == approver:
        raise NotAllowed("Author and approver must be two people.")
    at = now or moment()

    def work(change: Change) -> int:
        new = [draft for draft in drafts if change.newest(draft.kind, draft.id) is None]
        change.add([_draft(change, draft, author, at) for draft in new])
        for draft in new:
            _approve(change, draft.id, approver, audit, draft.kind, None, at)
        return len(new)

    return store.change(work)


def _draft(change: Change, draft: Draft, author: str, at: datetime) -> Content:
    newest = change.newest(draft.kind, draft.id)
    if newest is not None and newest.status in (Review.DRAFT, Review.IN_REVIEW):
        change.mark(newest, newest.status, status=Review.RETIRED, retired_at=at, note=REPLACED)
    return version_of(draft, newest, author, at)


def version_of(draft: Draft, newest: Content | None, author: str, at: datetime) -> Content:
    """The draft as the version after `newest`."""
    return sealed(
        Content(
            kind=draft.kind,
            id=draft.id,
            version=1 if newest is None else newest.version + 1,
            answer=dict(draft.answer),
            questions=draft.questions,
            product_class=draft.product_class,
            tags=draft.tags,
            valid_from=draft.valid_from,
            valid_until=draft.valid_until,
            author=author,
            created_at=at,
            imported=draft.imported,
        )
    )


def _approve(
    change: Change,
    content_id: str,
    approver: str,
    audit: Audit,
    kind: ContentKind,
    seen: tuple[int, str] | None,
    at: datetime,
) -> Content:
    content = change.open_version(kind, content_id)
    if not approver:
        raise BadPayload("An approval needs a name.")
    if approver.casefold() == content.author.casefold():
        raise NotAllowed(f"{content_id} was written by the same person: somebody else has to approve it.")
    if seen is not None and seen != (content.version, content.sha256):
        raise Conflict(f"{content_id} was changed since you read it: read version {content.version} first.")
    _may_be_shown(change, content, at)
    later = content.valid_from is not None and content.valid_from > at
    before = change.approved(kind, content_id)
    status = Review.SCHEDULED if later and before is not None else Review.APPROVED
    note = f"superseded by version {content.version}"
    for old in [*change.scheduled(kind, content_id), *([before] if before and not later else [])]:
        change.mark(old, old.status, status=Review.RETIRED, retired_at=at, note=note)
    change.mark(content, content.status, status=status, approver=approver, approved_at=at, note=None)
    change.bump()
    log(audit, change, approver, "kb.approve", content)
    return replace(content, status=status, approver=approver, approved_at=at)


def _may_be_shown(change: Change, content: Content, at: datetime) -> None:
    for text in content.answer.values():
        if UNWRITTEN in text:
            raise BadPayload(f"{content.id} still has {UNWRITTEN} in its answer: write the answer first.")
        place = undeclared(content.kind, content.id, text)
        if place is not None:
            raise BadPayload(f"{content.id} has {place} in its text, which nothing would fill: write it out.")
        problem = neutral.objection(text) or (objection(text) if content.kind is ARTICLE else None)
        if problem:
            raise BadPayload(f"{content.id}: {problem}")
    link = product_link(content)
    if link is not None:
        raise BadPayload(f"{content.id} is education, which may not steer to a product: take out {link}.")
    if content.valid_until is not None and content.valid_until <= at:
        raise BadPayload(f"{content.id} ran out before its approval: give it a later valid_until.")
    if content.kind is ARTICLE and content.product_class in REGULATED:
        disclosures = change.approved_in_class(ContentKind.DISCLOSURE, content.product_class)
        if not any(d.in_force(at) for d in disclosures):
            raise BadPayload(
                f"{content.id} is about {content.product_class}: approve a disclosure for that class first."
            )


def log(audit: Audit, change: Change, actor: str, action: str, content: Content, **more: str | bool) -> None:
    """The line of a step, with the version and its hash."""
    detail = {"version": content.version, "sha256": content.sha256, **more}
    audit(actor, action, f"{content.kind}:{content.id}", detail, change.session)


def moment() -> datetime:
    # MongoDB keeps milliseconds; cut here so that what is returned equals what is read back
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
