"""What became of a call to the firm's model, as a sentence for the person who asked for it."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from bot.ai.model import Call
from inbox.words import Words

OUTCOMES: Words = {
    "ok": _l("The model had nothing usable to say."),
    "budget": _l("This month's budget for the model is spent: it is asked again next month."),
    "timeout": _l("The model did not answer within three seconds. Try again."),
    "refused": _l("The model declined to answer."),
    "broken": _l("The model's answer was not usable, so it was thrown away. Try again."),
    "special": _l("This touches data the law protects in particular, which no model may see."),
    "unmasked": _l("Something in it could not be masked for certain, so nothing was sent."),
    "ledger": _l("The ledger of costs could not be written, so the model was not asked."),
}
_SETTINGS = ("http_400", "http_401", "http_403", "http_404", "http_422")


def sentence(call: Call | None) -> str:
    """`call` None: the firm does not allow this purpose."""
    if call is None:
        return str(gettext("The firm does not use the model for this (OPENAI_PURPOSES)."))
    if call.outcome in OUTCOMES:
        return str(OUTCOMES[call.outcome])
    if call.outcome in _SETTINGS:
        return str(gettext("The model's endpoint refuses us: an administrator has to check its settings."))
    return str(gettext("The model cannot be reached at the moment. Try again in a minute."))
