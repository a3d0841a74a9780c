"""Back into an empty database: data, then keys, then every erasure and restriction since, then the proof; only then
may it be opened."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.backup.making import DATA
from bot.backup.stream import COLLECTION, DOCUMENTS, END, frames, header
from bot.errors import BadPayload
from bot.mongo import Doc, Mongo
from bot.retention.purging import Purger
from bot.store.audit import AuditStore
from bot.store.backup import ERASURES, KEYS, BackupStore
from bot.store.retention import RetentionStore

Step = Callable[[str, int], None]
Proof = Callable[[], tuple[int, tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Restored:
    """`erased` customers were erased again, `restricted` ones hidden again; `bad` are faults of the records, with any
    of which the database stays closed. `seconds` until the proof began, `proof_seconds` of the proof."""

    documents: int
    erased: int
    restricted: int
    records: int
    bad: tuple[Any, ...]
    seconds: float
    proof_seconds: float


@dataclass(frozen=True, slots=True)
class Restorer:
    """Raises BadPayload for files that are damaged or not what they should be, Conflict where the database is not
    empty; PyMongoError. `prepare` makes indexes, `proof` verifies: (records, faults)."""

    mongo: Mongo
    store: BackupStore
    records: RetentionStore
    purger: Purger
    audit: AuditStore
    key: bytes
    prepare: Callable[[], None]
    proof: Proof

    def restore(
        self,
        data: Path,
        keys: Path,
        erasures: Iterable[Doc],
        by: str,
        step: Step = lambda _name, _count: None,
    ) -> Restored:
        """`erasures` are certificates of elsewhere, such as the list beside the live database."""
        began = time.perf_counter()
        if _made_at(keys) < _made_at(data):
            raise BadPayload("The backup of keys is older than that of the data: bring a younger one.")
        self.store.begin_restore()
        documents = self._load(data, DATA, (), step)
        # After the data, and over it: what was decided since is in here.
        documents += self._load(keys, KEYS, (KEYS, *ERASURES), step)
        self.prepare()
        step("erasures", 0)
        erased = self._erase(erasures, by)
        hidden = self._hide()
        detail = {"documents": documents, "erased": erased, "restricted": hidden}
        self.audit.add(by, "backup:restore", "backup", detail)
        loaded = time.perf_counter()
        step("verify", 0)
        records, bad = self.proof()
        if not bad:
            self.store.end_restore()
        ended = time.perf_counter()
        return Restored(documents, erased, hidden, records, bad, loaded - began, ended - loaded)

    def _load(self, path: Path, kind: str, only: tuple[str, ...], step: Step) -> int:
        with path.open("rb") as file:
            head, _, _ = header(file)
            if head.get("kind") != kind:
                raise BadPayload(f"{path} is no backup of {kind}.")
            file.seek(0)
            name, counted = "", {}
            for mark, payload in frames(file, self.key):
                if mark == COLLECTION:
                    name = json.loads(payload)
                    if only and name not in only:
                        raise BadPayload(f"{path} holds {name}, which no backup of {kind} does.")
                    counted[name] = 0
                elif mark == DOCUMENTS:
                    counted[name] += self.store.load(name, payload)
                    step(name, counted[name])
                elif mark == END and json.loads(payload)["counts"] != counted:
                    raise BadPayload(f"{path} does not hold what it says.")
        return sum(counted.values())

    def _erase(self, erasures: Iterable[Doc], by: str) -> int:
        """Whoever was erased is erased again, though the backup may hold their key."""
        known = {doc["_id"]: doc for doc in (*erasures, *self.store.certificates())}
        again = 0
        for doc in sorted(known.values(), key=lambda doc: str(doc["begun_at"])):
            if doc["state"] != "done" or self.purger.store.left(doc["customers"]):
                self.purger.adopt(doc, by)
                again += len(doc["customers"])
        return again

    def _hide(self) -> int:
        members = sorted(set(self.store.restricted()) - self.store.hidden())
        if members:
            now = datetime.now(UTC)
            self.mongo.transaction(lambda session: self.records.hide(session, members, now))
        return len(members)


def _made_at(path: Path) -> datetime:
    """As the header says; a header that was changed opens no frame."""
    with path.open("rb") as file:
        head, _, _ = header(file)
    try:
        return datetime.fromisoformat(head["at"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadPayload(f"{path} does not say when it was made.") from error
