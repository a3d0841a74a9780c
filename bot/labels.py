"""Labels out of the record: a customer's choice among offered titles, and compliance's word on a reply.

Choices are read off `messages.decision` by the clock instead of being written with the turn: the record is append-only
and holds all of it, so reading it twice does no harm and no customer waits for bookkeeping (docs/decisions/0008).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bot.errors import BadPayload, NotAllowed, NotFound
from bot.logs import logger
from bot.masking import mask
from bot.model import Role, Staff
from bot.mongo import Doc, Mongo, Session
from bot.store.audit import AuditStore
from bot.store.labels import LabelStore
from kb.proof import direct

BATCH = 500
NONE = "none"
CUSTOMER = "customer"
LONGEST_REASON = 500
REVIEW = "reply:review"

ClassOf = Callable[[str, int], str | None]
"""The product class of an article's version; None where there is no such version."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an officer said of a message; `reason` is masked and may be empty."""

    message: str
    right: bool
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Labels:
    mongo: Mongo
    store: LabelStore
    audit: AuditStore
    class_of: ClassOf
    _classes: dict[tuple[str, int], str | None] = field(default_factory=dict, repr=False)

    def collect(self) -> int:
        """Labels of the choices made since the last time; how many are new. Raises PyMongoError."""
        added = 0
        for lines in _chunks(self.store.choices()):
            known = self.store.known(f"choice:{line['_id']}" for line in lines)
            fresh = [line for line in lines if f"choice:{line['_id']}" not in known]
            added += self.store.add([label for line in fresh if (label := self._read(line)) is not None])
            # After each chunk: a history too long for one reading is continued the next time.
            self.store.read_up_to(lines[-1]["decision"]["at"])
        return added

    def review(self, staff: Staff, message_id: str, *, right: bool, reason: str = "") -> Doc:
        """Compliance's word on a reply of the bot, or on the line it answers; the label, which replaces an earlier one.

        Of an answer: whether its article is the right one. Of titles asked back: whether the first would have been.
        Raises NotAllowed, NotFound; BadPayload where no article was at stake.
        """
        if staff.role is not Role.COMPLIANCE:
            raise NotAllowed("Only a compliance officer reviews replies.")
        line = self._decided(message_id)
        asked = self._question(line)
        first_right = right
        if asked is not line:
            # The customer chose one of several: only if that was the first was the search right about the first.
            first_right = right and line["decision"]["trace"].get("article") == _first(asked)["article"]
        label = self._label(
            f"review:{asked['_id']}", asked, right=first_right, source="review", by=staff.id
        ) | {"at": datetime.now(UTC)}

        def work(session: Session) -> None:
            self.store.put(label, session)
            detail = {
                "verdict": "right" if right else "wrong",
                "article": label["article"],
                "version": label["version"],
                "reason": mask(reason.strip()[:LONGEST_REASON]).masked,
            }
            self.audit.add(staff.id, REVIEW, message_id, detail, session)

        self.mongo.transaction(work)
        return label

    def verdicts(self, message_ids: Sequence[str]) -> list[Verdict]:
        """All that was said of those messages, oldest first: the audit log keeps what a later word replaced."""
        return [
            Verdict(
                doc["subject"],
                doc["detail"]["verdict"] == "right",
                doc["actor"],
                doc["at"],
                doc["detail"].get("reason", ""),
            )
            for doc in self.audit.about(REVIEW, message_ids)
        ]

    def _decided(self, message_id: str) -> Doc:
        """The line whose decision made that reply."""
        line = self.store.message(message_id)
        if line is None:
            raise NotFound("There is no such message.")
        if line["author"] == "bot":
            line = self.store.decided_before(line["conversation"], line["seq"])
        if line is None or not line["decision"]:
            raise BadPayload("This message is no reply of the bot, nor a line that one answers.")
        return line

    def _question(self, line: Doc) -> Doc:
        """The line that was searched for: itself, or for a choice the one that was asked back on."""
        if line["decision"]["handler"] == "choice" and line["decision"]["trace"].get("article"):
            before = self.store.decided_before(line["conversation"], line["seq"])
            if before is not None and _searched(before, "ask"):
                return before
        if _searched(line, "answer", "ask"):
            return line
        raise BadPayload("This reply says no article: there is nothing to learn from it.")

    def _read(self, line: Doc) -> Doc | None:
        try:
            return self._chosen(line)
        except (KeyError, TypeError, ValueError) as error:
            # One record that another release wrote differently must not keep the clock from all the others.
            log.warning("choice_not_understood", message=line["_id"], error=type(error).__name__)
            return None

    def _chosen(self, line: Doc) -> Doc | None:
        """None where the choice says nothing: a button of an old question, or nothing was asked just before."""
        trace = line["decision"]["trace"]
        article = trace.get("article")
        if article is None and trace.get("choice") != NONE:
            return None
        asked = self.store.decided_before(line["conversation"], line["seq"])
        if asked is None or not _searched(asked, "ask"):
            return None
        right = article is not None and article == _first(asked)["article"]
        label = self._label(f"choice:{line['_id']}", asked, right=right, source="choice", by=CUSTOMER)
        return label | {"chosen": article, "at": line["decision"]["at"]}

    def _label(self, label_id: str, asked: Doc, **said: Any) -> Doc:
        first, trace = _first(asked), asked["decision"]["trace"]
        product_class = self._class(first["article"], first["version"])
        return {
            "_id": label_id,
            "question": asked["_id"],
            "conversation": asked["conversation"],
            "article": first["article"],
            "version": first["version"],
            "product_class": product_class,
            # The search's own: a model's veto lowers what stands beside the title.
            "confidence": float(trace.get("confidence", first["confidence"])),
            "score": trace.get("score"),
            # What could never be answered directly proves nothing about direct answers.
            "direct": product_class is not None and direct(trace),
            "asked_at": asked["decision"]["at"],
            **said,
        }

    def _class(self, article: str, version: int) -> str | None:
        """Remembered: a version never changes."""
        if (article, version) not in self._classes:
            self._classes[article, version] = self.class_of(article, version)
        return self._classes[article, version]


def _searched(line: Doc, *reasons: str) -> bool:
    """Whether the search decided on this line, for one of `reasons`, and had a candidate."""
    decision = line["decision"]
    return (
        decision["handler"] == "approved_answer"
        and decision["reason"] in reasons
        and bool(decision["trace"].get("candidates"))
    )


def _first(line: Doc) -> Doc:
    first: Doc = line["decision"]["trace"]["candidates"][0]
    return first


def _chunks(lines: Iterable[Doc]) -> Iterator[list[Doc]]:
    source = iter(lines)
    while chunk := list(islice(source, BATCH)):
        yield chunk
