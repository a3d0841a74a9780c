"""The fake's recalls: one article taken back, one customer of conversation c1 to be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.errors import BadPayload, Conflict, NotFound
from bot.model import ChannelType, Staff
from bot.recalls import Call, Correction, Recall

ARTICLE = "card-annual-fee"
AT = datetime(2026, 11, 22, 2, tzinfo=UTC)


class FakeRecalls:
    def __init__(self) -> None:
        call = Call(AT, "s-comp", "年費金額有誤", (1,))
        self.known = {ARTICLE: Recall(ARTICLE, (1,), (call,), True, 1, 0, 0)}
        self.correction = Correction(
            f"{ARTICLE}:c1", ARTICLE, (1,), "cu1", "c1", ChannelType.LINE, "m1", AT, "open", None, None
        )

    def start(self, article: str, version: int | None, actor: str, reason: str) -> Recall:
        if not reason:
            raise BadPayload("A recall needs a reason.")
        if article not in self.known:
            raise NotFound(f"{article} has no version that ever was in force.")
        return self.known[article]

    def recall(self, article: str) -> Recall:
        if article not in self.known:
            raise NotFound("There is no such recall.")
        return self.known[article]

    def recalls(self) -> list[Recall]:
        return list(self.known.values())

    def corrections(self, article: str, state: str = "open", after: str = "") -> list[Correction]:
        return [self.correction] if self.correction.state == state else []

    def _open(self, correction_id: str) -> Correction:
        if correction_id != self.correction.id:
            raise NotFound("There is no such correction.")
        if self.correction.state != "open":
            raise Conflict("A colleague has closed this correction.")
        return self.correction

    def take_up(self, staff: Staff, correction_id: str) -> str:
        return self._open(correction_id).conversation

    def close(self, staff: Staff, correction_id: str, state: str) -> Correction:
        self.correction = replace(self._open(correction_id), state=state, by=staff.id, closed_at=AT)
        return self.correction
