"""Reading what was drawn: verdicts without sight of each other, a third one's word, findings and what follows.

Two may have to read the same reply. Until both have, nobody is shown what the first said: not on a page, not in a
report, and the audit log holds only a digest of it (with a nonce, as there are few verdicts) until the reply is
settled, when it gets both.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.model import ContentKind, Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.quality import verdicts
from bot.quality.audits import Audits
from bot.quality.verdicts import RESOLVES, REVIEWS, RIGHT, SIGNS, SUSPENDS, is_own, must
from bot.store import quality as states
from bot.store.audit import AuditStore
from bot.store.quality import QualityStore
from bot.store.records import whole_ms
from bot.store.restricted import READS_RESTRICTED

WRITERS = (Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE)
READS = (Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR)
FINDINGS = 200
QUICKER = "A colleague was quicker with this reply: the page now shows how things stand."
OPEN, DONE = "open", "done"

People = Callable[[Sequence[Mapping[str, Any]]], tuple[str, ...]]
"""Those who wrote or approved one of the cited versions, by id or e-mail, authors first."""
Owner = Callable[[Sequence[Mapping[str, Any]]], str | None]
"""The staff id of who looks after the cited article; None where nobody of the staff wrote or approved it."""
Suspend = Callable[[str, int, str, str], object]
"""(article, version, actor, reason): out of force at once, everybody who was sent it listed for a correction."""


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Raises NotFound, NotAllowed, Conflict and BadPayload with sentences fit to show; PyMongoError."""

    mongo: Mongo
    store: QualityStore
    audit: AuditStore
    audits: Audits
    people: People
    owner: Owner
    suspend_article: Suspend
    due_days: int
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    # -- whose turn it is ---------------------------------------------------------------------------------------------

    def queue(self, staff: Staff, draw: str) -> list[Doc]:
        """What this person may review now, in an order of their own, so that two begin in different places."""
        if staff.role not in REVIEWS:
            return []
        found = self.store.open_for(draw, staff.id)
        hidden = self.store.restricted([one["conversation"] for one in found])
        mine = [
            one
            for one in found
            if one["conversation"] not in hidden and not is_own(staff, self.people(one["refs"]))
        ]
        return sorted(mine, key=lambda one: hashlib.sha256(f"{staff.id}/{one['_id']}".encode()).digest())

    def disputed(self, staff: Staff, draw: str) -> list[Doc]:
        """What this person may decide because two disagreed."""
        if staff.role not in RESOLVES:
            return []
        found = [one for one in self.store.items(draw) if one["state"] == states.DISPUTED]
        return [one for one in found if self._why_not(staff, one) is None]

    def open(self, staff: Staff, item_id: str) -> Doc:
        """The item for somebody who will see its words: noted before anything is shown, and without what others said
        while that is not theirs to know."""
        must(staff, READS)
        item = self._item(item_id)
        if item["state"] == states.OPEN and staff.role not in REVIEWS:
            raise NotFound("This reply has not been reviewed yet.")
        hidden = staff.role not in READS_RESTRICTED and self.store.restricted([item["conversation"]])
        if hidden or (staff.role is Role.SENIOR and not self._theirs(staff, item)):
            raise NotFound("There is no such reply in a sample.")
        detail = {"item": item_id, "message": item["message"]}
        self.audit.add(staff.id, "audit:reply:open", item["conversation"], detail)
        return self._shown(staff, item)

    def may(self, staff: Staff, item: Doc) -> str:
        """What this person may do with it: review, resolve, or nothing."""
        if item["state"] == states.OPEN and staff.role in REVIEWS and self._why_not(staff, item) is None:
            return "review"
        if item["state"] == states.DISPUTED and staff.role in RESOLVES and self._why_not(staff, item) is None:
            return "resolve"
        return ""

    # -- verdicts -----------------------------------------------------------------------------------------------------

    def review(self, staff: Staff, item_id: str, verdict: str, reason: str) -> Doc:
        """One verdict; the item as it stands now, as `open` shows it."""
        must(staff, REVIEWS)
        kept = verdicts.said(verdict, reason)
        item = self._item(item_id)
        if item["state"] != states.OPEN:
            raise Conflict(QUICKER)
        self._four_eyes(staff, item)
        at = whole_ms(self.now())
        mine: Doc = {
            "by": staff.id,
            "at": at,
            "verdict": verdict,
            "reason": kept,
            "nonce": secrets.token_hex(16),
        }
        all_of_them = [*item["reviews"], mine]
        change: Doc = {"$push": {"reviews": mine}}
        settles = len(all_of_them) == item["needed"]
        agreed = len({one["verdict"] for one in all_of_them}) == 1
        if settles:
            change["$set"] = self._settled(item, verdict, kept, at) if agreed else {"state": states.DISPUTED}

        def work(session: Session) -> None:
            if not self.store.change_item(item_id, states.OPEN, len(item["reviews"]), change, session):
                raise Conflict(QUICKER)
            said = {"item": item_id, "message": item["message"]}
            told = {"verdict": verdict, "reason": kept} if item["needed"] == 1 else {"digest": digest(mine)}
            self.audit.add(staff.id, "audit:reply:review", item["conversation"], {**said, **told}, session)
            if settles and item["needed"] > 1:
                both = [{name: one[name] for name in ("by", "verdict", "nonce")} for one in all_of_them]
                detail = {**said, "agreed": agreed, "verdicts": both}
                self.audit.add(staff.id, "audit:reply:settle", item["conversation"], detail, session)

        self.mongo.transaction(work)
        return self._shown(staff, self._item(item_id))

    def resolve(self, staff: Staff, item_id: str, verdict: str, reason: str) -> Doc:
        """A third one's word where two disagreed."""
        must(staff, RESOLVES)
        kept = verdicts.said(verdict, reason, needed=True)
        item = self._item(item_id)
        if item["state"] != states.DISPUTED:
            raise Conflict(QUICKER)
        self._four_eyes(staff, item)
        at = whole_ms(self.now())
        change = {
            "$set": {**self._settled(item, verdict, kept, at), "resolved_by": staff.id, "resolved": kept}
        }

        def work(session: Session) -> None:
            if not self.store.change_item(item_id, states.DISPUTED, len(item["reviews"]), change, session):
                raise Conflict(QUICKER)
            detail = {"item": item_id, "message": item["message"], "verdict": verdict, "reason": kept}
            self.audit.add(staff.id, "audit:reply:resolve", item["conversation"], detail, session)

        self.mongo.transaction(work)
        return self._shown(staff, self._item(item_id))

    def complete(self, draw: str) -> bool:
        """Whether it was read to the end; who was restricted since the draw is read by nobody and holds nothing up."""
        left = [one["conversation"] for one in self.store.items(draw) if one["state"] != states.SETTLED]
        return not set(left) - self.store.restricted(left)

    def sign(self, staff: Staff, draw: str) -> None:
        """Compliance's name under the report of a sample that has been read to the end."""
        must(staff, SIGNS)
        report = self.audits.report(draw)
        if not self.complete(draw):
            raise Conflict("Not every reply of the sample has its verdict yet.")
        figures = self.audits.figures(report)
        fields = {
            "state": states.SIGNED,
            "signed_by": staff.id,
            "signed_at": whole_ms(self.now()),
            "figures": figures,
        }

        def work(session: Session) -> None:
            if not self.store.change_week(draw, states.DRAWN, fields, session):
                raise Conflict("A colleague has signed this report.")
            detail = {name: figures[name] for name in ("n", "passed", "rate", "low", "high")}
            self.audit.add(staff.id, "audit:sample:sign", f"audit-week:{draw}", detail, session)

        self.mongo.transaction(work)

    # -- what follows -------------------------------------------------------------------------------------------------

    def findings(self, state: str | None = OPEN, owner: str | None = None) -> list[Doc]:
        """The first due first."""
        return self.store.findings(state, FINDINGS, owner)

    def take(self, staff: Staff, item_id: str) -> None:
        """Look after a finding that nobody does, or that somebody else does."""
        must(staff, WRITERS)
        self._finding(item_id)
        self._change(staff, item_id, {"state": OPEN}, {"owner": staff.id}, "audit:finding:take", {})

    def close(self, staff: Staff, item_id: str, note: str) -> None:
        """What was done about it."""
        must(staff, WRITERS)
        kept = verdicts.because(note)
        finding = self._finding(item_id)["finding"]
        if finding["owner"] != staff.id and staff.role not in RESOLVES:
            raise Conflict("Take the finding first: it is somebody else's.")
        fields = {"state": DONE, "closed_by": staff.id, "closed_at": whole_ms(self.now()), "note": kept}
        self._change(staff, item_id, {"state": OPEN}, fields, "audit:finding:close", {"note": kept})

    def suspend(self, staff: Staff, item_id: str, reason: str) -> str:
        """Take the article that the reply cites out of force now; its id. For a reply that was found at fault, or that
        this person is reviewing."""
        must(staff, SUSPENDS)
        kept = verdicts.because(reason)
        item = self._item(item_id)
        article = next((one for one in item["refs"] if one["kind"] == ContentKind.ARTICLE.value), None)
        if article is None:
            raise BadPayload("This reply says a notice, which the bot needs: have its next version approved.")
        if item["verdict"] == RIGHT:
            raise BadPayload("This reply was found right.")
        self.suspend_article(article["id"], article["version"], staff.id, kept)
        at = whole_ms(self.now())

        def work(session: Session) -> None:
            detail = {"article": article["id"], "version": article["version"], "reason": kept}
            self.audit.add(staff.id, "audit:article:suspend", f"audit-item:{item_id}", detail, session)
            self.store.change_finding(item_id, {"state": OPEN}, {"suspended_at": at}, session)

        self.mongo.transaction(work)
        return str(article["id"])

    # -- inside -------------------------------------------------------------------------------------------------------

    def _change(self, staff: Staff, item_id: str, where: Doc, fields: Doc, action: str, detail: Doc) -> None:
        def work(session: Session) -> None:
            if not self.store.change_finding(item_id, where, fields, session):
                raise Conflict("A colleague has closed this finding.")
            self.audit.add(staff.id, action, f"audit-item:{item_id}", detail, session)

        self.mongo.transaction(work)

    def _settled(self, item: Doc, verdict: str, reason: str, at: datetime) -> Doc:
        fields: Doc = {"state": states.SETTLED, "verdict": verdict, "settled_at": at}
        if verdict != RIGHT:
            fields["finding"] = {
                "state": OPEN,
                "verdict": verdict,
                "reason": reason,
                "owner": self.owner(item["refs"]),
                "due": at + timedelta(days=self.due_days),
                "suspended_at": None,
            }
        return fields

    def _four_eyes(self, staff: Staff, item: Doc) -> None:
        if why := self._why_not(staff, item):
            raise NotAllowed(why)

    def _why_not(self, staff: Staff, item: Doc) -> str | None:
        if any(one["by"] == staff.id for one in item["reviews"]):
            return "You have reviewed this reply: somebody else says the rest."
        if is_own(staff, self.people(item["refs"])):
            return "You wrote or approved what this reply says: somebody else reviews it."
        return None

    def _theirs(self, staff: Staff, item: Doc) -> bool:
        """Whether this reviewer has or had to do with it: people read what their work needs."""
        owns = item.get("finding", {}).get("owner") == staff.id
        return bool(self.may(staff, item)) or owns or any(one["by"] == staff.id for one in item["reviews"])

    def _shown(self, staff: Staff, item: Doc) -> Doc:
        seen = item["state"] == states.SETTLED or self.may(staff, item) == "resolve"
        if not seen:
            seen = item["state"] == states.DISPUTED and staff.role in (Role.COMPLIANCE, Role.AUDITOR)
        reviews = [one for one in item["reviews"] if seen or one["by"] == staff.id]
        bare = [{name: value for name, value in one.items() if name != "nonce"} for one in reviews]
        return {name: value for name, value in item.items() if name != "needed"} | {"reviews": bare}

    def _item(self, item_id: str) -> Doc:
        found = self.store.item(item_id)
        if found is None:
            raise NotFound("There is no such reply in a sample.")
        return found

    def _finding(self, item_id: str) -> Doc:
        found = self._item(item_id)
        if "finding" not in found:
            raise NotFound("There is no such finding.")
        return found


def digest(review: Mapping[str, Any]) -> str:
    """What the audit log holds of a verdict that others may not know yet: SHA-256 of nonce, verdict and reason."""
    return hashlib.sha256(f"{review['nonce']}\n{review['verdict']}\n{review['reason']}".encode()).hexdigest()
