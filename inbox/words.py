"""What codes are called on screen: statuses, reasons, delivery errors. Unknown codes are shown, never hidden."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from bot.errors import Conflict, NotAllowed, NotFound, SendError, ServiceError, Unavailable
from bot.model import ChannelType, Role, Status
from bot.store.rows import News
from inbox.sentences import translated

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
    "complaints": _l("Complaints"),
    "mentions": _l("Mentions"),
    "snoozed": _l("Put off"),
    "assigned": _l("Assigned"),
    "bot": _l("With the bot"),
    "resolved": _l("Resolved"),
    "all": _l("All"),
}

EMPTY: Words = {
    "waiting": _l("Nobody is waiting. New requests appear here by themselves."),
    "mine": _l("You have no open conversation. Take one from “Waiting”."),
    "complaints": _l("No complaint is open."),
    "mentions": _l("Nobody has called you. Colleagues do it with @ and your name in an internal note."),
    "snoozed": _l("Nothing is put off. S puts the open conversation off until a time you choose."),
    "assigned": _l("No conversation is with a colleague right now."),
    "bot": _l("The bot is talking to nobody right now."),
    "resolved": _l("Nothing has been resolved yet. Resolved conversations stay here for reference."),
    "all": _l("No conversation yet. Connect a channel, and the first message appears here."),
}

# The letter after G that leads to each list.
GO = {
    "waiting": "w",
    "mine": "m",
    "complaints": "c",
    "mentions": "n",
    "snoozed": "s",
    "assigned": "a",
    "bot": "b",
    "resolved": "r",
    "all": "l",
}

SNOOZES: Words = {
    "hour": _l("In an hour"),
    "tonight": _l("This evening"),
    "morning": _l("Tomorrow morning"),
    "workday": _l("Next working day"),
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
    "complaint": _l("Complaint"),
    "fraud": _l("Fraud or stolen account"),
    "crisis": _l("A life may be at risk"),
    "advice": _l("Wants personal advice"),
    "three_misses": _l("Bot had no answer three times"),
    "handler_error": _l("Bot failed"),
    "ai_off": _l("AI is switched off"),
    "status_unavailable": _l("The status of an application could not be looked up"),
    "status_explained": _l("The outcome of an application has to be explained"),
    "delivery_failed": _l("An answer could not be delivered"),
    "recall": _l("Has to be told a correction"),
    "delivery_unknown": _l("It is unclear whether an answer arrived"),
}

# Why the bot decided as it did, beside a line; what hands over is above.
DECIDED: Words = {
    "answer": _l("An approved article fits"),
    "ask": _l("Several articles come close"),
    "choice": _l("Pressed one of the titles"),
    "choice_expired": _l("The title pressed is no longer in force"),
    "none_of_these": _l("None of the titles fitted"),
    "miss": _l("No approved article fits"),
    "smalltalk_greeting": _l("A greeting"),
    "smalltalk_thanks": _l("A thank-you"),
    "smalltalk_chat": _l("Small talk, no question"),
    "follow": _l("Became a follower"),
    "unsupported": _l("Not a text"),
    "linked": _l("Linked their accounts"),
    "link_expired": _l("The link code was not valid"),
    "status": _l("The status of the own application"),
    "status_none": _l("No application is known"),
    "status_unverified": _l("Has to prove who they are first"),
    "csat_thanks": _l("Rated the service"),
    "csat_changed": _l("Changed the rating"),
    "csat_comment": _l("A comment on the rating"),
    "csat_late": _l("Rated too late"),
    "conversation is waiting": _l("The conversation waits for a person"),
    "conversation is assigned": _l("A person has the conversation"),
}
NOTHING_ASKED = "nothing was asked: "

# What has to stand out in a list, and how.
FLAGS = {"complaint": "complaint", "fraud": "fraud", "crisis": "fraud"}

SKILLS: Words = {
    "general": _l("General"),
    "complaint": _l("Complaints"),
    "fraud": _l("Fraud"),
    "licensed": _l("Licensed adviser"),
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
    "account_gone": _l("This channel account no longer exists."),
    "bad_address": _l("The API address of this account is not a URL."),
    "bad_token": _l("The platform refused our credentials: an administrator has to check the channel."),
    "refused": _l("The other side refused it."),
    "blocked": _l("The customer has blocked this account, so the message cannot reach them."),
    "button_value": _l("A button of the message does not fit this platform."),
    "conflict": _l("Another program fetches this bot's updates."),
    "empty": _l("There is no text to send."),
    "forbidden": _l("The platform does not allow this account to send the message."),
    "no_answer": _l("The platform did not answer, so nobody can tell whether the message went out."),
    "no_origin": _l("No site may show this chat: add its origin."),
    "no_secret": _l("This bot has no webhook secret: add the account again."),
    "not_found": _l("The platform does not know this recipient or account."),
    "not_sent": _l("Web visitors fetch their messages; nothing is sent."),
    "page_restricted": _l("Meta has restricted the page for a time: see its Page Quality."),
    "platform_down": _l("The platform had a fault of its own."),
    "partly_sent": _l("Only the beginning of the message went out: send what is missing."),
    "quota": _l("The account's monthly message quota is used up."),
    "rate_limited": _l("The platform takes no more messages for the moment: send it again later."),
    "rejected": _l("The platform refused the message."),
    "reply_token_invalid": _l("The customer's message is too old to be answered directly."),
    "thread_elsewhere": _l("Another app of the platform has this conversation now."),
    "too_long": _l("The message is too long for this platform."),
    "too_many_buttons": _l("The message has more buttons than this platform shows."),
    "unknown_user": _l("The platform does not know this customer any more."),
    "unreachable": _l("The platform could not be reached."),
    "window_closed": _l("The platform's reply window is closed: wait until the customer writes again."),
}


# A list is counted so far.
MANY = 999


def counted(number: int | None) -> str:
    """A figure beside a list; nothing for an empty one."""
    return f"{MANY}+" if number and number > MANY else str(number or "")


def news(one: News) -> str:
    """Why a conversation is in front of its owner, for above the thread."""
    if one.kind == "customer":
        return str(gettext("Back before its time: the customer wrote."))
    if one.kind == "time":
        return str(gettext("Back: the time you put it off to is here."))
    return str(gettext("%(who)s handed it to you.", who=one.by_name or gettext("A colleague")))


def news_short(one: News) -> str:
    """The same for a list."""
    if one.kind == "customer":
        return str(gettext("Customer wrote"))
    return str(gettext("Time is up") if one.kind == "time" else gettext("Handed to you"))


def said(table: Words, code: str | None) -> str:
    """The words for `code`; the code itself, made readable, where nobody wrote any."""
    if not code:
        return ""
    found = table.get(code)
    return str(found) if found is not None else code.replace("_", " ").replace(":", " · ")


def preview(text: str) -> str:
    """The last line of a conversation for a list; what was taken back is nobody's to read."""
    return gettext("Taken back by the customer") if text == "[unsend]" else text


