"""How long the pack of a store as large as a firm's takes, how large it is, in how much memory; and its verification.

    python -m tests.bench.seed --messages 1000000 --home FOLDER
    python -m tests.bench.export --home FOLDER

The store is sealed first (it was written within minutes, so that it is one day's), and the pack is verified by its own
verify.py in a bare Python. Peak memory is that of the exporting process; of the verifying one it is told beside.
"""

from __future__ import annotations

import argparse
import json
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.compose import build
from bot.embedded import Servers
from bot.export.scope import Scope
from bot.records.days import TAIPEI
from bot.records.sealing import Sealer
from bot.settings import Settings
from bot.store import audit
from bot.store.seals import SealStore

LIMIT_MB = 512


def peak_mb(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.export", description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("var/seed"))
    home: Path = parser.parse_args(arguments).home
    servers = Servers.start(home)
    try:
        env = {"TELLER_HOME": str(home), "MONGODB_URI": servers.mongodb_uri, "REDIS_URL": servers.redis_url}
        service = build(Settings.from_env({**env, "TELLER_SAMPLE": "off"}))
        with tempfile.TemporaryDirectory(dir=home) as made:
            later, today = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC).astimezone(TAIPEI).date()
            for name in ("seals", "seal_leaves"):
                service.mongo[name].delete_many({})
            Sealer(
                SealStore(service.mongo), Path(made) / "seal.key", make_key=True, now=lambda: later
            ).seal_missing()
            # The day was sealed while it was not over: what is noted from here on is of tomorrow.
            audit.new_id = lambda: f"{int(later.timestamp()):08x}{secrets.token_hex(8)}"
            began, folder = time.perf_counter(), Path(made) / "pack"
            scope = Scope(today - timedelta(days=400), today, "command:bench")
            manifest = service.console.orders.packs.make(scope, folder)
            took = time.perf_counter() - began
            n, size = manifest["counts"]["messages"], manifest["bytes"]
            print(f"exported {n:,} messages, {manifest['counts']} in {took:.0f} s: {n / took:,.0f} a second")
            print(
                f"size {size / 1e6:,.0f} MB, {size / n:.0f} bytes a message, {len(manifest['files'])} files"
            )
            peak = peak_mb(resource.RUSAGE_SELF)
            print(f"peak memory {peak} MB, of {LIMIT_MB} allowed")
            began = time.perf_counter()
            command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "--json"]
            said = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
            print(
                f"verified in {time.perf_counter() - began:.0f} s, {peak_mb(resource.RUSAGE_CHILDREN)} MB: {said}"
            )
            for name in ("seals", "seal_leaves"):
                service.mongo[name].delete_many({})
            service.close()
            return 0 if said["ok"] and peak < LIMIT_MB else 1
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
