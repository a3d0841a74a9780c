"""Sentences that other rooms of the house write in English, in the reader's language.

A sentence stands here as it is written there, with `%(name)s` where it varies; one that is not listed is shown as it
came, so nothing a platform says is ever lost.
"""

from __future__ import annotations

import re
from functools import cache

from flask_babel import get_locale, gettext

from inbox import (
    access_sentences,
    audit_sentences,
    cases_sentences,
    composer_sentences,
    customers_sentences,
    export_sentences,
    knowledge_sentences,
    monitor_sentences,
    phrasings_sentences,
    retention_sentences,
    reveal_sentences,
    rules_sentences,
    schedule_sentences,
    work_sentences,
)


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    # applications at the firm
    _l("No system of the firm's is connected that knows applications."),
    _l("Your role does not read customers' applications."),
    # the desk
    _l("This conversation is resolved; the customer's next message opens a new one."),
    _l("A colleague has taken this conversation."),
    _l("Write something before you send."),
    _l("The reply is longer than %(limit)s characters; send it in parts."),
    _l("Take the conversation before you reply."),
    _l("This reads as personal advice. Reword it, or say why it may be sent: the reason is kept."),
    _l("A reason has %(least)s to %(most)s characters: say why this may be sent."),
    _l("Somebody changed this conversation a moment ago; reload and look again."),
    _l("Your role reads conversations and does not answer them."),
    _l("This conversation is resolved already."),
    _l("Take the conversation first."),
    _l("There is no such conversation, or it is not yours to read."),
    # recalls
    _l("A recall needs a reason."),
    _l("The reason is longer than %(limit)s characters."),
    _l("There is no such recall."),
    _l("There is no such list."),
    _l("A correction is done or not needed."),
    _l("A colleague has closed this correction."),
    _l("There is no such correction."),
    _l("%(article)s has no version %(version)s that ever was in force."),
    _l("%(article)s has no version that ever was in force."),
    # reviews of replies
    _l("Only a compliance officer reviews replies."),
    _l("There is no such message."),
    _l("This message is no reply of the bot, nor a line that one answers."),
    _l("This reply says no article: there is nothing to learn from it."),
    _l("The state of the automation keeps changing; try again."),
    # what a platform says when asked
    _l("LINE accepts the token: it belongs to %(name)s."),
    _l("LINE will call this address; it may take a minute."),
    _l("LINE has the address; now switch on 'Use webhook' in the LINE Developers Console."),
    _l("LINE called the address and got 200."),
    _l("LINE could not call the address: %(reason)s, status %(status)s."),
    _l("Meta accepts the token: it belongs to the page %(name)s."),
    _l("The page is subscribed to %(fields)s. Meta offers no test call: write to the page."),
    _l("The page is not subscribed to: %(fields)s."),
    _l("Meta has restricted the page for a time: see its Page Quality."),
    _l("Telegram accepts the token: it belongs to %(name)s."),
    _l("Telegram will call this address."),
    _l("Telegram calls this address; %(count)s updates are waiting."),
    _l("Telegram has another address, or none: register this one."),
    _l("%(count)s updates are waiting; the last call failed: %(reason)s."),
    _l("This bot has no webhook secret: add the account again."),
    _l("This bot has no token."),
    _l("Another program fetches this bot's updates."),
    _l("The chat may be shown on %(origins)s."),
    _l("There is nothing to register: paste the snippet into the site."),
    _l("No site may show this chat: add its origin."),
    _l("The API address of this account is not a URL."),
    _l("The app lacks a permission for this page (pages_messaging)."),
    _l("LINE refuses the channel access token: issue a new one."),
    _l("LINE does not allow this call for the account's plan or permissions."),
    _l("Meta refuses the page access token: issue a new one."),
    _l("Telegram refuses the bot's token."),
    _l("The platform could not be reached."),
    _l("The platform did not answer: the message may have gone out."),
    *customers_sentences.KNOWN,
    *composer_sentences.KNOWN,
    *access_sentences.KNOWN,
    *audit_sentences.KNOWN,
    *cases_sentences.KNOWN,
    *export_sentences.KNOWN,
    *knowledge_sentences.KNOWN,
    *monitor_sentences.KNOWN,
    *phrasings_sentences.KNOWN,
    *retention_sentences.KNOWN,
    *reveal_sentences.KNOWN,
    *rules_sentences.KNOWN,
    *schedule_sentences.KNOWN,
    *work_sentences.KNOWN,
)


@cache
def _pattern(written: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", written)
    return re.compile("".join(f"(?P<{p}>.+?)" if i % 2 else re.escape(p) for i, p in enumerate(parts)), re.S)


def translated(sentence: str) -> str | None:
    """The sentence in the reader's language; None for one nobody has translated."""
    locale = get_locale()
    if locale is None or locale.language == "en":
        return sentence
    for written in KNOWN:
        found = _pattern(written).fullmatch(sentence)
        if found:
            return str(gettext(written, **found.groupdict()))
    return None


def said_by_platform(sentence: str) -> str:
    return translated(sentence) or sentence