def reason(code: str | None) -> str:
    """Why a line was decided so, handed over or not."""
    if (code or "").startswith(NOTHING_ASKED):
        return str(gettext("Nothing was asked"))
    return said({**REASONS, **DECIDED}, code)


def flag(reason: str | None) -> str | None:
    """`complaint` or `fraud` where a conversation has to stand out."""
    return FLAGS.get(reason or "")


def platform_fault(code: str, detail: str) -> str:
    """One sentence for a platform's no: its own where we can say it in this language, else ours for the code."""
    said_there = translated(detail) if detail else None
    if said_there:
        return said_there
    known = SEND_ERRORS.get(code)
    return str(known) if known is not None else detail or said(SEND_ERRORS, code)


def account_fault(noted: str) -> str:
    """What the channel page says of `last_error`, which is noted as `code: sentence`."""
    code, colon, detail = noted.partition(": ")
    if not colon or not code.replace("_", "").isalnum() or " " in code:
        code, detail = (noted, "") if noted in SEND_ERRORS else ("", noted)
    return platform_fault(code, detail)


def sentence(error: ServiceError) -> str:
    """One sentence for the person at the screen."""
    if isinstance(error, SendError):
        return platform_fault(error.code, error.detail)
    if isinstance(error, Unavailable):
        return str(gettext("A server we need is not answering. Try again in a moment."))
    written = translated(str(error))
    if written:
        return written
    if isinstance(error, Conflict):
        return str(gettext("Somebody was quicker: the page now shows how things stand."))
    if isinstance(error, NotAllowed):
        return str(gettext("Your role does not allow this."))
    if isinstance(error, NotFound):
        return str(gettext("This no longer exists, or is not yours to see."))
    return str(error) or str(gettext("That did not work. Try again."))
