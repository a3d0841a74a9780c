"""The page on which colleagues write how they would ask for an article, without a sign-in.

Why none: the page shows what every customer may read, and what is written on it has no effect before
an editor and then compliance have agreed; those who know best how customers ask (branches, the call centre) have no
account, and giving them one would let more people near customers' conversations than a page that shows none. The
address carries a keyed hash (192 bits) that is stored nowhere, ends after days or by a click, takes a limited number of
contributions, and is paced by address. Who made, used and closed it is in the audit log; nobody's address is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.ai.outgoing import visible
from bot.errors import BadPayload, Conflict, NotAllowed, NotFound
from bot.masking import find, mask
from bot.model import ContentKind, Role, Staff
from bot.mongo import Mongo, Session
from bot.store.audit import AuditStore
from bot.store.phrasings import Link, PhrasingStore
from bot.store.records import new_id, whole_ms
from kb.articles import Content
from kb.phrasings import fresh
from kb.store import Store

WRITERS = (Role.SENIOR, Role.SUPERVISOR, Role.COMPLIANCE)
LONGEST, LONGEST_DESCRIPTION = 120, 300
AT_ONCE = 10
DAYS = (3, 7, 14, 30)
MOST = 300
"""Contributions through one link."""
_ID = 24
_MASKED = re.compile(r"[*＊]|\[[^\]\s]+_\d+\]")


@dataclass(frozen=True, slots=True)
class Contributed:
    """`refused` holds (line as written, code): personal or long. `known` were there already, in other words."""

    new: int
    known: int
    refused: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Shared:
    """Raises NotFound, NotAllowed, Conflict and BadPayload; each sentence is fit to show."""

    mongo: Mongo
    store: PhrasingStore
    audit: AuditStore
    kb: Callable[[], Store]
    secret: str = field(repr=False)

    def share(self, staff: Staff, article: str, description: str, days: int) -> Link:
        """A new shared page. `description` says neutrally what the article is about, without a phrasing of it."""
        may_write(staff)
        words = " ".join(visible(description).split())
        if not words or len(words) > LONGEST_DESCRIPTION:
            raise BadPayload(f"Describe the article in 1 to {LONGEST_DESCRIPTION} characters.")
        if find(words, "model"):
            raise BadPayload("The description holds personal data: take it out.")
        if days not in DAYS:
            raise BadPayload("Choose how long the page stays open.")
        content = approved(self.kb(), article)
        now = whole_ms(datetime.now(UTC))
        link = Link(new_id(), content.id, words, staff.id, now, now + timedelta(days=days))

        def work(session: Session) -> None:
            self.store.add_link(link, session)
            detail = {"link": link.id, "days": days}
            self.audit.add(staff.id, "phrasings:link:open", f"article:{content.id}", detail, session)

        self.mongo.transaction(work)
        return link

    def links(self, article: str) -> list[Link]:
        return self.store.links(article)

    def close(self, staff: Staff, link_id: str) -> Link:
        may_write(staff)
        link = self.store.link(link_id)
        if link is None:
            raise NotFound("There is no such page.")

        def work(session: Session) -> None:
            if not self.store.close_link(link_id, whole_ms(datetime.now(UTC)), session):
                raise Conflict("This page is closed already.")
            detail = {"link": link_id, "taken": link.taken}
            self.audit.add(staff.id, "phrasings:link:close", f"article:{link.article}", detail, session)

        self.mongo.transaction(work)
        return link

    def token(self, link_id: str) -> str:
        """What stands in the address of a shared page."""
        digest = hmac.digest(self.secret.encode(), f"phrasings:{link_id}".encode(), hashlib.sha256)
        return link_id + base64.urlsafe_b64encode(digest[:24]).decode()

    def invited(self, token: str) -> tuple[Link, Content | None]:
        """The link and its article; None for the article where the page has ended. Raises NotFound for no such page."""
        link_id = token[:_ID]
        if not hmac.compare_digest(token.encode(), self.token(link_id).encode()):
            raise NotFound("There is no such page.")
        link = self.store.link(link_id)
        if link is None:
            raise NotFound("There is no such page.")
        if link.closed is not None or link.expires <= datetime.now(UTC) or link.taken >= MOST:
            return link, None
        return link, next(
            (c for c in versions(self.kb(), link.article) if c.in_force(datetime.now(UTC))), None
        )

    def contribute(self, token: str, lines: Sequence[str]) -> Contributed:
        """What a colleague wrote, as suggestions. Raises Conflict where the page has ended meanwhile."""
        link, content = self.invited(token)
        if content is None:
            raise Conflict("This page has ended: nothing was taken.")
        plain = [text for given in lines[:AT_ONCE] if (text := one_line(given))]
        refused = [(text, code) for text in plain if (code := objection(text))]
        bad = {text for text, _ in refused}
        good = [text for text in plain if text not in bad]
        new = fresh(good, content.questions)

        def work(session: Session) -> int:
            added = self.store.add(
                link.article, list(new.items()), "colleague", link.id, whole_ms(datetime.now(UTC)), session
            )
            if not self.store.use_link(link.id, len(new), MOST, whole_ms(datetime.now(UTC)), session):
                raise Conflict("This page has ended: nothing was taken.")
            detail = {"new": added, "refused": len(refused)}
            self.audit.add(
                f"link:{link.id}", "phrasings:contribute", f"article:{link.article}", detail, session
            )
            return added

        added = self.mongo.transaction(work) if good else 0
        return Contributed(added, len(good) - added, tuple(refused))


OBJECTIONS = {
    "personal": "A phrasing holds personal data: take it out.",
    "long": f"A phrasing has more than {LONGEST} characters: shorten it.",
}


def objection(text: str) -> str:
    """A key of OBJECTIONS, or nothing. What was masked (`*`, `[手機_1]`) is no phrasing either."""
    if len(text) > LONGEST:
        return "long"
    if find(text, "model") or mask(text).masked != text or _MASKED.search(text):
        return "personal"
    return ""


def one_line(text: str) -> str:
    return " ".join(visible(text).split())


def may_write(staff: Staff) -> None:
    if staff.role not in WRITERS:
        raise NotAllowed("Your role may not write this kind of content.")


def versions(kb: Store, article: str) -> list[Content]:
    """All of an article, the newest first. Raises NotFound."""
    found = kb.versions(ContentKind.ARTICLE, article)
    if not found:
        raise NotFound("There is no such content.")
    return found


def approved(kb: Store, article: str) -> Content:
    """The version in force. Raises NotFound."""
    now = datetime.now(UTC)
    found = next((one for one in versions(kb, article) if one.in_force(now)), None)
    if found is None or not found.questions:
        raise NotFound("This article is not in force any more.")
    return found
