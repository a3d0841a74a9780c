"""Reads all that a Teller has stored, sent and logged, and looks for needles in it, however they are spelled.

The database is read as the raw BSON of every collection, the log of all writes (`local.oplog.rs`) with it: WiredTiger
compresses its blocks with snappy, so a search of the files alone could miss what they hold. They are searched too.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bson import Timestamp
from bson.raw_bson import RawBSONDocument

from bot.compose import Service
from tests.house import House

PARTS = 4 << 20


def forms(needle: str) -> set[bytes]:
    """The needle as stores, logs and encodings would write it."""
    plain = needle.encode()
    found = {plain, needle.encode("utf-16-le"), needle.encode("utf-16-be"), plain.hex().encode()}
    found |= {urllib.parse.quote(needle).encode(), json.dumps(needle)[1:-1].encode()}
    # Base64 of a text that holds it, at each of the three alignments; its outer characters mix with what is around.
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        found.add(whole[-(-shift * 4 // 3) + (shift > 0) : len(whole) - 4])
    return {form for form in found if len(form) >= 6}


def unfolded(raw: bytes) -> Iterator[bytes]:
    """The bytes, and every zlib stream in them opened: so a queue keeps its jobs."""
    yield raw
    at = -1
    while (at := raw.find(b"\x78", at + 1)) >= 0:
        if raw[at + 1 : at + 2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
            try:
                yield zlib.decompressobj().decompress(raw[at:])
            except zlib.error:
                continue


class Scan:
    """Looks for all needles in what it is shown; `hits` names place and needle."""

    def __init__(self, needles: list[str]) -> None:
        self.forms = {needle: forms(needle) for needle in needles}
        self.hits: set[tuple[str, str]] = set()
        self.size = 0

    def look(self, place: str, raw: bytes) -> None:
        self.size += len(raw)
        for needle, written in self.forms.items():
            if any(form in raw for form in written):
                self.hits.add((place, needle))

    def look_briefly(self, place: str, raw: bytes, needles: Sequence[str]) -> None:
        """In compressed blocks: as written only, or the journals would take longer than all the rest."""
        self.hits |= {(place, needle) for needle in needles if needle.encode() in raw}


def database(service: Service, since: Timestamp) -> Iterator[tuple[str, bytes]]:
    client, ours = service.mongo.client, service.mongo.db
    named = [(ours.name, name) for name in ours.list_collection_names()]
    # The rest is the server's own: keys, users and its replication's marks, which open to nobody.
    for db, name in [*named, ("local", "oplog.rs"), ("config", "transactions")]:
        if not name.startswith("system."):
            query: dict[str, Any] = {"ts": {"$gte": since}} if name == "oplog.rs" else {}
            docs = client[db][name].with_options(
                client[db].codec_options.with_options(document_class=RawBSONDocument)
            )
            for batch in docs.find_raw_batches(query):
                yield f"{db}.{name}", batch


def redis(service: Service) -> Iterator[tuple[str, bytes]]:
    client = service.queue.redis
    for key in client.scan_iter(count=1000):
        kind = client.type(key)
        read: dict[bytes, Callable[[], Any]] = {
            b"string": lambda key=key: [client.get(key)],  # type: ignore[misc]
            b"hash": lambda key=key: [*client.hgetall(key).keys(), *client.hgetall(key).values()],  # type: ignore[misc]
            b"list": lambda key=key: client.lrange(key, 0, -1),  # type: ignore[misc]
            b"set": lambda key=key: client.smembers(key),  # type: ignore[misc]
            b"zset": lambda key=key: client.zrange(key, 0, -1),  # type: ignore[misc]
            b"stream": lambda key=key: [repr(client.xrange(key)).encode()],  # type: ignore[misc]
        }
        for value in (key, *(read[kind]() if kind in read else ())):
            for part in unfolded(value or b""):
                yield "redis", part


def files(house: House) -> Iterator[tuple[str, bytes]]:
    for path in sorted(house.home.rglob("*")):
        name = str(path.relative_to(house.home))
        # The stand-ins' notes are the platforms' side; the vectors and models are no one's words.
        if not path.is_file() or name.startswith(("sandbox", "cache")):
            continue
        with path.open("rb") as opened:
            tail = b""
            while block := opened.read(PARTS):
                for part in unfolded(tail + block) if name.endswith(".aof") else (tail + block,):
                    yield name, part
                tail = block[-256:]
