"""What codes are called on screen: statuses, reasons, delivery errors. Unknown codes are shown, never hidden."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from bot.errors import Conflict, NotAllowed, NotFound, SendError, ServiceError, Unavailable
from bot.model import ChannelType, Role, Status

Words = dict[str, LazyString]

CHANNELS: Words = {
    ChannelType.LINE: _l("LINE"),
    ChannelType.MESSENGER: _l("Messenger"),
    ChannelType.TELEGRAM: _l("Telegram"),
    ChannelType.WEB: _l("Web chat"),
}

STATUSES: Words = {
    Status.BOT: _l("With the bot"),
    Status.WAITING: _l("Waiting"),
    Status.ASSIGNED: _l("Assigned"),
    Status.RESOLVED: _l("Resolved"),
}

VIEWS: Words = {
    "waiting": _l("Waiting"),
    "mine": _l("Mine"),
    "assigned": _l("Assigned"),
    "bot": _l("With the bot"),
    "resolved": _l("Resolved"),
    "all": _l("All"),
}

EMPTY: Words = {
    "waiting": _l("Nobody is waiting. New requests appear here by themselves."),
    "mine": _l("You have no open conversation. Take one from “Waiting”."),
    "assigned": _l("No conversation is with a colleague right now."),
    "bot": _l("The bot is talking to nobody right now."),
    "resolved": _l("Nothing has been resolved yet. Resolved conversations stay here for reference."),
    "all": _l("No conversation yet. Connect a channel, and the first message appears here."),
}

ROLES: Words = {
    Role.AGENT: _l("Agent"),
    Role.SENIOR: _l("Senior agent"),
    Role.SUPERVISOR: _l("Supervisor"),
    Role.COMPLIANCE: _l("Compliance officer"),
    Role.ADMIN: _l("Administrator"),
    Role.AUDITOR: _l("Auditor"),
}

REASONS: Words = {
    "human_request": _l("Asked for a person"),
    "asked_for_person": _l("Asked for a person"),
    "complaint": _l("Complaint"),
    "agitation": _l("Upset customer"),
    "legal": _l("Mentions a lawyer or the authorities"),
    "fraud": _l("Fraud or stolen account"),
    "lost_account": _l("Lost account or card"),
    "fraud_or_account_security": _l("Fraud or account security"),
    "personal_advice": _l("Wants personal advice"),
    "misses": _l("Bot had no answer three times"),
    "three_misses": _l("Bot had no answer three times"),
    "miss": _l("Bot had no answer"),
    "handler_error": _l("Bot failed"),
    "no_decision": _l("Bot had no answer"),
    "ai_off": _l("AI is switched off"),
    "ai_stopped": _l("AI is switched off"),
    "off_hours": _l("Came in outside business hours"),
    "delivery_failed": _l("An answer could not be delivered"),
    "delivery_unknown": _l("It is unclear whether an answer arrived"),
    "taken": _l("Taken over by staff"),
    "taken_over": _l("Taken over by staff"),
}

COMPLAINT = frozenset({"complaint", "agitation", "legal"})
FRAUD = frozenset({"fraud", "lost_account", "fraud_or_account_security"})

SKILLS: Words = {
    "general": _l("General"),
    "complaint": _l("Complaints"),
    "complaints": _l("Complaints"),
    "senior": _l("Senior"),
    "fraud": _l("Fraud"),
    "security": _l("Fraud"),
    "advice": _l("Advice"),
    "loan": _l("Loans"),
    "card": _l("Cards"),
    "investment": _l("Investment"),
    "insurance": _l("Insurance"),
    "deposit": _l("Deposits"),
    "account": _l("Accounts"),
}

DELIVERIES: Words = {
    "queued": _l("Queued"),
    "sending": _l("Sending"),
    "sent": _l("Sent"),
    "failed": _l("Not delivered"),
    "unknown": _l("Unconfirmed"),
}

SEND_ERRORS: Words = {
    "blocked": _l("The customer has blocked this account, so the message cannot reach them."),
    "window_closed": _l("The platform's reply window is closed: wait until the customer writes again."),
    "rate_limited": _l("The platform asked us to slow down; it is tried again automatically."),
    "quota": _l("The account's monthly message quota is used up."),
    "quota_exceeded": _l("The account's monthly message quota is used up."),
    "bad_credentials": _l("The platform refused our credentials: an administrator has to check the channel."),
    "unauthorized": _l("The platform refused our credentials: an administrator has to check the channel."),
    "forbidden": _l("The platform does not allow this account to send the message."),
    "too_long": _l("The message is too long for this platform."),
    "not_found": _l("The platform does not know this recipient or account."),
    "unknown_user": _l("The platform does not know this customer any more."),
    "bad_request": _l("The platform refused the message as malformed."),
    "rejected": _l("The platform refused the message."),
    "timeout": _l("The platform did not answer in time."),
    "unreachable": _l("The platform could not be reached."),
    "server_error": _l("The platform had a fault of its own."),
    "platform_error": _l("The platform had a fault of its own."),
    "crashed": _l("Sending was interrupted; nobody can tell whether the message went out."),
}


def said(table: Words, code: str | None) -> str:
    """The words for `code`; the code itself, made readable, where nobody wrote any."""
    if not code:
        return ""
    found = table.get(code)
    return str(found) if found is not None else code.replace("_", " ").replace(":", " · ")


def flag(reason: str | None) -> str | None:
    """`complaint` or `fraud` where a conversation has to stand out."""
    key = (reason or "").split(":")[0]
    if key in COMPLAINT:
        return "complaint"
    return "fraud" if key in FRAUD else None


def view_names() -> list[str]:
    return list(VIEWS)


def sentence(error: ServiceError) -> str:
    """One sentence for the person at the screen. Detail of a platform goes with it, as it is its own word."""
    if isinstance(error, SendError):
        known = SEND_ERRORS.get(error.code)
        return (
            f"{known}（{error.detail}）" if known is not None and error.detail else str(known or error.detail)
        )
    if isinstance(error, Conflict):
        return str(gettext("Somebody was quicker: the page now shows how things stand."))
    if isinstance(error, NotAllowed):
        return str(gettext("Your role does not allow this."))
    if isinstance(error, NotFound):
        return str(gettext("This no longer exists, or is not yours to see."))
    if isinstance(error, Unavailable):
        return str(gettext("A server we need is not answering. Try again in a moment."))
    return str(gettext(str(error)) if str(error) else gettext("That did not work. Try again."))
