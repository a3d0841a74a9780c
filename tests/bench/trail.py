"""`python -m tests.bench.trail [EVENTS]`: how fast the log is written by four at once, and 'whose data was touched'
is answered over a million events. Brings its own MongoDB.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.embedded import Servers
from bot.mongo import Doc, Mongo
from bot.store import schema
from bot.store.audit import AuditStore
from bot.store.trail import Sought, TrailStore
from bot.vault import Vault

PEOPLE, CUSTOMERS, DAYS, ROWS = 15, 50_000, 180, 50
ASKED = 200
KINDS = ("view", "view", "list", "change", "change", "search", "signin", "denial")


def _id(number: int) -> str:
    return f"{number:024x}"


def seed(mongo: Mongo, count: int) -> None:
    """Events as fifteen people leave them over half a year; hashes are of no concern here."""
    draw, end = random.Random(7), datetime.now(UTC).replace(microsecond=0)
    step = timedelta(days=DAYS) / count
    batch: list[Doc] = []
    for n in range(count):
        kind = draw.choice(KINDS)
        whose = [_id(draw.randrange(CUSTOMERS)) for _ in range(12 if kind == "list" else 1)]
        batch.append(
            {
                "_id": f"e{n:023x}",
                "seq": n + 1,
                "at": end - step * (count - n),
                "actor": f"staff-{draw.randrange(PEOPLE)}",
                "action": f"bench:{kind}",
                "kind": kind,
                "subject": f"customer:{whose[0]}",
                "detail": {},
                "where": {"address": "203.0.113.9", "session": "0" * 16},
                "why": "page:inbox.conversation#own",
                "hash": "0" * 64,
                **({} if kind == "signin" else {"customers": sorted(set(whose))}),
            }
        )
        if len(batch) == 1000:
            mongo.light("audit").insert_many(batch, ordered=False)
            batch = []
    if batch:
        mongo.light("audit").insert_many(batch, ordered=False)


def timed(ask: Callable[[], object]) -> dict[str, float]:
    """Milliseconds."""
    spent = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - begun) * 1000)
    spent.sort()
    return {"median": round(statistics.median(spent), 1), "p95": round(spent[int(0.95 * len(spent))], 1)}


def questions(store: TrailStore) -> dict[str, Any]:
    draw, now = random.Random(8), datetime.now(UTC)

    def ask(**wanted: Any) -> Callable[[], object]:
        def one() -> object:
            last = now - timedelta(days=draw.randrange(DAYS - 7))
            filled = {name: value() if callable(value) else value for name, value in wanted.items()}
            return store.find(Sought(last - timedelta(days=filled.pop("days", 7)), last, **filled), ROWS + 1)

        return one

    def customer() -> str:
        return _id(draw.randrange(CUSTOMERS))

    def person() -> str:
        return f"staff-{draw.randrange(PEOPLE)}"

    return {
        "a week": timed(ask()),
        "a week of one person": timed(ask(actor=person)),
        "a customer, half a year": timed(ask(customer=customer, days=DAYS)),
        "a customer by one person": timed(ask(customer=customer, actor=person, days=DAYS)),
        "denials of a week": timed(ask(kind="denial")),
        "a team's week": timed(ask(actors=tuple(f"staff-{n}" for n in range(10)))),
        "a team's denials": timed(ask(actors=("staff-1", "staff-2"), kind="denial")),
    }


def appends(mongo: Mongo, threads: int, each: int = 200) -> float:
    store = AuditStore(mongo)

    def write() -> None:
        for n in range(each):
            store.add("staff-1", "inbox:conversation:open", f"page:{n}", {})

    workers = [threading.Thread(target=write) for _ in range(threads)]
    begun = time.perf_counter()
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    return round(threads * each / (time.perf_counter() - begun))


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers.start(Path(folder), mongodb_uri=None, redis_url=None)
        try:
            mongo = Mongo(servers.mongodb_uri, timeout_ms=120_000)
            schema.ensure(mongo)
            found: dict[str, Any] = {
                "appends_per_second": {str(n): appends(mongo, n) for n in (1, 4, 8)},
            }
            mongo["audit"].delete_many({})
            seed(mongo, count)
            store = TrailStore(mongo, Vault(mongo, {}))
            found |= {"events": count, "milliseconds": questions(store)}
            stats = mongo.db.command("collStats", "audit")
            found["bytes_an_event"] = round((stats["storageSize"] + stats["totalIndexSize"]) / count)
            mongo.close()
        finally:
            servers.stop()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
