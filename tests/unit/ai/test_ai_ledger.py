"""Money: reserved before, settled after, and never overspent, however many ask at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import repeat

import pytest
from structlog.testing import capture_logs

from bot.ai.ledger import Ledger, Reservation
from bot.ai.prices import DEAREST, MICRO, Prices
from bot.mongo import Mongo
from bot.settings import Settings
from tests.unit.ai.conftest import TAIPEI

NOW = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    return Clock()


def ledger_with(mongo: Mongo, budget: float | None, clock: Clock) -> Ledger:
    # A dollar a token: easy to count.
    return Ledger(mongo, Prices({"m": (1.0, 1.0)}, 1_000_000.0), budget, TAIPEI, clock)


def reserve(ledger: Ledger, most_in: int = 1, most_out: int = 0) -> Reservation | None:
    return ledger.reserve("check", "m", "check-1", most_in, most_out)


def test_prices_are_whole_millionths_and_unknown_models_the_dearest() -> None:
    prices = Prices({"own": (0.0, 0.0)}, 32.0)
    assert prices.cost("gpt-4o-mini", 1000, 100) == 6720
    assert prices.cost("gpt-4o-mini-2024-07-18", 1000, 100) == 6720
    assert prices.cost("own", 10**6, 10**6) == 0
    assert prices.cost("deployment-7", 1000, 0) == 1000 * DEAREST[0] * 32
    assert prices.known("gpt-4o-mini-2024-07-18")
    assert not prices.known("gpt-4o-mini-realtime")


def test_a_call_costs_what_it_used_not_what_was_held(mongo: Mongo, clock: Clock) -> None:
    ledger = ledger_with(mongo, 100, clock)
    held = reserve(ledger, 10, 10)
    assert held is not None
    assert ledger.spent() == 20 * MICRO
    ledger.settle(held, "ok", 120, "m", (3, 1))
    assert ledger.spent() == 4 * MICRO
    (row,) = ledger.costs()
    assert (row["purpose"], row["model"], row["outcome"], row["calls"]) == ("check", "m", "ok", 1)
    assert (row["tokens_in"], row["tokens_out"], row["ntd"], row["mean_ms"]) == (3, 1, 4.0, 120)
    stored = mongo["model_calls"].find_one()
    assert stored is not None
    assert set(stored) == {
        *("_id", "purpose", "model", "prompt", "month", "at", "outcome", "cost", "ms"),
        *("tokens_in", "tokens_out"),
    }


def test_where_nobody_says_what_was_used_the_whole_reservation_counts(mongo: Mongo, clock: Clock) -> None:
    ledger = ledger_with(mongo, 100, clock)
    held = reserve(ledger, 10, 10)
    assert held is not None
    ledger.settle(held, "timeout", 3000, "m", None)
    assert ledger.spent() == 20 * MICRO


def test_many_at_once_spend_the_budget_and_not_one_call_more(settings: Settings, clock: Clock) -> None:
    clients = [Mongo(settings.mongodb_uri) for _ in range(4)]
    ledgers = [ledger_with(mongo, 7, clock) for mongo in clients] * 6
    with ThreadPoolExecutor(12) as pool, capture_logs() as logs:
        got = list(pool.map(reserve, ledgers, repeat(1)))
    assert sum(one is not None for one in got) == 7
    assert ledgers[0].spent() == 7 * MICRO
    # Four fifths of 7 are reached with the sixth call; whoever makes it says so, once.
    assert [line["event"] for line in logs] == ["model_budget_80_percent"]
    for mongo in clients:
        mongo.close()


def test_the_month_is_the_firms_own_and_a_new_one_has_a_new_budget(mongo: Mongo, clock: Clock) -> None:
    ledger = ledger_with(mongo, 2, clock)
    assert ledger.month() == "2026-11"
    assert [reserve(ledger) is not None for _ in range(3)] == [True, True, False]
    clock.now = NOW.replace(hour=16, minute=1)
    assert ledger.month() == "2026-12"
    assert reserve(ledger) is not None
    assert (ledger.spent("2026-11"), ledger.spent()) == (2 * MICRO, MICRO)


@pytest.mark.parametrize("budget", [0, 0.5])
def test_a_call_dearer_than_the_whole_budget_is_not_made(mongo: Mongo, clock: Clock, budget: float) -> None:
    ledger = ledger_with(mongo, budget, clock)
    assert reserve(ledger) is None
    assert ledger.spent() == 0


def test_without_a_budget_calls_are_counted(mongo: Mongo, clock: Clock) -> None:
    ledger = ledger_with(mongo, None, clock)
    assert all(reserve(ledger, 10**6) for _ in range(3))
    assert ledger.spent() == 3 * 10**6 * MICRO
