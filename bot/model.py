"""Every value that crosses a folder. Frozen, standard library only; the words are those of the glossary."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

DEFAULT_LOCALE = "zh-TW"
LOCALES = ("zh-TW", "en")
# What the first record of a chain follows.
GENESIS = "0" * 64


class ChannelType(StrEnum):
    LINE = "line"
    MESSENGER = "messenger"
    TELEGRAM = "telegram"
    WEB = "web"


class Kind(StrEnum):
    """What an inbound event is to Teller; `OTHER` is every message kind not read yet (sticker, image, voice ...)."""

    TEXT = "text"
    CHOICE = "choice"
    FOLLOW = "follow"
    OTHER = "other"
    ECHO = "echo"
    LINK = "link"
    EDIT = "edit"
    UNSEND = "unsend"
    IGNORED = "ignored"


class Status(StrEnum):
    BOT = "bot"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


OPEN = (Status.BOT, Status.WAITING, Status.ASSIGNED)


class Delivery(StrEnum):
    """Life of an outbound message at the platform; `UNKNOWN` is said where nobody can know, never guessed."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Role(StrEnum):
    AGENT = "agent"
    SENIOR = "senior"
    SUPERVISOR = "supervisor"
    COMPLIANCE = "compliance"
    ADMIN = "admin"
    AUDITOR = "auditor"


class ProductClass(StrEnum):
    DEPOSIT = "deposit"
    LOAN = "loan"
    CARD = "card"
    INVESTMENT = "investment"
    INSURANCE = "insurance"
    ACCOUNT = "account"
    GENERAL = "general"


class ContentKind(StrEnum):
    ARTICLE = "article"
    NOTICE = "notice"
    DISCLOSURE = "disclosure"


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """One configured LINE official account, Facebook page, Telegram bot or web site.

    `secrets` by channel, as text: line {secret, token}; messenger {page_token, app_secret, verify_token};
    telegram {token, webhook_secret}; web {identity_secret?}. `public` holds what is no secret: messenger
    {page_id}; web {origins: [url]}. `api_base` replaces the platform's hosts.
    """

    id: str
    channel: ChannelType
    name: str
    enabled: bool = True
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    public: dict[str, Any] = field(default_factory=dict)
    api_base: str | None = None
    created_at: datetime | None = None
    last_event_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    name: str | None = field(default=None, repr=False)
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One event of a platform, normalised; `sent_at` is the platform's clock, aware, UTC.

    `account_id` names the account it belongs to (a Messenger webhook carries several pages), within which `event_id` is
    unique. `choice` is the value of a pressed button. `reply_token` (LINE) and `callback_id` (Telegram) are single-use.
    `kind_detail` is the platform's own word for `OTHER`, `echo_of` the metadata of our message that an echo confirms.
    `verified_as` is the firm's own customer id, proven by a signed web session; `link_token` what a LINK event carried
    over from one. `message_id` is the platform's id of the message, `of` that of the one an EDIT or UNSEND is about.
    """

    account_id: str
    event_id: str
    user_id: str = field(repr=False)
    kind: Kind
    sent_at: datetime
    text: str | None = field(default=None, repr=False)
    choice: str | None = None
    kind_detail: str | None = None
    reply_token: str | None = field(default=None, repr=False)
    callback_id: str | None = field(default=None, repr=False)
    redelivered: bool = False
    profile: Profile | None = field(default=None, repr=False)
    echo_of: str | None = None
    client_id: str | None = None
    verified_as: str | None = field(default=None, repr=False)
    link_token: str | None = field(default=None, repr=False)
    message_id: str | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one approved text: law 1's proof. `sha256` is that of the whole version, hex."""

    kind: ContentKind
    id: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Button:
    """A quick reply: the label is the approved title of `ref`, `value` what the platform hands back."""

    ref: Ref
    value: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Say approved texts. A disclosure part joins the message of the article before it; others open a new one."""

    reason: str
    parts: tuple[Ref, ...]
    buttons: tuple[Button, ...] = ()
    miss: bool = False
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandOff:
    """Give the conversation to people. `priority`: 0 first in line ... 9; `parts` are the notices said at once."""

    reason: str
    skill: str = "general"
    priority: int = 5
    parts: tuple[Ref, ...] = ()
    trace: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StaySilent:
    reason: str
    trace: dict[str, Any] = field(default_factory=dict)


Decision = Reply | HandOff | StaySilent


@dataclass(frozen=True, slots=True)
class Offer:
    """The choices last shown in a conversation: `refs[n]` belongs to the button value `offer:<id>:<n>`."""

    id: str
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str | None = field(default=None, repr=False)
    language: str | None = None
    verified_as: str | None = field(default=None, repr=False)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """One user id on one channel account; `thread` is its pseudonymous key in jobs, locks and live channels."""

    thread: str
    customer_id: str
    account_id: str
    channel: ChannelType
    user_id: str = field(repr=False)
    greeted: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    thread: str
    customer_id: str
    account_id: str
    channel: ChannelType
    status: Status
    misses: int = 0
    assignee: str | None = None
    skill: str | None = None
    priority: int = 5
    reason: str | None = None
    offer: Offer | None = None
    seq: int = 0
    opened_at: datetime | None = None
    waiting_since: datetime | None = None
    last_at: datetime | None = None
    unread: int = 0
    head_hash: str = GENESIS
    # The customer's latest texts, sealed, oldest first: what a short follow-up refers to.
    recent: tuple[bytes, ...] = field(default=(), repr=False)
    tags: tuple[str, ...] = ()
    # The latest hand-off, and when a person had it, the customer and a person last spoke, a person first spoke since.
    handed_at: datetime | None = None
    assigned_at: datetime | None = None
    customer_at: datetime | None = None
    staff_at: datetime | None = None
    first_staff_at: datetime | None = None
    resolved_at: datetime | None = None
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What the chain decides on: one inbound event, or a burst that a person would read as one.

    `text` is what was said (empty for other kinds); `locale` is the language to answer in; `history` holds the
    customer's earlier texts of this conversation, oldest first, at most a few.
    """

    kind: Kind
    text: str = field(repr=False)
    locale: str
    conversation: Conversation
    now: datetime
    choice: str | None = None
    kind_detail: str | None = None
    first_contact: bool = False
    history: tuple[str, ...] = field(default=(), repr=False)
    # The firm's own customer id, where this very message came with a proof of it.
    verified_as: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutText:
    """One message as a platform shall show it: text, and (label, value) pairs of its buttons."""

    message_id: str
    text: str = field(repr=False)
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outbound:
    """One call at a platform. `id` is stable over attempts: retry keys and metadata derive from it.

    `reply_token` is set only while the platform still takes it. `again` is True where an earlier attempt may have
    gone out with that token.
    """

    id: str
    user_id: str = field(repr=False)
    messages: tuple[OutText, ...]
    reply_token: str | None = field(default=None, repr=False)
    again: bool = False
    author_is_person: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """A platform's word that it took a message; `platform_ids` name it there. `via`: reply, push, send ..."""

    platform_ids: tuple[str, ...] = ()
    via: str = "send"


