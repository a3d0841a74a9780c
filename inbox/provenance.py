"""Why this answer: what stands in the record with the customer's line, in words; each text with its approver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.desk.suggest import AT_HAND
from bot.errors import Conflict, NotFound
from bot.labels import Verdict
from bot.model import Message, Ref, Why
from inbox import words
from inbox.words import Words
from kb.store import Store

HANDLERS: Words = {
    "crisis": _l("Rule: danger to life"),
    "fraud": _l("Rule: fraud and account security"),
    "complaint": _l("Rule: complaint"),
    "advice": _l("Rule: personal advice"),
    "human_request": _l("Rule: asked for a person"),
    "choice": _l("The customer chose"),
    "smalltalk": _l("Small talk"),
    "approved_answer": _l("Search: answer"),
    "miss": _l("Search: no answer"),
    "agent_owned": _l("A person has the conversation"),
    "ai_off": _l("Switch: the AI is off"),
    "unsupported": _l("Nothing the bot can read"),
    "application_status": _l("Look-up: application"),
    "csat": _l("Rating of the service"),
}
DECISIONS: Words = {
    "Reply": _l("Replied"),
    "HandOff": _l("Handed to people"),
    "StaySilent": _l("Said nothing"),
}
SEARCHES: Words = {
    "exact": _l("The approved question word for word, after normalisation"),
    "ranked": _l("By meaning and words"),
}
VERDICTS: Words = {"answer": _l("Answer"), "ask": _l("Ask back"), "miss": _l("No answer")}
FIGURES: Words = {
    "confidence": _l("Confidence"),
    "score": _l("Score"),
    "ridge": _l("Classifier"),
    "coverage": _l("Words covered"),
    "contrast": _l("Contrast words"),
    "follow_up": _l("Read with the question before"),
    "proof": _l("Proof of direct answers"),
    "model": _l("The firm's model"),
    "choice": _l("Choice"),
    "intent": _l("Intent"),
    "rules": _l("Rules"),
    "rule": _l("Recognised by"),
    "look_up": _l("Look-up"),
    "count": _l("Applications"),
    "ms": _l("Milliseconds"),
}
_SHOWN = {"search", "verdict", "candidates", AT_HAND, "evidence", "shares", "article", "version"}


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a version and when; both None where the record of it cannot be read or is damaged."""

    by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    ref: Ref
    approver: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """`candidates` are (article, version, confidence); `facts` (name, value); `said` what came of it.

    `reviewable`: an article was at stake, so that compliance can say whether it was the right one.
    """

    handler: str
    decision: str
    reason: str
    at: datetime
    search: str
    verdict: str
    candidates: tuple[tuple[str, str, str], ...]
    evidence: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    said: tuple[Said, ...] = field(default=())
    reviewable: bool = False
    verdicts: tuple[Verdict, ...] = ()


Approvals = Callable[[Ref], Approval]


def approvals(store: Callable[[], Store]) -> Approvals:
    """Looks an approval up once a process: what is written of a version stays as it is."""
    known: dict[tuple[str, str, int], Approval] = current_app.extensions.setdefault("teller_approvals", {})

    def look(ref: Ref) -> Approval:
        key = (ref.kind.value, ref.id, ref.version)
        if key not in known:
            try:
                content = store().version(ref.kind, ref.id, ref.version)
            except (NotFound, Conflict):
                return Approval()
            if content.sha256 != ref.sha256:
                return Approval()
            known[key] = Approval(content.approver, content.approved_at)
        return known[key]

    return look


def accounts(
    messages: Sequence[Message],
    approved: Approvals,
    name: Callable[[str], str],
    verdicts: Callable[[Sequence[str]], Sequence[Verdict]],
) -> Mapping[str, Account]:
    """By the id of the customer's line; what the bot said after it, up to the next decision, belongs to it."""
    found: dict[str, Account] = {}
    line_of: dict[str, str] = {}
    for number, message in enumerate(messages):
        if message.why is None:
            continue
        said: list[Said] = []
        line_of[message.id] = message.id
        for after in messages[number + 1 :]:
            if after.why is not None:
                break
            if after.author == "bot":
                line_of[after.id] = message.id
                said += [_said(ref, approved, name) for ref in after.approved]
        found[message.id] = account(message.why, tuple(said))
    # One question for the whole page, and none where nothing can be judged.
    at_stake = [of for of, line in line_of.items() if found[line].reviewable]
    for one in verdicts(at_stake) if at_stake else ():
        line = line_of[one.message]
        found[line] = replace(found[line], verdicts=(*found[line].verdicts, replace(one, by=name(one.by))))
    return found


def account(why: Why, said: tuple[Said, ...] = ()) -> Account:
    trace = why.trace
    shares = sorted((trace.get("shares") or {}).items(), key=lambda item: -item[1])
    facts = [(str(FIGURES.get(key, key)), _value(value)) for key, value in trace.items() if key not in _SHOWN]
    if shares:
        facts.append(
            (gettext("Nearness to the rules' examples"), ", ".join(f"{k} {v:.2f}" for k, v in shares))
        )
    if trace.get("article"):
        facts.append((gettext("Article"), f"{trace['article']} v{trace.get('version', '?')}"))
    return Account(
        handler=words.said(HANDLERS, why.handler),
        decision=words.said(DECISIONS, why.decision),
        reason=words.reason(why.reason),
        at=why.at,
        search=words.said(SEARCHES, trace.get("search")),
        verdict=words.said(VERDICTS, trace.get("verdict")),
        candidates=tuple(
            (one["article"], str(one["version"]), f"{one['confidence']:.4f}")
            for one in trace.get("candidates") or trace.get(AT_HAND) or ()
        ),
        evidence=tuple(str(one) for one in trace.get("evidence") or ()),
        facts=tuple(facts),
        said=said,
        reviewable=_at_stake(why),
    )


def _at_stake(why: Why) -> bool:
    """As `bot.labels` sees it: a search that offered something, or a title that the customer chose."""
    if why.handler == "choice":
        return bool(why.trace.get("article"))
    searched = why.handler == "approved_answer" and why.reason in ("answer", "ask")
    return searched and bool(why.trace.get("candidates"))


def _said(ref: Ref, approved: Approvals, name: Callable[[str], str]) -> Said:
    approval = approved(ref)
    return Said(ref, name(approval.by) if approval.by else "", approval.at)


def _value(value: Any) -> str:
    """One line for whatever a trace may hold."""
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_value(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    return "" if value is None else str(value)
