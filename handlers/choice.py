"""The customer pressed a button, or typed its number or its words right after seeing it."""

from __future__ import annotations

from collections.abc import Callable

from bot.contracts import Handler
from bot.model import Decision, Kind, Offer, Ref, Turn

from .miss import missed
from .say import NONE, OFFER, PERSON, Desk

_ORDINALS = {
    **{str(n): n for n in (1, 2, 3)},
    **{f"{n}.": n for n in (1, 2, 3)},
    **{word: n for n, word in enumerate("一二三", start=1)},
    **{f"第{word}個": n for n, word in enumerate("一二三", start=1)},
    **{f"第{n}個": n for n in (1, 2, 3)},
    **{f"選{n}": n for n in (1, 2, 3)},
}


Clean = Callable[[str], str]


def choice(desk: Desk, clean: Clean) -> Handler:
    """`human` and an unanswerable number are left to the handlers behind this one. `clean` brings to one spelling."""

    def decide(turn: Turn) -> Decision | None:
        value = turn.choice or (_typed(desk, turn, clean) if turn.kind is Kind.TEXT else None)
        if value is None or value == PERSON:
            return None
        if value == NONE:
            return missed(desk, turn, "none_of_these", {"choice": NONE})
        chosen = _offered(turn.conversation.offer, value)
        # An article may have been retired or replaced since it was offered: only what is in force now is said.
        current = desk.finder.article(chosen.id) if chosen else None
        if current is None:
            return desk.notice("choice_expired", "choice_expired")
        return desk.article(
            "choice", current, {"choice": value, "article": current.id, "version": current.version}
        )

    return decide


def _offered(offer: Offer | None, value: str) -> Ref | None:
    if offer is None or not value.startswith(OFFER):
        return None
    offer_id, _, number = value.removeprefix(OFFER).rpartition(":")
    if offer_id != offer.id or not number.isascii() or not number.isdecimal() or len(number) > 3:
        return None
    at = int(number)
    return offer.refs[at] if at < len(offer.refs) else None


def _typed(desk: Desk, turn: Turn, clean: Clean) -> str | None:
    offer = turn.conversation.offer
    if offer is None:
        return None
    said = clean(turn.text)
    number = _ORDINALS.get(said)
    if number is not None and number <= len(offer.refs):
        return f"{OFFER}{offer.id}:{number - 1}"
    for at, ref in enumerate(offer.refs):
        if _is_title(desk, ref, said, turn.locale, clean):
            return f"{OFFER}{offer.id}:{at}"
    for notice_id, value in (("choose_none", NONE), ("choose_person", PERSON)):
        if _is_title(desk, desk.finder.notice(notice_id), said, turn.locale, clean):
            return value
    return None


def _is_title(desk: Desk, ref: Ref, said: str, locale: str, clean: Clean) -> bool:
    try:
        return said == clean(desk.finder.title(ref, locale))
    except KeyError:  # a version that is gone cannot be meant by its title
        return False
