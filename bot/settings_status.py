"""Where the firm's own system says how an application stands, and where a customer proves who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SHORTEST_SECRET = 32
LONGEST_ADDRESS = 300
SANDBOX_TOKEN = "sandbox-status-token"  # noqa: S105 - of the stand-in on this machine


@dataclass(frozen=True, slots=True)
class StatusSettings:
    """`url` None: there is no such system, and questions about an application are ordinary ones."""

    url: str | None
    token: str | None = field(repr=False)
    secret: str | None = field(repr=False)
    verify_url: str | None


def status_settings(
    values: Mapping[str, str], production: bool, sandbox: str | None, public_url: str, faults: list[str]
) -> StatusSettings:
    """`sandbox`: the stand-ins' address, whose firm answers where none is set; the demo page is then its site."""
    url = (values.get("TELLER_STATUS_URL") or "").rstrip("/") or None
    token = values.get("TELLER_STATUS_TOKEN") or None
    secret = values.get("TELLER_STATUS_SECRET") or None
    verify_url = values.get("TELLER_VERIFY_URL") or None
    if url is None and sandbox:
        url, token = f"{sandbox}/firm", token or SANDBOX_TOKEN
        verify_url = verify_url or f"{public_url}/demo?member=1001"
    web_address("TELLER_STATUS_URL", url, production, faults)
    web_address("TELLER_VERIFY_URL", verify_url, production, faults)
    if url and not token:
        faults.append(
            "TELLER_STATUS_TOKEN must be set where TELLER_STATUS_URL is: the system has to know us."
        )
    if secret and len(secret) < SHORTEST_SECRET:
        faults.append(f"TELLER_STATUS_SECRET must have {SHORTEST_SECRET} characters or more.")
    return StatusSettings(url, token, secret, verify_url)


def privacy_url(values: Mapping[str, str], production: bool, faults: list[str]) -> str | None:
    """Where the firm's full privacy notice stands; customers get it with the short one (個資法 8)."""
    url = values.get("TELLER_PRIVACY_URL") or None
    web_address("TELLER_PRIVACY_URL", url, production, faults)
    return url


def web_address(name: str, value: str | None, production: bool, faults: list[str]) -> None:
    """The fault names no value: an address may hold a password."""
    if value is None:
        return
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good or not value.isascii() or not value.isprintable() or " " in value:
        faults.append(f"{name} must be an address such as https://www.example.com, without a password.")
    elif production and not value.startswith("https://"):
        faults.append(f"{name} must be https in production.")
    elif len(value) > LONGEST_ADDRESS:
        faults.append(f"{name} must have {LONGEST_ADDRESS} characters or fewer.")
