"""`python -m tests.bench.restore`: how long a backup and the way back take, on a store that `tests.bench.seed` fills.

Two hundred customers are erased after the backup, so that the restore has erasures to apply.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.backup import keys
from bot.compose import Service
from bot.compose_backup import maker_of, restorer_of
from bot.embedded import Servers
from bot.mongo import Mongo
from tests.bench import seed
from tests.conftest import with_path

ERASED = 200
TERM = timedelta(days=365 * 6)


def measure(home: Path, messages: int, customers: int) -> dict[str, Any]:
    servers = Servers.start(home)
    try:
        house = seed.house(home, servers.mongodb_uri, servers.redis_url)
        seed.seed(house, messages, customers, now=datetime.now(UTC))
        uri = str(servers.mongodb_uri)
        settings = replace(house.settings, mongodb_uri=uri)
        secret = home / "backup.key"
        keys.make(secret)
        key = keys.read(secret)
        maker = maker_of(settings, key)
        began = time.perf_counter()
        data = maker.data(home / "copy.data", "command:bench")
        copied = time.perf_counter() - began
        # Taken before the erasures, so that it still has their keys.
        vault = maker.keys(home / "copy.keys", "command:bench")
        erased = _erase(house)
        restorer = restorer_of(settings, with_path(uri, "/restored"), key)
        done = restorer.restore(
            data.path, vault.path, house.console.retention.purger.erasures.read(), "bench"
        )
        sizes = {"data_mb": round(data.size / 1e6, 1), "keys_mb": round(vault.size / 1e6, 1)}
        restorer.mongo.close()
        house.close()
        return {
            "messages": messages,
            "documents": done.documents,
            **sizes,
            "backup_s": round(copied, 1),
            "erased_before": erased,
            "erased_again": done.erased,
            "restore_s": round(done.seconds, 1),
            "verify_s": round(done.proof_seconds, 1),
            "records_verified": done.records,
            "faults": len(done.bad),
        }
    finally:
        servers.stop()


def _erase(house: Service) -> int:
    """As the purge does after the term."""
    later = datetime.now(UTC) + TERM
    known = house.console.retention
    retention = replace(known, now=lambda: later, purger=replace(known.purger, now=lambda: later))
    mongo: Mongo = house.mongo
    chosen = [doc["_id"] for doc in mongo["customers"].find({}, {"_id": 1}).limit(ERASED)]
    for customer in chosen:
        said = {"relationship": "none", "stated_at": datetime.now(UTC), "stated_by": "bench"}
        mongo["retention"].update_one({"_id": customer}, {"$set": said}, upsert=True)
    return sum(
        retention.request_deletion("command:bench", customer, "bench", None).kind == "erased"
        for customer in chosen
    )


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench.restore", description=__doc__)
    asked.add_argument("--messages", type=int, default=100_000)
    asked.add_argument("--customers", type=int, default=20_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="restore-") as home:
        print(json.dumps(measure(Path(home), given.messages, given.customers), indent=2))


if __name__ == "__main__":
    main()
