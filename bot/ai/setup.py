"""From settings to an adviser, or to none where there is no key."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.ai.adviser import Adviser
from bot.ai.embedding import Embedding
from bot.ai.ledger import Ledger
from bot.ai.model import DEFAULT_MODEL, Model
from bot.ai.prices import Prices
from bot.ai.wire import Wire
from bot.mongo import Mongo
from bot.settings import Settings


def ledger_of(settings: Settings, mongo: Mongo) -> Ledger:
    """The ledger is readable without a key: what was spent stays spent."""
    prices = Prices(settings.openai_prices, settings.openai_ntd_per_usd)
    return Ledger(mongo, prices, settings.openai_monthly_budget, ZoneInfo(settings.timezone))


def adviser_of(
    settings: Settings, mongo: Mongo, stopped: Callable[[], bool] = lambda: False
) -> Adviser | None:
    """None where there is no key. While `stopped()` no call leaves the machine."""
    if not settings.openai_api_key:
        return None
    wire = Wire(settings.openai_api_key, settings.openai_base_url)
    ledger = ledger_of(settings, mongo)
    model = Model(wire, ledger, settings.openai_model or DEFAULT_MODEL)
    name = settings.openai_embedding_model
    embedding = Embedding(wire, ledger, name) if name else None
    return Adviser(model, settings.openai_purposes, embedding, stopped)


def readable(base_url: str) -> bool:
    """Whether others could read along: plain http to anywhere but this machine."""
    parts = urlsplit(base_url)
    return parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1")


def where(base_url: str) -> str:
    """The host, as people may see it: an address can hold a password."""
    return urlsplit(base_url).hostname or "nowhere"
