"""From the webhook to the reply call at the LINE stand-in, at a steady stream of messages."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.figures import quantile, ratio, summary
from tests.bench.load import Job, Measured, run
from tests.bench.machine import Snapshot, others, spent
from tests.bench.messages import Message, approved_questions, customers, new_phrasings
from tests.bench.rivals import Rival
from tests.bench.teller import SECRET, Teller

EACH = 2  # messages of a customer in a run: the first is a first contact
REPEATED = 40
WARM_RATE = 20.0


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    messages: list[Message]


def scenarios(rate: float, seconds: float) -> list[Scenario]:
    count = round(rate * seconds)
    asked = approved_questions()
    exact = [asked[n % len(asked)] for n in range(count)]
    repeated = _known()
    known = [repeated[n % REPEATED] for n in range(count)]
    new = [text for text in new_phrasings(count + REPEATED, seed=8) if text not in repeated][:count]
    return [
        Scenario("questions as approved", customers(exact, EACH, "exact")),
        Scenario("re-phrased, vectors remembered", customers(known, EACH, "known")),
        Scenario("re-phrased, each one new", customers(new, EACH, "new")),
    ]


def _known() -> list[str]:
    return new_phrasings(REPEATED, seed=7)


def warm(teller: Teller) -> None:
    """Every worker process has seen the phrasings that repeat."""
    phrasings = _known() * 4
    _open(teller, customers(phrasings, EACH, "warm"), WARM_RATE, len(phrasings) / WARM_RATE)
    teller.settle()


def converse(teller: Teller, scenario: Scenario, rate: float, seconds: float) -> dict[str, Any]:
    """One scenario; times in ms. Raises RuntimeError where Teller refused or never finished."""
    since, counts, total = teller.sandbox.last(), *teller.deciding()
    before = Snapshot.take()
    done = _open(teller, scenario.messages, rate, seconds)
    after = Snapshot.take()
    settled = teller.settle()
    quiet = Snapshot.take()
    counts_now, total_now = teller.deciding()
    turns = counts_now.get(math.inf, 0.0) - counts.get(math.inf, 0.0)
    replied = _replies(teller, since, done)
    decisions = teller.decisions(list(done.sent))
    reply = summary(list(replied.values()))
    deciding = {
        "mean": 1000 * ratio(total_now - total, turns),
        "p50": 1000 * quantile(counts, counts_now, 0.5),
        "p95": 1000 * quantile(counts, counts_now, 0.95),
    }
    return {
        "name": scenario.name,
        "messages": len(done.sent),
        "customers": len({one.user for one in scenario.messages}),
        "statuses": done.statuses,
        "ack_ms": summary(done.ms),
        "reply_ms": reply,
        "decide_ms": deciding,
        # The mean, the least that may be taken off a percentile.
        "reply_p95_beyond_search_ms": reply["p95"] - deciding["mean"],
        "replies": len(replied),
        "unanswered": len(done.sent) - len(replied) - decisions["StaySilent"],
        "decisions": dict(decisions),
        "settled_s": settled,
        "cpu_ms_a_message": {
            name: 1000 * spent(before, quiet, pids) / len(done.sent) for name, pids in teller.groups.items()
        },
        **_client(done, before, after),
    }


def converse_with_sample(
    teller: Teller, echo: Rival, secret: str, messages: Sequence[Message], rate: float, seconds: float
) -> dict[str, Any]:
    """The same stream at LINE's sample: what a reply costs where nothing is stored or looked up."""
    since, before = teller.sandbox.last(), Snapshot.take()
    done = run(Job(echo.url, secret, list(messages), seconds, rate=rate))
    after = Snapshot.take()
    return {
        "name": "LINE's flask-echo (stores and looks up nothing)",
        "messages": len(done.sent),
        "statuses": done.statuses,
        "ack_ms": summary(done.ms),
        "reply_ms": summary(list(_replies(teller, since, done).values())),
        **_client(done, before, after),
    }


def _open(teller: Teller, messages: Sequence[Message], rate: float, seconds: float) -> Measured:
    done = run(Job(teller.url, SECRET, list(messages), seconds, rate=rate))
    if done.failed:
        raise RuntimeError(f"answers other than 200: {done.statuses}")
    return done


def _replies(teller: Teller, since: int, done: Measured) -> dict[str, float]:
    """Milliseconds from the send of the webhook to the arrival of its reply, by reply token: one machine, one clock."""
    time.sleep(0.2)
    found: dict[str, float] = {}
    for row in teller.sandbox.received("line", since=since, path_contains="/message/reply"):
        token = (row["body"] or {}).get("replyToken")
        if token in done.sent:
            found[token] = (row["at"] - done.sent[token]) * 1000
    return found


def _client(done: Measured, before: Snapshot, after: Snapshot) -> dict[str, float]:
    return {
        "client_cpu_share": done.cpu_s / done.seconds,
        "client_lag_p99_ms": summary(done.lag_ms)["p99"],
        "other_load_cores": others(before, after, done.seconds, own=done.cpu_s),
    }
