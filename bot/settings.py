"""The environment (and `.env`) as one frozen value; every fault is named at once, unsafe production refused."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values

from bot.errors import ConfigError
from bot.settings_keys import keys
from bot.settings_quality import QualitySettings, quality_settings
from bot.settings_read import address, amount, integer, json_object, one_of
from bot.settings_records import RecordSettings, record_settings
from bot.settings_retention import RetentionSettings, retention_settings
from bot.settings_security import OidcSettings, Security, oidc_settings, security
from bot.settings_status import StatusSettings, privacy_url, status_settings
from bot.settings_transport import TlsSettings, plaintext_servers, tls_settings

AUTO_ANSWER = ("ask", "confident", "proven")
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
    status: StatusSettings
    privacy_url: str | None
    security: Security
    tls: TlsSettings | None
    oidc: OidcSettings | None
    retention: RetentionSettings
    records: RecordSettings
    quality: QualitySettings

    @property
    def production(self) -> bool:
        return self.env == "production"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read `environ` (default: `.env` below the working directory, then the process environment).

        Raises ConfigError with a sentence for each fault.
        """
        values = dict(environ) if environ is not None else environment()
        faults: list[str] = []
        home = Path(values.get("TELLER_HOME") or "./var").resolve()
        env = one_of(values, "TELLER_ENV", ("development", "production"), "development", faults)
        production = env == "production"
        host = values.get("HOST") or "127.0.0.1"
        port = integer(values, "PORT", 8000, 1, 65535, faults)
        tls = tls_settings(values, faults)
        scheme = "https" if tls else "http"
        public_url = (values.get("PUBLIC_URL") or f"{scheme}://{host}:{port}").rstrip("/")
        if urlsplit(public_url).scheme not in ("http", "https") or not urlsplit(public_url).netloc:
            faults.append("PUBLIC_URL must be an address such as https://teller.example.com.")
        elif production and not public_url.startswith("https://"):
            faults.append("PUBLIC_URL must be https in production: platforms call no other address.")
        embedded = embedded_servers(home)
        mongodb_uri = values.get("MONGODB_URI") or embedded.get("mongodb_uri")
        redis_url = values.get("REDIS_URL") or embedded.get("redis_url")
        address("MONGODB_URI", mongodb_uri, ("mongodb", "mongodb+srv"), faults)
        address("REDIS_URL", redis_url, ("redis", "rediss"), faults)
        if production:
            for name in ("MONGODB_URI", "REDIS_URL"):
                if not values.get(name):
                    faults.append(f"{name} must be set in production: embedded servers are for development.")
        plaintext_servers(values, production, mongodb_uri, redis_url, faults)
        kms, kms_master_key, secret_key = keys(values, home, production, faults)
        timezone = values.get("TELLER_TIMEZONE") or "Asia/Taipei"
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            faults.append(f"TELLER_TIMEZONE {timezone!r} is not a time zone; use a name such as Asia/Taipei.")
        locale = one_of(values, "TELLER_LOCALE", ("zh-TW", "en"), "zh-TW", faults)
        sample = one_of(values, "TELLER_SAMPLE", ("on", "off"), "off" if production else "on", faults) == "on"
        if production and sample:
            faults.append("TELLER_SAMPLE must be off in production: demo staff have known passwords.")
        auto_answer = one_of(
            values, "TELLER_AUTO_ANSWER", AUTO_ANSWER, "proven" if production else "confident", faults
        )
        openai_base_url = values.get("OPENAI_BASE_URL") or None
        address("OPENAI_BASE_URL", openai_base_url, ("https", "http"), faults)
        sandbox_url = values.get("TELLER_SANDBOX_URL") or embedded.get("sandbox_url")
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
            web_workers=integer(values, "WEB_WORKERS", 2, 1, 64, faults),
            queue_workers=integer(values, "QUEUE_WORKERS", 2, 1, 64, faults),
            worker_threads=integer(values, "TELLER_WORKER_THREADS", 8, 1, 64, faults),
            auto_answer=auto_answer,
            sample=sample,
            openai_api_key=values.get("OPENAI_API_KEY") or None,
            openai_base_url=openai_base_url,
            openai_model=values.get("OPENAI_MODEL") or None,
            openai_embedding_model=values.get("OPENAI_EMBEDDING_MODEL") or None,
            openai_monthly_budget=amount(values, "OPENAI_MONTHLY_BUDGET", None, faults),
            openai_prices=_prices(values, faults),
            openai_ntd_per_usd=amount(values, "OPENAI_NTD_PER_USD", NTD_PER_USD, faults) or NTD_PER_USD,
            openai_purposes=_purposes(values, faults),
            proxies=integer(values, "TELLER_PROXIES", 0, 0, 9, faults),
            sandbox_url=sandbox_url,
            status=status_settings(values, production, sandbox_url, public_url, faults),
            privacy_url=privacy_url(values, production, faults),
            security=security(values, production, public_url, faults),
            tls=tls,
            oidc=oidc_settings(values, production, faults),
            retention=retention_settings(values, home, faults),
            records=record_settings(values, home, production, faults),
            quality=quality_settings(values, faults),
        )
        if faults:
            raise ConfigError(*faults)
        return settings


def environment() -> dict[str, str]:
    """`.env` below the working directory, and over it what the process was given."""
    values = {key: value for key, value in dotenv_values(Path(".env")).items() if value is not None}
    return {**values, **os.environ}


def _prices(values: Mapping[str, str], faults: list[str]) -> dict[str, tuple[float, float]]:
    prices: dict[str, tuple[float, float]] = {}
    for model, pair in json_object(values, "OPENAI_PRICES", faults).items():
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


def embedded_servers(home: Path) -> dict[str, str]:
    """Where `make run` keeps its servers, so that commands find them by themselves."""
    try:
        found = json.loads((home / "run" / "servers.json").read_text())
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}
