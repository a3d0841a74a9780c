"""What travels encrypted: TLS that gunicorn serves itself, and the ways to MongoDB and Redis."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.settings_read import one_of


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """`cert` is a chain, the server's certificate first; `tls12_hosts` are names under which TLS 1.2 is taken, too."""

    cert: Path
    key: Path
    tls12_hosts: tuple[str, ...] = ()


def tls_settings(values: Mapping[str, str], faults: list[str]) -> TlsSettings | None:
    cert, key = values.get("TELLER_TLS_CERT"), values.get("TELLER_TLS_KEY")
    hosts = tuple(
        dict.fromkeys(
            filter(None, (one.strip().lower() for one in values.get("TELLER_TLS12_HOSTS", "").split(",")))
        )
    )
    if not cert and not key:
        if hosts:
            faults.append("TELLER_TLS12_HOSTS means nothing without TELLER_TLS_CERT and TELLER_TLS_KEY.")
        return None
    if not cert or not key:
        faults.append("TELLER_TLS_CERT and TELLER_TLS_KEY belong together: set both, or neither.")
        return None
    for name, path in (("TELLER_TLS_CERT", cert), ("TELLER_TLS_KEY", key)):
        if not Path(path).is_file():
            faults.append(f"{name} names no file that can be read from here.")
    return TlsSettings(Path(cert).resolve(), Path(key).resolve(), hosts)


def plaintext_servers(
    values: Mapping[str, str],
    production: bool,
    mongodb_uri: str | None,
    redis_url: str | None,
    faults: list[str],
) -> None:
    """In production what leaves the machine is encrypted, or somebody said that the network is theirs alone."""
    accepted = one_of(values, "TELLER_PLAINTEXT_SERVERS", ("refused", "accepted"), "refused", faults)
    if not production or accepted == "accepted":
        return
    for name, uri, mend in (
        ("MONGODB_URI", mongodb_uri, "add tls=true (and tlsCAFile=...) to it"),
        ("REDIS_URL", redis_url, "use rediss:// (and ssl_ca_certs=...)"),
    ):
        if uri and not encrypted(uri) and not on_this_machine(uri):
            faults.append(
                f"{name} would send customers' data in the clear or to a server that nobody checks: {mend}, "
                "or set TELLER_PLAINTEXT_SERVERS=accepted where that network is yours alone."
            )


UNCHECKED = {"tlsinsecure": "true", "tlsallowinvalidcertificates": "true", "tlsallowinvalidhostnames": "true",
             "ssl_cert_reqs": "none", "ssl_check_hostname": "false"}  # fmt: skip
"""Options with which anybody could be the server."""


def encrypted(uri: str) -> bool:
    """Whether this address of MongoDB or Redis is spoken to over TLS, and the other side's certificate is checked."""
    parts = urlsplit(uri)
    asked = {name.lower(): values[-1].lower() for name, values in parse_qs(parts.query).items()}
    if any(asked.get(name) == value for name, value in UNCHECKED.items()):
        return False
    wanted = asked.get("tls", asked.get("ssl"))
    if parts.scheme == "mongodb+srv":
        return wanted != "false"
    return parts.scheme == "rediss" or (parts.scheme == "mongodb" and wanted == "true")


def on_this_machine(uri: str) -> bool:
    """Whether every host of the address is this machine's loopback."""
    netloc = urlsplit(uri).netloc.rpartition("@")[2]
    return all(_loopback(host) for host in netloc.split(","))


def _loopback(host: str) -> bool:
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.rpartition(":")[0] or host
    if name == "localhost" or "%2F" in name.upper():
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
