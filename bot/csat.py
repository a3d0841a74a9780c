"""How was it? Asked once when a person's conversation is resolved, answered by a button, with a comment if one likes.

Whom we ask: customers whom a person answered. Not after silence or spam, which nobody answered; not for conversations
that the bot closed after a day, since a message a day later costs a push, is outside Messenger's window and asks
somebody who has long moved on (what the bot settles is measured by who comes back); not after a crisis. And not in the
night, unless the customer was just here.

An answer is no new conversation and does not wake the bot: its lines belong to the conversation that is rated. Safety
comes first: a text after the rating is a comment only where the bot's own rules see no need for a person and nothing
to answer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from bot.contracts import Channel, Finder
from bot.model import LOCALES, Button, ContentKind, Conversation, Decision, Kind, Reply, Turn
from bot.mongo import Session
from bot.rendering import locale_of, render
from bot.store.accounts import AccountStore
from bot.store.audit import AuditStore
from bot.store.conversations import Context
from bot.store.ratings import Rating, RatingStore
from bot.store.records import Draft

VALUE = "csat:"
SCORES = (5, 4, 3, 2, 1)
LOWEST = 2
"""A score up to this is for a supervisor to look into."""
SWITCH = "csat"
"""In a channel account's `public`: False where nobody is asked."""
RECENT = timedelta(hours=24)
"""Since the customer's last word: nobody is asked later, and Messenger allows no more."""
HERE = timedelta(minutes=30)
QUIET_FROM, QUIET_TO = time(21), time(9)
RATE_WITHIN = timedelta(days=7)
CORRECT_WITHIN = timedelta(hours=24)
COMMENT_WITHIN = timedelta(minutes=10)
LONGEST_COMMENT = 2000
NOT_AFTER = ("crisis",)
NAME = "csat"
COMMENT = "comment"
IDLE = ("smalltalk", "approved_answer", "miss")
"""The handlers after which a text may be a comment, where they name no article: nothing in it asked for anything."""
_ASKS = ("?", "？", "嗎", "呢")


@dataclass(frozen=True, slots=True)
class Asking:
    """What the transaction of a resolution says and keeps besides. `sends`: something has to go out."""

    draft: Draft
    also: Callable[[Session], None]
    sends: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """What a turn becomes that answers our question: its lines belong to `conversation`, `also` goes with them."""

    conversation: Conversation
    decision: Reply
    also: Callable[[Session], None]
    kind: str


