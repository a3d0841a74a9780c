"""A whole Teller as the bench sees it: its address, its processes, what it still has to do, what it says it took."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.mongo import Mongo
from tests.bench.figures import buckets
from tests.house import House
from tests.sandbox.client import Sandbox

# Of the sample account on the stand-in.
SECRET = "5a" * 16
SETTLE_S = 240.0
GROUPS = {
    "web": "gunicorn",
    "workers": r"bot\.worker live",
    "profiles": r"bot\.worker slow",
    "mongod": "mongod ",
    "redis": "redis-server",
}


@dataclass(slots=True)
class Teller:
    house: House
    sandbox: Sandbox
    mongo: Mongo
    account: str
    groups: dict[str, list[int]]

    @property
    def url(self) -> str:
        return f"{self.house.url}/webhooks/line/{self.account}"

    @classmethod
    def of(cls, house: House) -> Teller:
        groups = {name: house.pids(pattern) for name, pattern in GROUPS.items()}
        if missing := [name for name, pids in groups.items() if not pids]:
            raise RuntimeError(f"no process found for {', '.join(missing)}")
        servers = json.loads((house.home / "run" / "servers.json").read_text())
        mongo = Mongo(servers["mongodb_uri"])
        return cls(house, house.sandbox, mongo, house.accounts()["line"], groups)

    def settle(self, timeout: float = SETTLE_S) -> float:
        """Seconds until everything accepted was decided and sent. Raises RuntimeError after `timeout` seconds."""
        start = time.monotonic()
        while self.mongo["events"].find_one({"status": "new"}, {"_id": 1}) or self.mongo["outbox"].find_one(
            {"open": True}, {"_id": 1}
        ):
            if time.monotonic() - start > timeout:
                raise RuntimeError(f"not everything was answered within {timeout:.0f} s")
            time.sleep(0.25)
        return time.monotonic() - start

    @contextlib.contextmanager
    def workers_held(self) -> Iterator[None]:
        """The workers stand still (SIGSTOP), so that acknowledging is all that Teller does."""
        try:
            for pid in self.groups["workers"]:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in self.groups["workers"]:
                os.kill(pid, signal.SIGCONT)

    def deciding(self) -> tuple[dict[float, float], float]:
        """(cumulative buckets, sum of seconds) of teller_decide_seconds, over all processes."""
        with urllib.request.urlopen(f"{self.house.url}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        total = sum(
            float(line.split()[1])
            for line in text.splitlines()
            if line.startswith("teller_decide_seconds_sum ")
        )
        return buckets(text, "teller_decide_seconds"), total

    def decisions(self, tokens: Sequence[str]) -> Counter[str]:
        """What became of the events that carried these reply tokens: decisions by kind and way of the search."""
        events = [f"{self.account}:{token.removeprefix('token')}" for token in tokens]
        found: Counter[str] = Counter()
        for doc in self.mongo["messages"].find({"event": {"$in": events}}, {"decision": 1}):
            if decision := doc["decision"]:
                way = decision["trace"].get("search")
                found[f"{decision['decision']} ({way})" if way else decision["decision"]] += 1
        return found

    def close(self) -> None:
        self.mongo.close()
