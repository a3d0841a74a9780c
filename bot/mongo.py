"""The connection, made lazily once a process, and transactions on it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

Doc = dict[str, Any]
Session = ClientSession
Answer = TypeVar("Answer")

AWAY = (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
SHUTDOWN_CODES = frozenset({91, 189, 11600, 11602, 10107, 13435, 13436})


def is_away(error: BaseException) -> bool:
    """Whether the server, not our request, is at fault: the same call may succeed later."""
    if isinstance(error, AWAY):
        return True
    return isinstance(error, OperationFailure) and error.code in SHUTDOWN_CODES


class Mongo:
    """The database that `uri` names, else `teller`; pymongo is not fork-safe, so each process has its own client."""

    def __init__(self, uri: str | None, *, timeout_ms: int = 10_000) -> None:
        self._uri = uri
        self._name = "teller"
        self._timeout_ms = timeout_ms
        self._client: MongoClient[Doc] | None = None
        self._db: Database[Doc] | None = None
        self._collections: dict[tuple[str, bool], Collection[Doc]] = {}
        self._collections_of: Database[Doc] | None = None
        self._pid = 0
        self._lock = threading.Lock()

    @property
    def client(self) -> MongoClient[Doc]:
        if self._client is None or self._pid != os.getpid():
            with self._lock:
                if self._client is None or self._pid != os.getpid():
                    self._client = self._connect()
                    self._pid = os.getpid()
        return self._client

    def _connect(self) -> MongoClient[Doc]:
        if not self._uri:
            raise ConnectionFailure(
                "MONGODB_URI is not set and no embedded server runs; start one with `make run`"
            )
        return MongoClient(
            self._uri,
            tz_aware=True,
            w="majority",
            journal=True,
            appname="teller",
            serverSelectionTimeoutMS=min(self._timeout_ms, 5000),
            connectTimeoutMS=min(self._timeout_ms, 3000),
            timeoutMS=self._timeout_ms,
            maxPoolSize=64,
        )

    @property
    def db(self) -> Database[Doc]:
        client = self.client
        if self._db is None or self._db.client is not client:
            self._db = client.get_default_database(self._name)
        return self._db

    def __getitem__(self, collection: str) -> Collection[Doc]:
        """Majority and journalled."""
        return self._collection(collection, None)

    def light(self, collection: str) -> Collection[Doc]:
        """Writes that do not wait for the journal: for what a crash may undo."""
        return self._collection(collection, WriteConcern(1, j=False))

    def _collection(self, name: str, concern: WriteConcern | None) -> Collection[Doc]:
        """Made once a process: pymongo copies all options each time."""
        db = self.db
        if self._collections_of is not db:
            self._collections, self._collections_of = {}, db
        found = self._collections.get((name, concern is None))
        if found is None:
            found = db.get_collection(name, write_concern=concern)
            self._collections[name, concern is None] = found
        return found

    def transaction(self, work: Callable[[Session], Answer]) -> Answer:
        """Run `work(session)` in one transaction; it may run several times, so it must not act outside the database."""
        with self.client.start_session() as session:
            return session.with_transaction(
                work, read_concern=ReadConcern("local"), write_concern=WriteConcern("majority", j=True)
            )

    def ping(self) -> None:
        """Raises PyMongoError when the server is away or is no primary of a replica set."""
        hello = self.db.command("hello")
        if not hello.get("isWritablePrimary"):
            raise ConnectionFailure("MongoDB is not the writable primary of a replica set")

    def close(self) -> None:
        if self._client is not None and self._pid == os.getpid():
            self._client.close()
        self._client = None


__all__ = ["Doc", "Mongo", "PyMongoError", "Session", "is_away"]
