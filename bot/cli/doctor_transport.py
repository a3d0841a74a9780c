"""What `flask doctor` says of encryption on the way: certificate, MongoDB, Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bot import tls
from bot.house import Service
from bot.settings_transport import encrypted, on_this_machine

Said = tuple[str, str, str]
"""(name, level, sentence)."""
SOON_DAYS = 21


def looks(house: Service) -> Iterator[Said]:
    yield from _certificate(house)
    settings = house.settings
    for name, uri in (("mongodb", settings.mongodb_uri), ("redis", settings.redis_url)):
        if not uri:
            continue
        if encrypted(uri):
            yield f"{name} tls", "ok", "spoken to over TLS"
        elif on_this_machine(uri):
            yield f"{name} tls", "ok", "on this machine, not encrypted on the way"
        else:
            level = "fault" if settings.production else "warning"
            yield f"{name} tls", level, "customers' data crosses a network in the clear: docs/how-to/tls.md"


def _certificate(house: Service) -> Iterator[Said]:
    settings = house.settings
    if settings.tls is None:
        proxied = settings.proxies > 0 or not settings.production
        said = "TLS is your proxy's" if settings.proxies else "gunicorn serves plain http"
        yield "tls", "ok" if proxied else "warning", f"{said}: docs/how-to/tls.md"
        return
    try:
        ends = tls.expires(settings.tls)
        tls.context(settings.tls)
    except (OSError, ValueError) as error:
        yield (
            "tls",
            "fault",
            f"certificate and key cannot be used ({type(error).__name__}): docs/how-to/tls.md",
        )
        return
    days = (ends - datetime.now(UTC)).days
    level = "fault" if days < 0 else "warning" if days < SOON_DAYS else "ok"
    more = f"; TLS 1.2 for {', '.join(settings.tls.tls12_hosts)}" if settings.tls.tls12_hosts else ""
    yield "tls", level, f"TLS 1.3, certificate until {ends:%Y-%m-%d} ({days} days){more}"
