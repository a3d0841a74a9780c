"""A Finder whose doubtful answers a model may take back. It can turn an answer into a question, never the other way.

    answer, surer than SURE     said; the model is not asked
    answer, doubtful            checked: 'no' turns it into a question back
    ask or miss, a follow-up    reworded by the model and searched again here; at best a question back
    ask                         with the purpose `choose`: the chosen title comes first
    anything else               untouched

With an embedding model, a doubtful answer that nobody checks is compared with what else was found: where another
question is nearer, it becomes a question back. And titles that nobody chooses among are put in the order of nearness.

Everything shown comes from the local search: approved articles in force, found again by it and by nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from bot.ai.adviser import Adviser
from bot.ai.model import Call
from bot.contracts import Finder
from bot.model import Finding, Found, Ref

SURE: Final = 0.985
"""Above this a check would cost more than it finds; equal wording (1.0) is never doubted."""
FOLLOW_UP: Final = 16
"""Characters up to which a message may be a follow-up."""
_KNOWN: Final = 0.5
"""A search this sure of its best title has understood the message alone."""
_TITLES: Final = 3
_CAPPED: Final = 0.9
"""What was not found by the customer's own words is never surer than this."""


class AdvisedFinder:
    """Implements `bot.contracts.Finder`. At most one call of the model for each `find`."""

    def __init__(self, finder: Finder, adviser: Adviser) -> None:
        self._finder = finder
        self._adviser = adviser

    def find(self, text: str, locale: str, history: Sequence[str] = ()) -> Finding:
        finding = self._finder.find(text, locale, history)
        best = finding.candidates[0] if finding.candidates else None
        if finding.verdict == "answer":
            return finding if best is None or best.confidence > SURE else self._checked(text, finding, best)
        if history and len(text.strip()) <= FOLLOW_UP and (best is None or best.confidence < _KNOWN):
            return self._reworded(text, locale, history, finding)
        if finding.verdict == "ask" and len(finding.candidates) > 1:
            return self._chosen(text, finding)
        return finding

    def _checked(self, text: str, finding: Finding, best: Found) -> Finding:
        advice = self._adviser.check(text, best.question or best.title, best.title)
        if advice.call is None:
            return self._compared(text, finding)
        if advice.value is not False:
            return _traced(finding, advice.call)
        return _traced(_asked(finding.candidates, finding), advice.call, "veto")

    def _reworded(self, text: str, locale: str, history: Sequence[str], finding: Finding) -> Finding:
        advice = self._adviser.rewrite(text, history)
        if advice.value is None:
            return _traced(finding, advice.call)
        again = self._finder.find(advice.value, locale)
        before = finding.candidates[0].confidence if finding.candidates else 0.0
        if again.verdict == "miss" or not again.candidates or again.candidates[0].confidence <= before:
            return _traced(finding, advice.call, "no_better")
        # What was found before stays on offer: the rewriting may have guessed wrong.
        own = finding.candidates[:1] if finding.verdict == "ask" else ()
        return _traced(
            _asked([*again.candidates[: _TITLES - len(own)], *own], again), advice.call, "reworded"
        )

    def _chosen(self, text: str, finding: Finding) -> Finding:
        offered = finding.candidates[:_TITLES]
        advice = self._adviser.choose(text, [found.title for found in offered])
        if advice.call is None:
            return self._compared(text, finding)
        at = advice.value
        if at is None or not 0 < at < len(offered):
            return _traced(finding, advice.call, "none" if at is not None and at < 0 else None)
        first = (offered[at], *offered[:at], *offered[at + 1 :], *finding.candidates[_TITLES:])
        return _traced(replace(finding, candidates=first), advice.call, "reordered")

    def _compared(self, text: str, finding: Finding) -> Finding:
        offered = finding.candidates[:_TITLES]
        if len(offered) < 2:
            return finding
        advice = self._adviser.nearness(text, [found.question or found.title for found in offered])
        if advice.value is None:
            return _traced(finding, advice.call)
        near = advice.value
        order = sorted(range(len(offered)), key=lambda at: -near[at])
        figures = [round(one, 3) for one in near]
        if order[0] == 0 and finding.verdict == "answer":
            return _traced(finding, advice.call, near=figures)
        sorted_so = [*(offered[at] for at in order), *finding.candidates[_TITLES:]]
        if finding.verdict == "answer":
            return _traced(_asked(sorted_so, finding), advice.call, "veto", near=figures)
        effect = None if order == sorted(order) else "reordered"
        return _traced(replace(finding, candidates=tuple(sorted_so)), advice.call, effect, near=figures)

    # -- the rest is the local knowledge's, untouched ---------------------------------------------------------------

    def worded_so(self, text: str) -> bool:
        return self._finder.worded_so(text)

    def article(self, article_id: str) -> Ref | None:
        return self._finder.article(article_id)

    def notice(self, notice_id: str) -> Ref:
        return self._finder.notice(notice_id)

    def disclosures(self, ref: Ref) -> tuple[Ref, ...]:
        return self._finder.disclosures(ref)

    def text(self, ref: Ref, locale: str) -> str:
        return self._finder.text(ref, locale)

    def title(self, ref: Ref, locale: str) -> str:
        return self._finder.title(ref, locale)

    def product_class(self, ref: Ref) -> str | None:
        return self._finder.product_class(ref)


def _asked(candidates: Sequence[Found], finding: Finding) -> Finding:
    """A question back with up to three titles that a customer can tell apart."""
    apart: dict[str, Found] = {}
    for found in candidates:
        apart.setdefault(found.title.strip().casefold(), found)
    titles = list(apart.values())[:_TITLES]
    return Finding(
        "ask", tuple(replace(t, confidence=min(t.confidence, _CAPPED)) for t in titles), finding.trace
    )


def _traced(finding: Finding, call: Call | None, effect: str | None = None, **figures: Any) -> Finding:
    """With what is kept of the call: purpose, outcome, ms, model, prompt version, figures; no text."""
    if call is None:
        return finding
    kept = call.trace() | ({"effect": effect} if effect else {}) | figures
    return replace(finding, trace=finding.trace | {"model": kept})
