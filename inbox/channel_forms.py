"""What each platform wants to be told, and where a person finds it, as data; the page is drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from bot.model import ChannelType


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `store`: secrets or public. `kind`: text, secret, lines (one URL a line)."""

    name: str
    label: LazyString
    help: LazyString
    store: str = "secrets"
    kind: str = "secret"
    required: bool = True
    example: str = ""


@dataclass(frozen=True, slots=True)
class ChannelForm:
    intro: LazyString
    fields: tuple[Field, ...]
    steps: tuple[LazyString, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """A filled-in form; `faults` has a sentence for each field that does not do."""

    name: str = ""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    public: dict[str, Any] = field(default_factory=dict)
    api_base: str | None = None
    faults: dict[str, str] = field(default_factory=dict)


FORMS: dict[ChannelType, ChannelForm] = {
    ChannelType.LINE: ChannelForm(
        _l("Connect a LINE official account through its Messaging API channel."),
        (
            Field(
                "secret",
                _l("Channel secret"),
                _l(
                    "LINE Developers console → your provider → the channel → “Basic settings” → Channel secret."
                ),
            ),
            Field(
                "token",
                _l("Channel access token"),
                _l("Same channel → “Messaging API” → Channel access token (long-lived) → Issue."),
            ),
        ),
        (
            _l("Press “Register webhook”, or paste the address under “Messaging API” → Webhook URL."),
            _l("There, switch on “Use webhook” and “Webhook redelivery”; switch off auto-reply messages."),
            _l("Press “Test”: LINE calls the address and tells whether it worked."),
        ),
    ),
    ChannelType.MESSENGER: ChannelForm(
        _l("Connect a Facebook page. One Meta app can serve several pages: add each page as an account."),
        (
            Field(
                "page_id",
                _l("Page ID"),
                _l("Facebook page → About → Page transparency → Page ID. Digits only."),
                store="public",
                kind="text",
                example="102938475610293",
            ),
            Field(
                "page_token",
                _l("Page access token"),
                _l(
                    "Meta for Developers → your app → Messenger → API settings → Generate access token for the page."
                ),
            ),
            Field(
                "app_secret",
                _l("App secret"),
                _l("Meta for Developers → your app → App settings → Basic → App secret → Show."),
            ),
            Field(
                "verify_token",
                _l("Verify token"),
                _l("A word you choose. Enter the same one in the app's webhook settings."),
            ),
        ),
        (
            _l(
                "In the Meta app: Messenger → Webhooks → Add callback URL: paste the address and the verify token."
            ),
            _l("Press “Register webhook” to subscribe the page to messages."),
            _l("Press “Test”, then write to the page from an account that is a tester of the app."),
        ),
    ),
    ChannelType.TELEGRAM: ChannelForm(
        _l("Connect a Telegram bot. The webhook secret is generated for you."),
        (
            Field(
                "token",
                _l("Bot token"),
                _l(
                    "In Telegram, write /newbot (or /token) to @BotFather and copy the token it answers with."
                ),
            ),
        ),
        (
            _l("Press “Register webhook”: Telegram starts to deliver at once."),
            _l("Press “Test” to see what Telegram says about the webhook."),
        ),
    ),
    ChannelType.WEB: ChannelForm(
        _l("Put the chat on your own site with one line of HTML."),
        (
            Field(
                "origins",
                _l("Addresses of your site"),
                _l("One a line, with https:// and without a path. Only these sites may show the chat."),
                store="public",
                kind="lines",
                example="https://www.example.com.tw",
            ),
            Field(
                "identity_secret",
                _l("Identity secret"),
                _l(
                    "Optional. Your server signs the customer number with it, so a signed-in customer is known."
                ),
                required=False,
            ),
        ),
        (
            _l("Paste the snippet before </body> on every page that shall have the chat."),
            _l("Open the page and write a question: the conversation appears in the inbox."),
        ),
    ),
}


def _origin(text: str) -> str | None:
    parts = urlsplit(text.strip())
    if (
        parts.scheme not in {"http", "https"}
        or not parts.netloc
        or parts.path not in {"", "/"}
        or parts.query
    ):
        return None
    return f"{parts.scheme}://{parts.netloc}"


def _value(wanted: Field, raw: str) -> tuple[Any, str | None]:
    """The field's value, or the fault. Pasted secrets come with blanks and line ends; those are no part of them."""
    text = raw.strip()
    if not text:
        return None, gettext("This is needed.") if wanted.required else None
    if wanted.kind == "lines":
        origins = [_origin(line) for line in text.splitlines() if line.strip()]
        if any(origin is None for origin in origins):
            return None, gettext("Write each address as https://www.example.com, without a path.")
        return origins, None
    if any(c.isspace() for c in text) or len(text) > 1000:
        return None, gettext("This does not look right: copy it again without spaces or line breaks.")
    if wanted.name == "page_id" and not text.isdigit():
        return None, gettext("A page ID has digits only.")
    return text, None


def read(channel: ChannelType, form: Mapping[str, str]) -> Answers:
    faults: dict[str, str] = {}
    stores: dict[str, dict[str, Any]] = {"secrets": {}, "public": {}}
    name = form.get("name", "").strip()
    if not name or len(name) > 80:
        faults["name"] = gettext("Give it a name of at most 80 characters.")
    for wanted in FORMS[channel].fields:
        value, fault = _value(wanted, form.get(wanted.name, ""))
        if fault:
            faults[wanted.name] = fault
        elif value is not None:
            stores[wanted.store][wanted.name] = value
    api_base = form.get("api_base", "").strip().rstrip("/") or None
    if api_base:
        parts = urlsplit(api_base)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            faults["api_base"] = gettext("Write a whole address, such as https://proxy.example.com.")
    return Answers(name, stores["secrets"], stores["public"], api_base, faults)
