"""`flask doctor`: is everything that a reply needs there; one line each, with the mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from redis.exceptions import RedisError

from bot.ai.ledger import WARN_AT
from bot.ai.prices import MICRO
from bot.ai.prompts import CHECK
from bot.ai.setup import readable, where
from bot.cli import doctor_records, doctor_transport
from bot.cli.common import as_json, emit, guarded, service
from bot.compose import Service
from bot.errors import ServiceError, Unavailable
from bot.model import ChannelType
from bot.mongo import PyMongoError
from bot.queue import FIRST, LIVE, SLOW
from bot.settings import embedded_servers
from bot.vault import SERVICE

ALIVE = timedelta(seconds=20)
DEEP = 200


@dataclass(frozen=True, slots=True)
class Check:
    """`level`: ok, warning (works, but) or fault (something needed does not work)."""

    name: str
    level: str
    sentence: str


@click.command("doctor", help="Check settings, servers, queue, workers, clock, keys, addresses and model.")
@click.option("--model", "ask", is_flag=True, help="Make one small call to the firm's own model, too.")
@as_json
@guarded
def command(ask: bool, as_json: bool) -> None:
    looks = (*LOOKS, _model_answers) if ask else LOOKS
    checks = [check for look in looks for check in _safely(look, service())]
    healthy = all(check.level != "fault" for check in checks)
    if as_json:
        settings = service().settings
        emit(
            {
                "ok": healthy,
                "mongodb_uri": _address(settings.home, settings.mongodb_uri),
                "redis_url": _address(settings.home, settings.redis_url),
                "checks": [asdict(check) for check in checks],
            }
        )
    else:
        for check in checks:
            click.echo(f"{check.level:8} {check.name:10} {check.sentence}")
    if not healthy:
        raise click.exceptions.Exit(1)


def _address(home: Path, uri: str | None) -> str | None:
    """With credentials where the server is our own embedded one; an operator's stay where the operator put them."""
    if not uri or uri in embedded_servers(home).values():
        return uri
    return re.sub(r"(?<=//)[^@/]*@", "***@", uri)


def _safely(look: Callable[[Service], Iterator[Check]], house: Service) -> Iterator[Check]:
    name = look.__name__.strip("_")
    try:
        yield from look(house)
    except (PyMongoError, RedisError, ServiceError, OSError) as error:
        yield Check(name, "fault", f"could not be checked: {type(error).__name__}")


def _settings(house: Service) -> Iterator[Check]:
    settings = house.settings
    yield Check(
        "settings", "ok", f"{settings.env}, home {settings.home}, {settings.timezone}, {settings.locale}"
    )
    if settings.public_url.startswith("https://"):
        yield Check("address", "ok", f"platforms reach us at {settings.public_url}")
    else:
        yield Check(
            "address",
            "warning",
            f"{settings.public_url} is not https: platforms cannot call it; set PUBLIC_URL.",
        )


def _mongodb(house: Service) -> Iterator[Check]:
    try:
        house.mongo.ping()
    except PyMongoError as error:
        yield Check(
            "mongodb",
            "fault",
            f"does not answer ({type(error).__name__}); start `make run` or set MONGODB_URI.",
        )
        return
    yield Check("mongodb", "ok", "writable primary of a replica set")


def _redis(house: Service) -> Iterator[Check]:
    try:
        house.queue.redis.ping()
    except RedisError as error:
        yield Check(
            "redis", "fault", f"does not answer ({type(error).__name__}); start `make run` or set REDIS_URL."
        )
        return
    yield Check("redis", "ok", "answers")


def _keys(house: Service) -> Iterator[Check]:
    opened = house.vault.open(house.vault.seal("doctor", SERVICE))
    if opened != "doctor":
        yield Check(
            "keys",
            "fault",
            "what was encrypted cannot be read back; restore the master key from your backup.",
        )
        return
    provider = next(iter(house.settings.kms))
    generated = provider.startswith("local") and (house.settings.home / "keys" / "master.key").exists()
    sentence = f"encryption works, provider {provider}"
    yield Check(
        "keys",
        "warning" if generated else "ok",
        sentence + ("; back up the generated master key" if generated else ""),
    )


def _queue(house: Service) -> Iterator[Check]:
    for name in (FIRST, LIVE, SLOW):
        depth = house.queue.depth(name)
        level = "warning" if depth > DEEP else "ok"
        yield Check("queue", level, f"{name}: {depth} waiting" + ("; add workers" if depth > DEEP else ""))
    oldest = house.events.oldest_pending_s()
    if oldest > 30:
        yield Check(
            "queue", "fault", f"an event has been waiting for {oldest:.0f} s; look at the workers' log."
        )


