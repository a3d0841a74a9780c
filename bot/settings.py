"""The environment (and `.env`) as one frozen value; every fault is named at once, unsafe production refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

from bot.errors import ConfigError

MASTER_KEY_BYTES = 96
AUTO_ANSWER = ("ask", "confident", "proven")
KMS = ("aws", "azure", "gcp", "kmip")
MODEL_PURPOSES = ("check", "choose", "rewrite", "draft", "paraphrase")
# Choosing among titles measured no better than the search's own order, so a firm has to ask for it.
MODEL_DEFAULT = "check,rewrite,draft,paraphrase"
NTD_PER_USD = 32.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the processes run on. `kms` is a pymongo `kms_providers` mapping, `kms_master_key` its key document.

    `openai_monthly_budget` is in NT$, None without a limit; `openai_prices` in US$ per million tokens, in and out.
    """

    home: Path
    host: str
    port: int
    public_url: str
    mongodb_uri: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    env: str
    kms: dict[str, dict[str, object]] = field(repr=False)
    kms_master_key: dict[str, object] | None = field(repr=False)
    secret_key: str = field(repr=False)
    timezone: str
    locale: str
    web_workers: int
    queue_workers: int
    worker_threads: int
    auto_answer: str
    sample: bool
    openai_api_key: str | None = field(repr=False)
    openai_base_url: str | None
    openai_model: str | None
    openai_embedding_model: str | None
    openai_monthly_budget: float | None
    openai_prices: dict[str, tuple[float, float]]
    openai_ntd_per_usd: float
    openai_purposes: tuple[str, ...]
    proxies: int
    sandbox_url: str | None

    @property
    def production(self) -> bool:
        return self.env == "production"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `environ` (default: `.env` below the working directory, then the process environment).

        Raises ConfigError with a sentence for each fault.
        """
        values = dict(environ) if environ is not None else _environment()
        faults: list[str] = []
        home = Path(values.get("TELLER_HOME") or "./var").resolve()
        env = _one_of(values, "TELLER_ENV", ("development", "production"), "development", faults)
        production = env == "production"
        host = values.get("HOST") or "127.0.0.1"
        port = _integer(values, "PORT", 8000, 1, 65535, faults)
        public_url = (values.get("PUBLIC_URL") or f"http://{host}:{port}").rstrip("/")
        if urlsplit(public_url).scheme not in ("http", "https") or not urlsplit(public_url).netloc:
            faults.append("PUBLIC_URL must be an address such as https://teller.example.com.")
        elif production and not public_url.startswith("https://"):
            faults.append("PUBLIC_URL must be https in production: platforms call no other address.")
        embedded = _embedded_servers(home)
        mongodb_uri = values.get("MONGODB_URI") or embedded.get("mongodb_uri")
        redis_url = values.get("REDIS_URL") or embedded.get("redis_url")
        _address("MONGODB_URI", mongodb_uri, ("mongodb", "mongodb+srv"), faults)
        _address("REDIS_URL", redis_url, ("redis", "rediss"), faults)
        if production:
            for name in ("MONGODB_URI", "REDIS_URL"):
                if not values.get(name):
                    faults.append(f"{name} must be set in production: embedded servers are for development.")
        kms, kms_master_key, secret_key = _keys(values, home, production, faults)
        timezone = values.get("TELLER_TIMEZONE") or "Asia/Taipei"
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            faults.append(f"TELLER_TIMEZONE {timezone!r} is not a time zone; use a name such as Asia/Taipei.")
        locale = _one_of(values, "TELLER_LOCALE", ("zh-TW", "en"), "zh-TW", faults)
        sample = (
            _one_of(values, "TELLER_SAMPLE", ("on", "off"), "off" if production else "on", faults) == "on"
        )
        if production and sample:
            faults.append("TELLER_SAMPLE must be off in production: demo staff have known passwords.")
        auto_answer = _one_of(
            values, "TELLER_AUTO_ANSWER", AUTO_ANSWER, "proven" if production else "confident", faults
        )
        openai_base_url = values.get("OPENAI_BASE_URL") or None
        _address("OPENAI_BASE_URL", openai_base_url, ("https", "http"), faults)
        settings = cls(
            home=home,
            host=host,
            port=port,
            public_url=public_url,
            mongodb_uri=mongodb_uri,
            redis_url=redis_url,
            env=env,
            kms=kms,
            kms_master_key=kms_master_key,
            secret_key=secret_key,
            timezone=timezone,
            locale=locale,
            web_workers=_integer(values, "WEB_WORKERS", 2, 1, 64, faults),
            queue_workers=_integer(values, "QUEUE_WORKERS", 2, 1, 64, faults),
            worker_threads=_integer(values, "TELLER_WORKER_THREADS", 8, 1, 64, faults),
            auto_answer=auto_answer,
            sample=sample,
            openai_api_key=values.get("OPENAI_API_KEY") or None,
            openai_base_url=openai_base_url,
            openai_model=values.get("OPENAI_MODEL") or None,
            openai_embedding_model=values.get("OPENAI_EMBEDDING_MODEL") or None,
            openai_monthly_budget=_amount(values, "OPENAI_MONTHLY_BUDGET", None, faults),
            openai_prices=_prices(values, faults),
            openai_ntd_per_usd=_amount(values, "OPENAI_NTD_PER_USD", NTD_PER_USD, faults) or NTD_PER_USD,
            openai_purposes=_purposes(values, faults),
            proxies=_integer(values, "TELLER_PROXIES", 0, 0, 9, faults),
            sandbox_url=values.get("TELLER_SANDBOX_URL") or embedded.get("sandbox_url"),
        )
        if faults:
            raise ConfigError(*faults)
        return settings


def _address(name: str, address: str | None, schemes: tuple[str, ...], faults: list[str]) -> None:
    """The fault names no value: an address may hold a password."""
    if address and not address.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        faults.append(f"{name} must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")


def _environment() -> dict[str, str]:
    values = {key: value for key, value in dotenv_values(Path(".env")).items() if value is not None}
    return {**values, **os.environ}


def _integer(
    values: Mapping[str, str], name: str, default: int, low: int, high: int, faults: list[str]
) -> int:
    raw = values.get(name) or str(default)
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        faults.append(f"{name} must be a whole number from {low} to {high}.")
        return default
    return int(raw)


def _amount(values: Mapping[str, str], name: str, default: float | None, faults: list[str]) -> float | None:
    raw = values.get(name)
    if not raw:
        return default
    try:
        amount = float(raw)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < 1e9:
        faults.append(f"{name} must be a number of 0 or more, without a currency sign.")
        return default
    return amount


def _prices(values: Mapping[str, str], faults: list[str]) -> dict[str, tuple[float, float]]:
    prices: dict[str, tuple[float, float]] = {}
    for model, pair in _json(values, "OPENAI_PRICES", faults).items():
        numbers = isinstance(pair, list) and len(pair) == 2 and all(type(n) in (int, float) for n in pair)
        if not isinstance(pair, list) or not numbers or min(pair) < 0:
            faults.append(
                'OPENAI_PRICES must look like {"a-model": [0.15, 0.6]}: US$ per million, in and out.'
            )
            return {}
        prices[model] = (float(pair[0]), float(pair[1]))
    return prices


def _purposes(values: Mapping[str, str], faults: list[str]) -> tuple[str, ...]:
    raw = values.get("OPENAI_PURPOSES") or MODEL_DEFAULT
    wanted = tuple(dict.fromkeys(filter(None, (word.strip() for word in raw.split(",")))))
    if unknown := [word for word in wanted if word not in MODEL_PURPOSES]:
        faults.append(f"OPENAI_PURPOSES has {', '.join(unknown)}; allowed: {', '.join(MODEL_PURPOSES)}.")
    return wanted


def _one_of(
    values: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str, faults: list[str]
) -> str:
    value = values.get(name) or default
    if value not in allowed:
        faults.append(f"{name} must be one of: {', '.join(allowed)}.")
        return default
    return value


def _embedded_servers(home: Path) -> dict[str, str]:
    """Where `make run` keeps its servers, so that commands find them by themselves."""
    try:
        found = json.loads((home / "run" / "servers.json").read_text())
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _keys(
    values: Mapping[str, str], home: Path, production: bool, faults: list[str]
) -> tuple[dict[str, dict[str, object]], dict[str, object] | None, str]:
    """KMS providers, master key document, and the key that signs sessions (derived from a local master key)."""
    signing = values.get("TELLER_SECRET_KEY") or ""
    provider = values.get("TELLER_KMS") or ""
    if provider:
        if provider not in KMS:
            faults.append(f"TELLER_KMS must be one of: {', '.join(KMS)}.")
            return {}, None, signing
        options = _json(values, "TELLER_KMS_OPTIONS", faults)
        master = _json(values, "TELLER_KMS_KEY", faults)
        if len(signing) < 32:
            faults.append("TELLER_SECRET_KEY (32 characters or more) must be set where TELLER_KMS is used.")
        return {provider: options}, master, signing
    master_key = _local_master_key(values, home, production, faults)
    derived = hmac.new(master_key, b"teller: sessions and visitor tokens", hashlib.sha256).hexdigest()
    return {"local": {"key": master_key}}, None, signing or derived


def _json(values: Mapping[str, str], name: str, faults: list[str]) -> dict[str, object]:
    try:
        parsed = json.loads(values.get(name) or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        faults.append(f"{name} must be a JSON object.")
        return {}
    return parsed


def _local_master_key(values: Mapping[str, str], home: Path, production: bool, faults: list[str]) -> bytes:
    raw = values.get("TELLER_MASTER_KEY")
    if not raw:
        if production:
            faults.append("TELLER_MASTER_KEY (96 bytes, base64) or TELLER_KMS must be set in production.")
            return b""
        return _generated_master_key(home / "keys" / "master.key", faults)
    try:
        key = base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        faults.append(
            "TELLER_MASTER_KEY must be 96 bytes in base64; make one with: openssl rand -base64 96 | tr -d '\\n'"
        )
    return key


def _generated_master_key(path: Path, faults: list[str]) -> bytes:
    """Made once, mode 0600. Written aside and linked in, so that two processes starting at once agree on one key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not named by the process id: in a container that is the same at every start, and a killed one left its file.
        aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    try:
        key = base64.b64decode(path.read_bytes(), validate=True)
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        faults.append(
            f"{path} does not hold a master key; restore it from your backup or set TELLER_MASTER_KEY."
        )
    return key
