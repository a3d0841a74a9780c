"""One order of a pack, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.runs import Run
from bot.store import runs as states


@dataclass(frozen=True, slots=True)
class Order:
    """`state`: proposed, refused, ready, gone, erased, or that of its run. `made`: the digest of the manifest, the key
    that signed it, counts and bytes; empty before there is a pack. `examiner`: an authority has ordered it, and an
    erasure leaves it alone. `certificates` are those it went with, `kept` why it is here in spite of some."""

    id: str
    state: str
    scope: Mapping[str, Any]
    by: str
    at: datetime
    reason: str = field(default="", repr=False)
    decided_by: str | None = None
    run: Run | None = None
    made: Mapping[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    examiner: bool = False
    gone_at: datetime | None = None
    certificates: Sequence[str] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def masked(self) -> bool:
        return bool(self.scope["masked"])

    @property
    def at_work(self) -> bool:
        return self.run is not None and self.run.open and self.state in states.OPEN
