"""Content versions in MongoDB: the only file of `kb` that knows a database.

`content` holds one document per version (`_id` "kind:id@version"); its text is written once and never updated.
`kb_revision` holds one counter that every change of what is in force increments, in the same transaction, so that
a process which sees revision n has everything up to n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bson.codec_options import CodecOptions
from pymongo import ASCENDING, IndexModel, ReturnDocument, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from bot.errors import Conflict, NotFound, Unavailable
from bot.model import ContentKind, ProductClass
from kb.articles import Content, Review, verify

Document = dict[str, Any]
T = TypeVar("T")

_DURABLE = WriteConcern("majority", j=True)
_CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
_OPEN = [str(Review.DRAFT), str(Review.IN_REVIEW)]


def ensure_indexes(db: Database[Document]) -> None:
    """Safe to call by every process at every start."""
    db["content"].create_indexes(
        [
            IndexModel(
                [("kind", ASCENDING), ("id", ASCENDING), ("version", ASCENDING)], unique=True, name="version"
            ),
            IndexModel(
                [("kind", ASCENDING), ("id", ASCENDING)],
                unique=True,
                name="one_approved",
                partialFilterExpression={"status": str(Review.APPROVED)},
            ),
            IndexModel(
                [("status", ASCENDING), ("kind", ASCENDING), ("created_at", ASCENDING)], name="by_status"
            ),
        ]
    )
    revision = db["kb_revision"].with_options(write_concern=_DURABLE)
    try:
        revision.update_one({"_id": "kb"}, {"$setOnInsert": {"value": 0}}, upsert=True)
    except DuplicateKeyError:
        return  # another process was quicker, which is just as good


class Store:
    """Reads, and `change`: one transaction for whatever belongs together."""

    def __init__(self, db: Database[Document]) -> None:
        self._db = db
        self._content: Collection[Document] = db.get_collection(
            "content", codec_options=_CODEC, write_concern=_DURABLE, read_concern=ReadConcern("majority")
        )
        self._revision: Collection[Document] = db.get_collection(
            "kb_revision", write_concern=_DURABLE, read_concern=ReadConcern("majority")
        )

    def change(self, work: Callable[[Change], T]) -> T:
        """Runs `work` in one transaction, again if MongoDB asks for it. Raises Conflict, Unavailable, or its errors."""

        def body(session: ClientSession) -> T:
            return work(Change(self._content, self._revision, session))

        try:
            with self._db.client.start_session() as session:
                return session.with_transaction(
                    body, write_concern=_DURABLE, read_concern=ReadConcern("snapshot")
                )
        except (DuplicateKeyError, BulkWriteError) as error:
            raise Conflict("Somebody else changed the same article a moment ago: look again.") from error
        except PyMongoError as error:
            raise Unavailable("The knowledge store did not answer: try again.") from error

    def revision(self) -> int:
        """Grows with every change of what is in force; 0 in an empty store. One read by key."""
        document = self._read(lambda: self._revision.find_one({"_id": "kb"}))
        return 0 if document is None else int(document["value"])

    def load(self) -> tuple[int, list[Content]]:
        """The revision, and every version that is or ever was in force (old replies still name them).

        Not verified here: one damaged version must not take the others away. `kb.live` verifies each.
        """
        revision = self.revision()
        documents = self._read(lambda: list(self._content.find({"approved_at": {"$ne": None}})))
        return revision, [_content(document) for document in documents]

    def version(self, kind: ContentKind, content_id: str, version: int) -> Content:
        """Raises NotFound; Conflict where the text does not fit its hash."""
        return _verified(self._one({"_id": f"{kind}:{content_id}@{version}"}), content_id)

    def versions(self, kind: ContentKind, content_id: str) -> list[Content]:
        """All versions, newest first."""
        found = self._read(
            lambda: list(self._content.find({"kind": kind, "id": content_id}).sort("version", -1))
        )
        return [_content(document) for document in found]

    def listing(self, kind: ContentKind, statuses: Iterable[Review]) -> list[Content]:
        """Versions in these statuses, in the order they were written."""
        wanted = {"kind": kind, "status": {"$in": [str(s) for s in statuses]}}
        found = self._read(
            lambda: list(self._content.find(wanted).sort([("created_at", 1), ("order", 1), ("_id", 1)]))
        )
        return [_content(document) for document in found]

    def due(self, now: datetime) -> list[Content]:
        """Scheduled versions whose time has come."""
        wanted = {"status": str(Review.SCHEDULED), "valid_from": {"$lte": now}}
        return [_content(d) for d in self._read(lambda: list(self._content.find(wanted).sort("version", 1)))]

    def count(self, kind: ContentKind) -> int:
        """Versions of that kind, whatever their status."""
        return self._read(lambda: self._content.count_documents({"kind": kind}))

    def _one(self, wanted: Document) -> Document | None:
        return self._read(lambda: self._content.find_one(wanted))

    def _read(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except PyMongoError as error:
            raise Unavailable("The knowledge store did not answer: try again.") from error


class Change:
    """The reads and writes of one transaction; `session` lets an audit log write into the same one."""

    def __init__(
        self, content: Collection[Document], revision: Collection[Document], session: ClientSession
    ) -> None:
        self._content = content
        self._revision = revision
        self.session = session

    def newest(self, kind: ContentKind, content_id: str) -> Content | None:
        """The highest version, whatever its status."""
        found = list(
            self._content.find({"kind": kind, "id": content_id}, session=self.session)
            .sort("version", -1)
            .limit(1)
        )
        return _content(found[0]) if found else None

    def newest_of(self, kind: ContentKind, ids: Iterable[str]) -> dict[str, Content]:
        """The highest version of each of these ids that has any; one read for all."""
        found = self._content.find({"kind": kind, "id": {"$in": list(ids)}}, session=self.session)
        return {d["id"]: _content(d) for d in sorted(found, key=lambda d: d["version"])}

    def withdraw(self, contents: Sequence[Content], at: datetime, note: str) -> None:
        """Open versions that others replace. Raises Conflict if one of them has moved already."""
        keys = [content.key for content in contents]
        done = self._content.update_many(
            {"_id": {"$in": keys}, "status": {"$in": _OPEN}},
            {"$set": {"status": str(Review.RETIRED), "retired_at": at, "note": note}},
            session=self.session,
        )
        if done.matched_count < len(keys):
            raise Conflict("Somebody else changed one of these articles a moment ago: look again.")

    def open_version(self, kind: ContentKind, content_id: str) -> Content:
        """The newest version that waits for a decision. Raises NotFound; Conflict on a hash that does not fit."""
        wanted = {"kind": kind, "id": content_id, "status": {"$in": _OPEN}}
        found = list(self._content.find(wanted, session=self.session).sort("version", -1).limit(1))
        return _verified(found[0] if found else None, content_id)

    def approved(self, kind: ContentKind, content_id: str) -> Content | None:
        """The version in force by status; its period is not looked at."""
        wanted = {"kind": kind, "id": content_id, "status": str(Review.APPROVED)}
        found = self._content.find_one(wanted, session=self.session)
        return None if found is None else _content(found)

    def scheduled(self, kind: ContentKind, content_id: str) -> list[Content]:
        wanted = {"kind": kind, "id": content_id, "status": str(Review.SCHEDULED)}
        return [_content(d) for d in self._content.find(wanted, session=self.session)]

    def approved_in_class(self, kind: ContentKind, product_class: ProductClass) -> list[Content]:
        wanted = {"kind": kind, "status": str(Review.APPROVED), "product_class": str(product_class)}
        return [_content(d) for d in self._content.find(wanted, session=self.session)]

    def count(self, kind: ContentKind) -> int:
        return self._content.count_documents({"kind": kind}, session=self.session)

    def add(self, contents: Iterable[Content]) -> None:
        """New versions, kept in this order."""
        documents = [_document(content) | {"order": n} for n, content in enumerate(contents)]
        if documents:
            self._content.insert_many(documents, session=self.session)

    def mark(self, content: Content, expected: Review, **fields: datetime | str | None) -> None:
        """Moves one version on: review fields only, never text. Raises Conflict if it has moved already."""
        allowed = {"status", "approver", "approved_at", "retired_at", "note"}
        if not fields.keys() <= allowed:
            raise ValueError(f"Only {sorted(allowed)} may change")
        done = self._content.find_one_and_update(
            {"_id": content.key, "status": str(expected), "sha256": content.sha256},
            {"$set": {name: str(v) if isinstance(v, Review) else v for name, v in fields.items()}},
            return_document=ReturnDocument.AFTER,
            session=self.session,
        )
        if done is None:
            raise Conflict(
                f"{content.id} version {content.version} has just been changed by somebody: look again."
            )

    def bump(self) -> None:
        """What is in force has changed."""
        self._revision.update_one({"_id": "kb"}, {"$inc": {"value": 1}}, upsert=True, session=self.session)


def _verified(document: Document | None, content_id: str) -> Content:
    if document is None:
        raise NotFound(f"There is no such version of {content_id}.")
    return verify(_content(document))


def _document(content: Content) -> Document:
    return {
        "_id": content.key,
        "kind": str(content.kind),
        "id": content.id,
        "version": content.version,
        "status": str(content.status),
        "questions": list(content.questions),
        # pairs, because a locale with a dot would be a path to MongoDB
        "answer": [[locale, text] for locale, text in content.answer.items()],
        "product_class": str(content.product_class),
        "tags": list(content.tags),
        **{name: getattr(content, name) for name in _PLAIN},
    }


_PLAIN = (
    "valid_from", "valid_until", "author", "approver", "created_at", "approved_at", "retired_at", "note",
    "imported", "sha256",
)  # fmt: skip


def _content(document: Mapping[str, Any]) -> Content:
    plain: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
    return Content(
        kind=ContentKind(document["kind"]),
        id=document["id"],
        version=document["version"],
        status=Review(document["status"]),
        questions=tuple(document["questions"]),
        answer=dict(document["answer"]),
        product_class=ProductClass(document["product_class"]),
        tags=tuple(document["tags"]),
        **plain,
    )