def _processes(house: Service) -> Iterator[Check]:
    cut = datetime.now(UTC) - ALIVE
    alive = [doc["_id"] for doc in house.mongo["state"].find({"at": {"$gt": cut}})]
    for label, prefix in (("worker", "worker:live"), ("slow", "worker:slow"), ("clock", "clock")):
        count = sum(name.startswith(prefix) for name in alive)
        if count:
            yield Check(label, "ok", f"{count} alive")
        else:
            yield Check(
                label, "fault", "no sign of life for 20 s; start it with `make run` or as the Procfile says."
            )


def _knowledge(house: Service) -> Iterator[Check]:
    count = house.mongo["content"].count_documents({"kind": "article", "status": "approved"})
    if count:
        yield Check("knowledge", "ok", f"{count} approved articles")
    else:
        yield Check(
            "knowledge",
            "warning",
            "no approved article: every question will miss; run `flask kb import`, then `kb approve`.",
        )


def _accounts(house: Service) -> Iterator[Check]:
    accounts = house.accounts.list()
    if not accounts:
        yield Check(
            "channels",
            "warning",
            "no channel account yet: run `flask channels add`, or open /admin/channels.",
        )
    for account in accounts:
        if account.channel is ChannelType.WEB:
            address = ", ".join(account.public.get("origins", ()))
        else:
            address = house.accounts.webhook_url(account)
        state = "" if account.enabled else " (disabled)"
        yield Check("channels", "ok", f"{account.channel.value} {account.id}{state}: {address}")


def _model(house: Service) -> Iterator[Check]:
    if house.adviser is None:
        yield Check("model", "ok", "no model configured: nothing leaves this machine")
        return
    model = house.adviser.model
    ledger, purposes = model.ledger, ", ".join(house.settings.openai_purposes)
    spent = f"NT${ledger.spent() / MICRO:,.2f} spent this month"
    yield Check(
        "model", "ok", f"masked text goes to {where(model.wire.base_url)}, {model.name}: {purposes}; {spent}"
    )
    if ledger.budget is None:
        yield Check("model", "warning", "no limit to what it costs; set OPENAI_MONTHLY_BUDGET (NT$).")
    elif ledger.spent() >= WARN_AT * ledger.budget:
        yield Check("model", "warning", f"most of the budget of NT${ledger.budget / MICRO:,.0f} is spent.")
    if not ledger.prices.known(model.name):
        yield Check(
            "model", "warning", f"no price known for {model.name}, the dearest counts; set OPENAI_PRICES."
        )
    if readable(model.wire.base_url):
        yield Check("model", "warning", "OPENAI_BASE_URL is not https: others could read along.")


def _status(house: Service) -> Iterator[Check]:
    """One real call about nobody: address, token and signature at once."""
    if house.applications is None:
        yield Check("status", "ok", "no system for applications: such questions are ordinary ones")
        return
    link = house.settings.status.verify_url is not None
    proof = "a link" if link else "words to verify by, not a link: set TELLER_VERIFY_URL"
    try:
        sentence = f"{house.applications.check()}; customers who are not verified get {proof}"
        yield Check("status", "ok" if link or not house.settings.production else "warning", sentence)
    except Unavailable as error:
        yield Check("status", "warning", f"{error} Until it answers, people look applications up.")


def _model_answers(house: Service) -> Iterator[Check]:
    """One real call about nobody: key, address, model name and structured output, all at once."""
    if house.adviser is None:
        yield Check("model", "warning", "there is no model to ask; set OPENAI_API_KEY.")
        return
    house.adviser.warm()
    example = {"customer": "信用卡年費多少", "question": "信用卡年費怎麼收", "title": "信用卡年費"}
    call = house.adviser.model.ask(CHECK, example).call
    if call.outcome == "ok":
        yield Check("model", "ok", f"answered as asked in {call.ms} ms")
    else:
        yield Check("model", "warning", f"a trial call ended as {call.outcome}: docs/how-to/own-model.md")


def _seals(house: Service) -> Iterator[Check]:
    for name, level, sentence in doctor_records.looks(house):
        yield Check(name, level, sentence)


def _transport(house: Service) -> Iterator[Check]:
    for name, level, sentence in doctor_transport.looks(house):
        yield Check(name, level, sentence)


def _logs(house: Service) -> Iterator[Check]:
    folder: Path = house.settings.home
    level = "ok" if folder.exists() and (folder.stat().st_mode & 0o077) == 0 else "warning"
    yield Check("home", level, f"{folder}" + ("" if level == "ok" else ": readable by others; run chmod 700"))


LOOKS: tuple[Callable[[Service], Iterator[Check]], ...] = (
    _settings,
    _mongodb,
    _redis,
    _keys,
    _queue,
    _processes,
    _knowledge,
    _accounts,
    _model,
    _status,
    _seals,
    _transport,
    _logs,
)
