"""How much of what the bot says is read each week, and by how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.settings_read import integer


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """`size` replies a week; the share `double` of them is read by two who do not see each other's verdict; a finding
    is due after `due_days`."""

    size: int = 100
    double: float = 0.1
    due_days: int = 14


def quality_settings(values: Mapping[str, str], faults: list[str]) -> QualitySettings:
    return QualitySettings(
        integer(values, "TELLER_AUDIT_SIZE", 100, 1, 10_000, faults),
        integer(values, "TELLER_AUDIT_DOUBLE_PERCENT", 10, 0, 100, faults) / 100,
        integer(values, "TELLER_AUDIT_DUE_DAYS", 14, 1, 365, faults),
    )
