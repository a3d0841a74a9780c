"""The mind: asks the handlers in order; the first that decides wins, and no customer is left alone when one fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.contracts import Finder, Handler
from bot.model import Decision, HandOff, Ref, StaySilent, Turn
from bot.slots import filled, unfilled

from .intent import Intents
from .policy import Policy

GREETING = "greeting"


class Chain:
    """Implements `bot.contracts.Mind`. Has no clock of its own: the time is the turn's.

    `intents` are those that the handlers read by: what `adopt` brings in force counts for all of them.
    """

    def __init__(
        self,
        handlers: Sequence[tuple[str, Handler]],
        finder: Finder,
        intents: Intents,
        after: Callable[[], None] | None = None,
        privacy_url: str | None = None,
    ) -> None:
        self.handlers = tuple(handlers)
        self.intents = intents
        self._finder = finder
        self._after = after
        self._privacy_url = privacy_url

    @property
    def policy(self) -> Policy:
        """The hand-off rules in force."""
        return self.intents.policy

    def adopt(self, policy: Policy) -> None:
        """Those rules from now on; trains first, while the ones before decide on."""
        self.intents.adopt(policy)

    def decide(self, turn: Turn) -> tuple[str, Decision]:
        """The deciding handler's name and its decision. Never raises."""
        name, policy = "chain", self.policy
        try:
            for name, handler in self.handlers:
                decision = handler(turn)
                if decision is not None:
                    return name, self._introduced(turn, self._under(policy, self._complete(turn, decision)))
            raise LookupError("the last handler has to decide")
        except Exception as error:  # noqa: BLE001 - whatever broke, a person takes over
            return name, self._broken(turn, name, error)
        finally:
            if self._after is not None:
                self._after()

    def unfinished(self, text: str) -> bool:
        return self.intents.unfinished(text)

    def warm(self) -> None:
        """Loads rules and examples now, so that the first customer does not wait for them."""
        self.intents.warm()

    def _complete(self, turn: Turn, decision: Decision) -> Decision:
        """Raises LookupError for a notice whose slots nobody filled: it must not reach a customer."""
        parts = () if isinstance(decision, StaySilent) else decision.parts
        empty = unfilled(parts, lambda ref: self._finder.text(ref, turn.locale))
        if empty is not None:
            raise LookupError(f"the slots of {empty} are not filled")
        return decision

    @staticmethod
    def _under(policy: Policy, decision: Decision) -> Decision:
        """Names the rules that left this turn to others, so that it can be decided again years later."""
        if isinstance(decision, StaySilent) or "rules" in decision.trace:
            return decision
        return replace(decision, trace={**decision.trace, "rules": policy.named})

    def _introduced(self, turn: Turn, decision: Decision) -> Decision:
        if not turn.first_contact or isinstance(decision, StaySilent):
            return decision
        greeting = self._finder.notice(GREETING)
        rest = tuple(part for part in decision.parts if part != greeting)
        return replace(decision, parts=(greeting, *self._link(), *rest))

    def _link(self) -> tuple[Ref, ...]:
        """Where the full notice of 個資法 8 stands, with the short one; where the firm has said so."""
        ref = self._notice("privacy_link") if self._privacy_url is not None else None
        return () if ref is None else (filled(ref, {"url": self._privacy_url or ""}),)

    def _broken(self, turn: Turn, name: str, error: Exception) -> HandOff:
        wanted = (GREETING, "system_error") if turn.first_contact else ("system_error",)
        parts = tuple(ref for notice_id in wanted if (ref := self._notice(notice_id)) is not None)
        # The class only: an error's text may quote the customer.
        trace = {"handler": name, "error": type(error).__name__}
        return HandOff(reason="handler_error", parts=parts, trace=trace)

    def _notice(self, notice_id: str) -> Ref | None:
        try:
            return self._finder.notice(notice_id)
        except Exception:  # noqa: BLE001 - the finder may be what broke; a person is still due
            return None
