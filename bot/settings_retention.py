"""How long each class of record is kept, and whether what has run out is destroyed by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.settings_read import json_object, one_of

FLOOR_YEARS = 5
MOST_YEARS = 100
CLASSES = (
    "messages",
    "notes",
    "customer_notes",
    "ratings",
    "files",
    "relationship",
    "disputes",
    "model_calls",
    "availability",
)
"""What a term can be set for; `bot.retention.terms` says what each of them holds and which have no term."""


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """`years` by class, never under FLOOR_YEARS. `purge`: the clock destroys weekly what has run out.

    `erasures` is the list of erased customers, kept apart from the database so that a restore can apply it;
    `backup_key` the file whose key backups are encrypted with.
    """

    years: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, FLOOR_YEARS))
    purge: bool = False
    erasures: Path | None = None
    backup_key: Path | None = None


def retention_settings(values: Mapping[str, str], home: Path, faults: list[str]) -> RetentionSettings:
    purge = one_of(values, "TELLER_PURGE", ("on", "off"), "off", faults) == "on"
    key = values.get("TELLER_BACKUP_KEY_FILE") or None
    return RetentionSettings(
        years_of(json_object(values, "TELLER_RETENTION_YEARS", faults), faults),
        purge,
        Path(values.get("TELLER_ERASURE_LIST") or home / "erasures.jsonl"),
        Path(key) if key else None,
    )


def years_of(given: Mapping[str, object], faults: list[str]) -> dict[str, int]:
    """The shipped terms with what the firm set longer; a fault for each that is shorter than the law's floor."""
    years = dict.fromkeys(CLASSES, FLOOR_YEARS)
    for name, value in given.items():
        if name not in CLASSES:
            faults.append(f"TELLER_RETENTION_YEARS has {name}; classes: {', '.join(CLASSES)}.")
        elif type(value) is not int or value > MOST_YEARS:
            faults.append(
                f"TELLER_RETENTION_YEARS: {name} must be a whole number of years up to {MOST_YEARS}."
            )
        elif value < FLOOR_YEARS:
            faults.append(
                f"TELLER_RETENTION_YEARS: {name} must be kept {FLOOR_YEARS} years or longer, as the law's floor is."
            )
        else:
            years[name] = value
    return years
