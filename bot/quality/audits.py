"""The weekly audit as clock, commands and pages share it: the seed committed, the sample drawn, the report.

A week's seed is made and committed to (`audit:seed:commit` in the audit chain) as the week begins, and stays sealed
until the draw after its end: nobody who writes articles or settles cases in between can know what will be read. A draw
with a seed that somebody chose is `ad_hoc`, and never counts as the week's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.errors import BadPayload, Conflict, NotFound
from bot.logs import logger
from bot.mongo import Doc, Mongo, Session
from bot.quality import draw as drawing
from bot.quality import weeks
from bot.quality.draw import Candidate, Sample
from bot.quality.drawn import AD_HOC, COMMITTED, Drawn, WeekReport, drawn_of
from bot.quality.result import Result, result
from bot.quality.strata import ClassOf, replies, stratum
from bot.quality.verdicts import RIGHT
from bot.settings_quality import QualitySettings
from bot.store import quality as states
from bot.store.audit import AuditStore
from bot.store.quality import Known, QualityStore
from bot.store.records import whole_ms
from bot.vault import SERVICE, Vault

SEED_BYTES = 32
TREND = 26
LISTED = 200
CLOCK = "system:clock"

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Audits:
    """`class_of`: the product class of an article's version. Methods raise PyMongoError."""

    mongo: Mongo
    vault: Vault
    store: QualityStore
    audit: AuditStore
    settings: QualitySettings
    class_of: ClassOf
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    # -- the clock ----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Commit to this week's seed, and draw the weeks that are over."""
        now = self.now()
        self.commit(weeks.week_of(now))
        for week in self.store.undrawn():
            if weeks.over(week["week"], now):
                self.draw_week(week["week"], CLOCK)

    def commit(self, week: str) -> bool:
        """False where it was committed before. Raises BadPayload for a week that is over: too late to promise."""
        if self.store.week(week) is not None:
            return False
        now = whole_ms(self.now())
        begin, end = weeks.bounds(week)
        if now >= end:
            raise BadPayload("This week is over: a seed is committed before its end.")
        seed = secrets.token_bytes(SEED_BYTES)
        promise = drawing.commitment(seed, week)
        doc: Doc = {
            "_id": week,
            "week": week,
            "kind": COMMITTED,
            "state": states.COMMITTED,
            "commitment": promise,
            "sealed": self.vault.seal(seed.hex(), SERVICE),
            "committed_at": now,
            # A clock that was down: traffic of the week was known before its seed was made.
            "late": (now - begin).days >= 1,
        }

        def work(session: Session) -> None:
            self.store.add_week(doc, session)
            detail = {"commitment": promise, "late": doc["late"]}
            self.audit.add(CLOCK, "audit:seed:commit", f"audit-week:{week}", detail, session)

        try:
            self.mongo.transaction(work)
        except Known:
            return False
        return True

    # -- drawing ------------------------------------------------------------------------------------------------------

    def draw_week(self, week: str, actor: str, size: int | None = None) -> Drawn:
        """The draw with the committed seed, or the one there is. Raises NotFound without a commitment, Conflict while
        the week is not over."""
        known = self.store.week(week)
        if known is None:
            raise NotFound(
                "No seed was committed for this week: give one with --seed, and it is marked as ad hoc."
            )
        if known["state"] != states.COMMITTED:
            return drawn_of(known)
        if not weeks.over(week, self.now()):
            raise Conflict("The week is not over: its seed stays sealed until then.")
        seed = bytes.fromhex(self.vault.open(known["sealed"]))
        if drawing.commitment(seed, week) != known["commitment"]:
            raise Conflict("The seed is not the one that was committed to: somebody changed the store.")
        sample, fields = self._drawn(week, seed, size or self.settings.size, actor)

        def work(session: Session) -> None:
            change = {**fields, "seed": seed.hex(), "sealed": None}
            if not self.store.change_week(week, states.COMMITTED, change, session):
                raise Conflict("Another process drew this week a moment ago.")
            self._keep(week, COMMITTED, sample, fields, seed.hex(), session)

        self.mongo.transaction(work)
        return self.drawn(week)

    def draw_ad_hoc(self, week: str, seed: int | None, actor: str, size: int | None = None) -> Drawn:
        """A draw with `seed`, or with one nobody knew; the same seed, size and replies give the same draw."""
        number = secrets.randbits(63) if seed is None else seed
        size = size or self.settings.size
        sample, fields = self._drawn(week, str(number).encode(), size, actor)
        draw = _ad_hoc(week, str(number), size, self.settings.double, sample.digest)
        if (known := self.store.week(draw)) is not None:
            return drawn_of(known)
        head = {"_id": draw, "week": week, "kind": AD_HOC, "seed": str(number), "late": False}

        def work(session: Session) -> None:
            self.store.add_week({**head, **fields}, session)
            self._keep(draw, AD_HOC, sample, fields, str(number), session)

        try:
            self.mongo.transaction(work)
        except Known:
            log.info("drawn_already", draw=draw)
        return self.drawn(draw)

    def population(self, week: str) -> list[Candidate]:
        """Every reply of the week that can be drawn, as the store has it now. Raises BadPayload."""
        found = list(replies(self.store.lines(*weeks.ids(week)), self.class_of))
        places = self.store.places(sorted({conversation for _, conversation, _, _ in found}))
        return [
            Candidate(message, stratum(places[conversation]["channel"], kind, low=low))
            for message, conversation, kind, low in found
            if conversation in places
        ]

    def _drawn(self, week: str, seed: bytes, size: int, actor: str) -> tuple[Sample, Doc]:
        if size < 1:
            raise BadPayload("A sample has at least one reply.")
        population = self.population(week)
        sample = drawing.draw(seed, population, size, self.settings.double)
        # Before the draw that names it; a population that no draw names is of no account.
        self.store.keep_population(sample.digest, drawing.lines(population))
        fields: Doc = {
            "state": states.DRAWN,
            "drawn_at": whole_ms(self.now()),
            "by": actor,
            "size": size,
            "double": self.settings.double,
            "population": sample.population,
            "population_digest": sample.digest,
            "sample_digest": drawing.digest(sample.drawn),
            "strata": [[name, there, n] for name, (there, n) in sample.strata.items()],
            "twice": len(sample.twice),
        }
        return sample, fields

    def _keep(self, draw: str, kind: str, sample: Sample, fields: Doc, seed: str, session: Session) -> None:
        messages = self.store.messages([one.id for one in sample.drawn])
        places = self.store.places(sorted({doc["conversation"] for doc in messages.values()}))
        items = []
        for n, one in enumerate(sample.drawn, 1):
            message = messages[one.id]
            place = places[message["conversation"]]
            items.append(
                {
                    "_id": f"{draw}-{n:04}",
                    "draw": draw,
                    "n": n,
                    "message": one.id,
                    "conversation": message["conversation"],
                    "account": place["account"],
                    "skill": place.get("skill") or "",
                    "stratum": one.stratum,
                    "refs": message["approved"],
                    "said_at": message["at"],
                    "needed": 2 if one.id in sample.twice else 1,
                    "reviews": [],
                    "state": states.OPEN,
                    "verdict": None,
                    "settled_at": None,
                }
            )
        self.store.add_items(items, session)
        names = ("size", "population", "population_digest", "sample_digest", "twice")
        detail = {"kind": kind, "seed": seed, **{name: fields[name] for name in names}}
        self.audit.add(fields["by"], "audit:sample:draw", f"audit-week:{draw}", detail, session)

    # -- drawing again ------------------------------------------------------------------------------------------------

    def again(self, draw: str) -> list[str]:
        """What does not fit when the draw is made once more from what was kept; nothing where all of it does."""
        doc = self._doc(draw)
        if doc["state"] == states.COMMITTED:
            raise Conflict("The week is not over: its seed stays sealed until then.")
        population = drawing.read(self.store.population(doc["population_digest"]))
        committed = doc["kind"] == COMMITTED
        seed = bytes.fromhex(doc["seed"]) if committed else str(doc["seed"]).encode()
        faults = []
        if committed and drawing.commitment(seed, doc["week"]) != doc["commitment"]:
            faults.append("The seed is not the one that was committed to.")
        promised = self.audit.about("audit:seed:commit", [f"audit-week:{draw}"])
        if committed and [one["detail"]["commitment"] for one in promised] != [doc["commitment"]]:
            faults.append("The audit log knows another commitment.")
        sample = drawing.draw(seed, population, doc["size"], doc["double"])
        named = _ad_hoc(doc["week"], doc["seed"], doc["size"], doc["double"], doc["population_digest"])
        # Of few replies another seed may draw the same ones; the name of the draw knows the first.
        if not committed and named != draw:
            faults.append("The seed is not the one that was drawn with.")
        if sample.digest != doc["population_digest"]:
            faults.append("The population is not the one that was drawn from.")
        items = {one["message"]: one["needed"] for one in self.store.items(draw)}
        if items != {one.id: 2 if one.id in sample.twice else 1 for one in sample.drawn}:
            faults.append("The sample is not the one that seed and population give.")
        return faults

    # -- reading ------------------------------------------------------------------------------------------------------

    def this_week(self) -> Doc | None:
        """The week that runs, as far as it may be known: `week`, `state`, `commitment`, `committed_at`, `late`."""
        found = self.store.week(weeks.week_of(self.now()))
        if found is None:
            return None
        return {name: found.get(name) for name in ("week", "state", "commitment", "committed_at", "late")}

    def drawn(self, draw: str) -> Drawn:
        """Raises NotFound."""
        doc = self._doc(draw)
        if doc["state"] == states.COMMITTED:
            raise NotFound("There is no such sample.")
        return drawn_of(doc)

    def draws(self, limit: int = LISTED, kind: str | None = None) -> list[Drawn]:
        """The newest first."""
        return [drawn_of(doc) for doc in self.store.draws(limit, kind)]

    def report(self, draw: str) -> WeekReport:
        """Settled verdicts only: what one of two said stays theirs until the other has spoken. Raises NotFound."""
        drawn = self.drawn(draw)
        items = self.store.items(draw)
        settled = [one for one in items if one["state"] == states.SETTLED]
        verdicts: dict[str, int] = {}
        by_stratum: dict[str, tuple[int, int]] = {}
        for one in settled:
            verdicts[one["verdict"]] = verdicts.get(one["verdict"], 0) + 1
            passed, n = by_stratum.get(one["stratum"], (0, 0))
            by_stratum[one["stratum"]] = (passed + (one["verdict"] == RIGHT), n + 1)
        marks = [
            (one["stratum"], one["verdict"] == RIGHT if one["state"] == states.SETTLED else None)
            for one in items
        ]
        return WeekReport(
            drawn,
            result(marks, drawn.strata),
            verdicts,
            dict(sorted(by_stratum.items())),
            sum(one["state"] == states.DISPUTED for one in items),
            tuple(one for one in settled if "finding" in one),
        )

    def trend(self) -> list[tuple[str, Result]]:
        """The weeks' own samples, the oldest first."""
        found = self.draws(TREND, COMMITTED)
        return sorted((one.week, self.report(one.id).result) for one in found)

    def figures(self, report: WeekReport) -> dict[str, Any]:
        """As it is signed and exported."""
        return {**asdict(report.result), "verdicts": dict(report.verdicts), "disputed": report.disputed}

    def _doc(self, draw: str) -> Doc:
        found = self.store.week(draw)
        if found is None:
            raise NotFound("There is no such sample.")
        return found


def _ad_hoc(week: str, seed: str, size: int, double: float, population: str) -> str:
    """The name of a draw: the same seed, size and replies give the same one."""
    return f"{week}.{hashlib.sha256(f'{seed}/{size}/{double}/{population}'.encode()).hexdigest()[:10]}"
