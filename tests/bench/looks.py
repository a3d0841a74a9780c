"""What one look of an open page costs: CPU of the web process and of MongoDB, one look after another."""

from __future__ import annotations

import http.client
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.compose import Service, build
from bot.model import Role
from bot.settings import Settings
from tests.bench import live
from tests.bench.load import Job, run
from tests.bench.machine import Snapshot, spent
from tests.bench.messages import Message
from tests.bench.teller import SECRET, Teller
from tests.house import running

LOOKS, WARM, WAITING, SAID = 300, 20, 20, 15
MEASURED = ("web", "mongod")


def measure(say: Callable[[str], None]) -> dict[str, Any]:
    """ms of CPU a look, by page and process; an agent with one conversation in hand, WAITING in the list."""
    with (
        tempfile.TemporaryDirectory(prefix="teller-bench-") as home,
        running(Path(home) / "home", WEB_WORKERS="1") as house,
    ):
        teller = Teller.of(house)
        service = build(Settings.from_env(house.env))
        try:
            say("looks: an agent, a conversation, a list")
            agent, conversation, after = _desk(teller, service)
            view = f"view=waiting&open={conversation}"
            pages = {
                "/healthz, to compare": "/healthz",
                "the waiting list": f"/inbox/list?{view}",
                "the numbers beside the lists": f"/inbox/list?{view}&part=head",
                "one's own list": f"/inbox/list?view=mine&open={conversation}",
                "words that came": f"/inbox/{conversation}/said?view=mine&after={after}",
                "the whole conversation": f"/inbox/{conversation}/thread?view=mine",
            }
            return {name: _cost(teller, agent, path) for name, path in pages.items()}
        finally:
            service.close()
            teller.close()


def _desk(teller: Teller, service: Service) -> tuple[live.Colleague, str, str]:
    """Somebody with a conversation in hand, its id, and the message before its last."""
    agent = live.signed_in(teller, service, "looks@example.com", Role.AGENT)
    asking = [Message("held-0", "我要真人"), *(Message(f"waits-{n}", "我要真人") for n in range(WAITING))]
    run(Job(teller.url, SECRET, asking, 30.0, connections=2, limit=len(asking)))
    teller.settle()
    (conversation,) = live.taken(teller, service, [agent])
    said = [Message("held-0", f"第 {n} 句話") for n in range(SAID)]
    run(Job(teller.url, SECRET, said, 30.0, connections=1, limit=len(said)))
    teller.settle()
    lines = teller.mongo["messages"].find({"conversation": conversation}).sort("seq", -1).limit(2)
    return agent, conversation, str(list(lines)[-1]["_id"])


def _cost(teller: Teller, agent: live.Colleague, path: str) -> dict[str, float]:
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in agent.cookies.items()),
        "X-Background": "1",
    }
    connection = http.client.HTTPConnection("127.0.0.1", teller.house.port)

    def look() -> None:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    for _ in range(WARM):
        look()
    before = Snapshot.take()
    for _ in range(LOOKS):
        look()
    after = Snapshot.take()
    connection.close()
    return {name: 1000 * spent(before, after, teller.groups[name]) / LOOKS for name in MEASURED}


def lines(found: dict[str, dict[str, float]]) -> list[str]:
    return [
        "",
        f"{'ms of CPU a look':38}{'web':>8}{'mongod':>8}",
        *(f"{name:38}{cost['web']:8.2f}{cost['mongod']:8.2f}" for name, cost in found.items()),
    ]
