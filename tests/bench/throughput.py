"""How many webhooks a second each contestant acknowledges, in interleaved rounds of one run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.bench.figures import median, percentile, ratio
from tests.bench.load import Job, run
from tests.bench.machine import Snapshot, others, spent
from tests.bench.messages import approved_questions, customers
from tests.bench.rivals import Rival
from tests.bench.teller import SECRET, Teller

CONNECTIONS = 32
# A round of Teller leaves its messages to be answered before the next may begin.
TELLER_LIMIT = 1000
EACH = 5


@dataclass(slots=True)
class Contestant:
    """`pids` by name are whose CPU counts; `around` and `after` belong to a round."""

    name: str
    job: Job
    pids: dict[str, list[int]]
    around: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
    after: Callable[[], object] = lambda: None
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def round(self) -> None:
        with self.around():
            before = Snapshot.take()
            done = run(self.job)
            after = Snapshot.take()
        self.after()
        if done.failed or not done.ms:
            raise RuntimeError(f"{self.name}: answers other than 200: {done.statuses}")
        cpu = {name: 1e6 * spent(before, after, pids) / len(done.ms) for name, pids in self.pids.items()}
        self.rounds.append(
            {
                "requests": len(done.ms),
                "per_second": done.per_second,
                "p50_ms": percentile(done.ms, 0.5),
                "p99_ms": percentile(done.ms, 0.99),
                "cpu_us": sum(cpu.values()),
                "cpu_us_by": cpu,
                "client_cpu_share": done.cpu_s / done.seconds,
                "client_cpu_us": 1e6 * done.cpu_s / len(done.ms),
                "other_load_cores": others(before, after, done.seconds, own=done.cpu_s),
            }
        )


def contestants(
    teller: Teller, bare: Rival, echo: Rival, echo_secret: str, seconds: float
) -> list[Contestant]:
    questions = approved_questions()[: TELLER_LIMIT // EACH]
    messages = customers(questions * EACH, EACH, "bench")
    job = Job(teller.url, SECRET, messages, seconds, connections=CONNECTIONS)
    limited = replace(job, limit=TELLER_LIMIT)
    tree = Snapshot.take().tree
    serving = {name: teller.groups[name] for name in ("web", "mongod", "redis")}
    return [
        Contestant("bare Flask, 200 (gevent)", replace(job, url=bare.url), {"web": sorted(tree(bare.pid))}),
        Contestant(
            "LINE's flask-echo, reply in the request (gthread)",
            replace(job, url=echo.url, secret=echo_secret),
            {"web": sorted(tree(echo.pid))},
        ),
        Contestant("Teller, durable, workers at work", limited, teller.groups, after=teller.settle),
        Contestant(
            "Teller, durable, workers held", limited, serving, around=teller.workers_held, after=teller.settle
        ),
    ]


def compare(found: list[Contestant], rounds: int) -> Iterator[str]:
    """Runs the rounds, one of each in turn; yields a line of progress for each."""
    for contestant in found:
        # Imports and connections of the first request are nobody's figure.
        run(replace(contestant.job, seconds=1.0, limit=100))
        contestant.after()
    for number in range(1, rounds + 1):
        for contestant in found:
            contestant.round()
            yield f"round {number}: {contestant.name}: {contestant.rounds[-1]['per_second']:.0f}/s"


def result(found: list[Contestant]) -> list[dict[str, Any]]:
    """Medians over the rounds; ratios to the first contestant, each the median of ratios within a round."""
    rows = []
    for one in found:
        row: dict[str, Any] = {"name": one.name}
        for key in ("per_second", "p50_ms", "p99_ms", "cpu_us", "client_cpu_share", "other_load_cores"):
            row[key] = median([r[key] for r in one.rounds])
        row["cpu_us_by"] = {k: median([r["cpu_us_by"][k] for r in one.rounds]) for k in one.pids}
        for key, base in (("of_bare", found[0]), ("of_sample", found[1])):
            pairs = list(zip(one.rounds, base.rounds, strict=True))
            row[key] = median([ratio(a["per_second"], b["per_second"]) for a, b in pairs])
            row[f"cpu_{key}"] = median([ratio(a["cpu_us"], b["cpu_us"]) for a, b in pairs])
        row["rounds"] = one.rounds
        rows.append(row)
    return rows
