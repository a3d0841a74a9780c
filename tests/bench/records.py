"""How long it takes to seal and to verify a store as large as a firm's.

    python -m tests.bench.seed --messages 1000000 --home FOLDER
    python -m tests.bench.records --home FOLDER

Everything in the seeded store was written within minutes, so that it is one day's: the largest seal there can be.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.embedded import Servers
from bot.mongo import Mongo
from bot.records.sealing import Sealer
from bot.records.verify import verify
from bot.store.chains import ChainStore
from bot.store.seals import SealStore


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.records", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("var/seed"))
    home: Path = parser.parse_args(arguments).home
    servers = Servers.start(home)
    try:
        with tempfile.TemporaryDirectory() as folder:
            mongo, later = Mongo(servers.mongodb_uri), datetime.now(UTC) + timedelta(days=1)
            for name in ("seals", "seal_leaves"):
                mongo[name].delete_many({})
            sealer = Sealer(SealStore(mongo), Path(folder) / "seal.key", make_key=True, now=lambda: later)
            began = time.perf_counter()
            days = sealer.seal_missing()
            took = time.perf_counter() - began
            size = mongo.db.command("collstats", "seal_leaves")["size"]
            total = sum(ChainStore(mongo).sizes().values())
            print(f"sealed {total:,} records of {days} days in {took:.1f} s: {total / took:,.0f} a second")
            print(f"their lists: {size / total:.0f} bytes a record")
            found = verify(ChainStore(mongo), SealStore(mongo), most=3)
            print(
                f"verified {found.records:,} records in {found.seconds:.1f} s: {found.per_second:,} a second"
            )
            for one in found.bad:
                print(one)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"peak memory {peak} MB; 5 years of a million: {5_000_000 / found.per_second / 60:.1f} min")
            for name in ("seals", "seal_leaves"):
                mongo[name].delete_many({})
            mongo.close()
            return 0 if found.ok else 1
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