@dataclass(frozen=True, slots=True)
class Csat:
    ratings: RatingStore
    accounts: AccountStore
    audit: AuditStore
    channels: Mapping[Any, Channel]
    finder: Finder
    zone: tzinfo
    locale: str

    # -- asking --------------------------------------------------------------------------------------------------------

    def asking(self, conversation: Conversation, now: datetime | None = None) -> Asking | None:
        """For whoever resolves `conversation` now; None where nobody is to be asked, or was before."""
        at = now or datetime.now(UTC)
        if not self._may_ask(conversation, at) or self.ratings.asked(conversation.id):
            return None
        limits = self.channels[conversation.channel].capabilities
        locale = locale_of("", self.ratings.language(conversation.thread), self.locale)
        try:
            ask = self.finder.notice("csat_ask")
            labels = tuple(
                Button(self.finder.notice(f"csat_{score}"), f"{VALUE}{conversation.id}:{score}")
                for score in SCORES
            )
            (said,) = render([ask], labels, locale, self.finder, limits)
        except KeyError:
            # A notice that is not in force, or was tampered with, must not keep a conversation from being resolved.
            return None
        draft = Draft(
            author="bot",
            text=said.text,
            at=at,
            approved=said.refs,
            locale=locale,
            buttons=said.buttons,
            client_id=f"{VALUE}{conversation.id}",
        )
        if not limits.pulls:
            draft = replace(draft, entry=draft.id)
        return Asking(draft, lambda session: self.ratings.add(session, conversation, at), not limits.pulls)

    def _may_ask(self, conversation: Conversation, at: datetime) -> bool:
        last = conversation.customer_at
        if conversation.staff_at is None or last is None or conversation.reason in NOT_AFTER:
            return False
        if at - last > RECENT or (self._quiet(at) and at - last > HERE):
            return False
        account = self.accounts.recent(conversation.account_id)
        return account is not None and account.enabled and account.public.get(SWITCH, True) is not False

    def _quiet(self, at: datetime) -> bool:
        local = at.astimezone(self.zone).time()
        return local >= QUIET_FROM or local < QUIET_TO

    # -- answers -------------------------------------------------------------------------------------------------------

    def take(self, context: Context, turn: Turn, handler: str, decision: Decision) -> Taken | None:
        """The turn as an answer to our question; None where it is none, and `decision` holds."""
        if context.customer_id is None:
            return None
        thread = context.thread["_id"]
        if turn.choice is not None:
            return self._pressed(thread, turn) if turn.choice.startswith(VALUE) else None
        if turn.kind is not Kind.TEXT or context.conversation is not None:
            return None
        rating = self.ratings.latest(thread)
        if rating is None:
            return None
        # LINE shows no buttons on a computer: who types what a button says has pressed it.
        if (score := self._typed(rating, turn)) is not None:
            return self._pressed(thread, replace(turn, choice=f"{VALUE}{rating.conversation_id}:{score}"))
        return None if _is_answer(handler, decision) else self._commented(rating, turn)

    def _typed(self, rating: Rating, turn: Turn) -> int | None:
        if rating.rated_at is not None or turn.now - rating.asked_at > RECENT:
            return None
        said = unicodedata.normalize("NFKC", turn.text).strip(" \n.。!").casefold()
        for score in SCORES:
            try:
                ref = self.finder.notice(f"csat_{score}")
                labels = {self.finder.title(ref, locale).casefold() for locale in LOCALES}
            except KeyError:
                continue
            if said in {*labels, str(score)}:
                return score
        return None

    def _pressed(self, thread: str, turn: Turn) -> Taken | None:
        conversation_id, _, digit = (turn.choice or "").removeprefix(VALUE).partition(":")
        rating = self.ratings.get(conversation_id, thread)
        conversation = self.ratings.conversation(conversation_id) if rating else None
        if rating is None or conversation is None or digit not in {str(score) for score in SCORES}:
            return None
        score, now = int(digit), turn.now
        since, within = (
            (rating.asked_at, RATE_WITHIN) if rating.rated_at is None else (rating.rated_at, CORRECT_WITHIN)
        )
        if now - since > within:
            return self._says(conversation, "csat_late", _nothing, "choice")
        if score == rating.score:
            return self._says(conversation, "csat_thanks", _nothing, "choice")

        def keep(session: Session) -> None:
            self.ratings.rate(session, rating, score, now)
            if score <= LOWEST or (rating.score is not None and rating.score <= LOWEST):
                low = score <= LOWEST
                self.ratings.mark_low(session, conversation_id, low, self.locale)
                detail = {"score": score, "before": rating.score, "assignee": conversation.assignee}
                name = "rating:low" if low else "rating:corrected"
                self.audit.add("system:csat", name, conversation_id, detail, session)

        said = "csat_thanks" if rating.rated_at is None else "csat_changed"
        return self._says(conversation, said, keep, "choice", {"score": score})

    def _commented(self, rating: Rating, turn: Turn) -> Taken | None:
        text = turn.text.strip()
        if not text or len(text) > LONGEST_COMMENT or text.endswith(_ASKS):
            return None
        if not _awaits_comment(rating, turn.now):
            return None
        conversation = self.ratings.conversation(rating.conversation_id)
        if conversation is None:
            return None

        def keep(session: Session) -> None:
            self.ratings.comment(session, rating, text, turn.now)

        return self._says(conversation, "csat_comment", keep, COMMENT)

    def _says(
        self,
        conversation: Conversation,
        notice_id: str,
        also: Callable[[Session], None],
        kind: str,
        trace: dict[str, Any] | None = None,
    ) -> Taken | None:
        try:
            part = self.finder.notice(notice_id)
        except KeyError:
            return None
        return Taken(conversation, Reply(notice_id, (part,), trace=trace or {}), also, kind)


def _is_answer(handler: str, decision: Decision) -> bool:
    """Whether the bot has something better to do with a text than to note it: a person, an article, a state ..."""
    if not isinstance(decision, Reply) or handler not in IDLE:
        return True
    return any(ref.kind is ContentKind.ARTICLE for ref in decision.parts)


def _awaits_comment(rating: Rating, now: datetime) -> bool:
    return (
        rating.rated_at is not None
        and rating.commented_at is None
        and now - rating.rated_at <= COMMENT_WITHIN
    )


def _nothing(_session: Session) -> None:
    pass
