"""Messages that customers edited or took back: the original stays, an amendment is a record of its own that names it.

An amendment has kind `edit` or `unsend` and `of`, the id of the message it is about. It is found by the platform's own
id of the message (`platform_id`), which stands in the clear: a number that tells nothing without the platform's books,
and by which nobody can be looked up there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Conversation, Kind, Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.store.documents import conversation_of
from bot.store.records import Sealed

AMENDS = (Kind.EDIT.value, Kind.UNSEND.value)
SEES_ALL = (Role.COMPLIANCE, Role.AUDITOR)
"""Who sees every version; all others see the latest."""


@dataclass(frozen=True, slots=True)
class Original:
    """What was amended, and its conversation as it stands now."""

    id: str
    conversation: Conversation


class AmendStore:
    """Every method raises PyMongoError."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def original(self, thread: str, customer_id: str, platform_id: str) -> Original | None:
        """The customer's message that the platform calls so on this thread; None where it is not in the record."""
        query = {"thread": thread, "platform_id": platform_id, "customer": customer_id}
        doc = self._mongo["messages"].find_one(query, {"conversation": 1})
        if doc is None:
            return None
        found = self._mongo["conversations"].find_one({"_id": doc["conversation"]})
        return None if found is None else Original(doc["_id"], conversation_of(found))

    def before(self, session: Session, conversation_id: str) -> Doc:
        """What the list and the bot remember of a conversation, before an amendment is written into it."""
        wanted = {"preview": 1, "recent": 1}
        return self._mongo["conversations"].find_one({"_id": conversation_id}, wanted, session=session) or {}

    def after(self, session: Session, original: Original, before: Doc, amendment: Sealed) -> None:
        """The list shows the latest version, and the bot remembers no other."""
        conversation = original.conversation.id
        versions = {"conversation": conversation, "$or": [{"_id": original.id}, {"of": original.id}]}
        old = list(self._mongo["messages"].find(versions, {"content": 1, "masked": 1}, session=session))
        texts, shown_before = ([doc[name] for doc in old] for name in ("content", "masked"))
        kept = [] if amendment.draft.kind == Kind.UNSEND.value else [amendment.content]
        recent = [new for one in before.get("recent", []) for new in (kept if one in texts else [one])]
        # What was said since stands there still.
        last = before.get("preview")
        preview = amendment.masked if last in shown_before else last
        self._mongo["conversations"].update_one(
            {"_id": conversation}, {"$set": {"recent": recent, "preview": preview}}, session=session
        )


def shown(docs: Sequence[Doc], staff: Staff) -> list[Doc]:
    """Messages of one conversation, in any order, as this person is to see them, in the same order.

    `amended` is set on what was edited or taken back. Who sees only the latest is given the latest text in the place of
    the original, without `content` where it was taken back; an amendment whose original is not among them stays.
    """
    latest: dict[str, Doc] = {}
    for doc in sorted(docs, key=lambda one: int(one["seq"])):
        if doc["kind"] in AMENDS and doc.get("of"):
            latest[doc["of"]] = doc
    if not latest:
        return list(docs)
    here, every = {doc["_id"] for doc in docs}, staff.role in SEES_ALL
    found: list[Doc] = []
    for doc in docs:
        last = latest.get(doc["_id"])
        if last is None:
            if every or doc.get("of") not in here:
                found.append(doc)
            continue
        version = doc if every else {**doc, **_text(last)}
        found.append({**version, "amended": last["kind"]})
    return found


def _text(amendment: Doc) -> Doc:
    if amendment["kind"] == Kind.UNSEND.value:
        return {"content": None, "masked": None}
    return {"content": amendment["content"], "masked": amendment["masked"]}
