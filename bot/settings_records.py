"""Who signs the seals of the records, where copies of them go, and how long a pack lies here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bot.settings_read import integer

SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """`key_file` None: this process has no seal key, as is right for all but the clock in production. `export_days`: so
    long a pack that was ordered on the page can be fetched."""

    key_file: Path | None
    folder: Path | None
    webhook: str | None = field(repr=False)
    webhook_secret: str | None = field(repr=False)
    export_days: int = 7


def record_settings(
    values: Mapping[str, str], home: Path, production: bool, faults: list[str]
) -> RecordSettings:
    named = values.get("TELLER_SEAL_KEY_FILE")
    key_file = Path(named).resolve() if named else None if production else home / "keys" / "seal.key"
    folder = values.get("TELLER_SEAL_DIR")
    webhook = values.get("TELLER_SEAL_WEBHOOK") or None
    secret = values.get("TELLER_SEAL_WEBHOOK_SECRET") or None
    if webhook is not None:
        parts = urlsplit(webhook)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            faults.append("TELLER_SEAL_WEBHOOK must be an address such as https://archive.example.com/seals.")
        elif production and parts.scheme != "https":
            faults.append("TELLER_SEAL_WEBHOOK must be https in production.")
        if len(secret or "") < SHORTEST_SECRET:
            faults.append(
                f"TELLER_SEAL_WEBHOOK_SECRET ({SHORTEST_SECRET} characters or more) must be set where "
                "TELLER_SEAL_WEBHOOK is: the other side has to know who wrote."
            )
    days = integer(values, "TELLER_EXPORT_DAYS", 7, 1, 90, faults)
    return RecordSettings(key_file, Path(folder).resolve() if folder else None, webhook, secret, days)
