"""Runs of the proof: by the clock once a week over everything, by `flask audit proof` over a period."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta

from bot.mongo import Doc
from bot.quality import proof, weeks
from bot.records import days
from bot.store.audit import AuditStore
from bot.store.proofs import ProofStore
from bot.store.records import new_id, whole_ms
from bot.vault import ERASED, Vault
from kb.articles import Content

DEAD_AFTER = timedelta(hours=12)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Proving:
    """`contents`: every version that ever was approved. Methods raise PyMongoError."""

    store: ProofStore
    vault: Vault
    audit: AuditStore
    contents: Callable[[], Iterable[Content]]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def run(
        self,
        actor: str,
        first: date | None = None,
        last: date | None = None,
        step: proof.Step = lambda _done: None,
        name: str | None = None,
    ) -> proof.Report:
        """Over the days from `first` to `last` in Taipei, all that are by default; its result stays."""
        ids = (
            days.ids(first)[0] if first else proof.EVERYTHING[0],
            days.ids(last)[1] if last else proof.EVERYTHING[1],
        )
        report = proof.check(self.store, self.vault, proof.Shelf.of(self.contents()), ids, step)
        kept = {
            "at": whole_ms(self.now()),
            "by": actor,
            "first": first.isoformat() if first else None,
            "last": last.isoformat() if last else None,
            "ok": report.ok,
            "checked": report.checked,
            "erased": report.erased,
            "faults": report.faults,
            "bad": [asdict(one) for one in report.bad[:SHOWN]],
            "seconds": round(report.seconds, 3),
            "per_second": report.per_second,
        }
        detail = {key: kept[key] for key in ("ok", "checked", "erased", "faults", "first", "last")}
        self.audit.add(actor, "audit:proof", f"proof:{name or 'period'}", detail)
        self.store.done(name or new_id(), kept)
        return report

    def weekly(self) -> proof.Report | None:
        """The clock's: once in each week, over everything; None where it was done or another clock is at it."""
        now = self.now()
        name = weeks.week_of(now)
        if not self.store.begin(name, now, now - DEAD_AFTER):
            return None
        return self.run("system:clock", name=name)

    def latest(self) -> list[Doc]:
        return self.store.latest(SHOWN)

    def of_one(self, message: Doc) -> str | None:
        """What is wrong with one message, None for nothing."""
        text = self.vault.read(message["content"])
        shelf = proof.Shelf.of(self.contents())
        return proof.one_fault(self.store, shelf, message, None if text == ERASED else text)