@dataclass(frozen=True, slots=True)
class Why:
    """Why the bot did what it did after a customer's line. `trace` holds figures, ids and rule names, never what the
    customer wrote. `decision`: Reply, HandOff, StaySilent."""

    handler: str
    decision: str
    reason: str
    trace: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a conversation as people see it (already masked). `author`: customer, bot, staff:<id>, system."""

    id: str
    conversation_id: str
    seq: int
    pos: int
    author: str
    text: str = field(repr=False)
    at: datetime
    kind: str = "text"
    buttons: tuple[tuple[str, str], ...] = ()
    approved: tuple[Ref, ...] = ()
    delivery: str | None = None
    delivery_error: str | None = None
    client_id: str | None = None
    why: Why | None = None  # for people only, on the line that was decided on
    hidden: bool = False  # something in it is masked, so that one of its fields may be asked for in full
    amended: str | None = None  # since then: edit, unsend; who sees only the latest finds its text here


@dataclass(frozen=True, slots=True)
class Staff:
    id: str
    email: str = field(repr=False)
    name: str = field(repr=False)
    role: Role
    skills: tuple[str, ...] = ()
    active: bool = True
    capacity: int = 4  # how many conversations at once


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a conversation list, masked; `preview` is the last message."""

    id: str
    channel: ChannelType
    account_name: str
    customer_name: str | None = field(repr=False)
    preview: str = field(repr=False)
    status: Status
    reason: str | None
    skill: str | None
    priority: int
    assignee_id: str | None
    assignee_name: str | None
    waiting_since: datetime | None
    deadline: datetime | None
    last_at: datetime | None
    unread: int


@dataclass(frozen=True, slots=True)
class Page:
    """One conversation as an agent reads it; `others` are the customer's other conversations, latest first."""

    row: Row
    conversation: Conversation
    customer: Customer
    messages: tuple[Message, ...]
    others: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate article of a search; `confidence` 0..1, higher is surer; `question` the one that matched."""

    ref: Ref
    title: str
    product_class: ProductClass
    confidence: float
    question: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search says to do: `verdict` answer (candidates[0]), ask (candidates[:3]) or miss."""

    verdict: str
    candidates: tuple[Found, ...] = ()
    trace: dict[str, Any] = field(default_factory=dict)
