"""What the rooms of the house promise each other. Read this file first.

`bot/compose.py` is the only place that knows the implementations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.model import (
    ChannelAccount,
    Decision,
    Finding,
    Inbound,
    Outbound,
    Profile,
    Receipt,
    Ref,
    Turn,
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A platform's limits, as data. `text` counts what `text_unit` says: utf16, characters.

    `batch` messages go in one call; `settles` names how an unknown outcome can be settled: `retry_key`, `echo` or
    nothing; `pulls` is True where the customer fetches messages from us and nothing is sent.
    """

    text: int
    text_unit: str = "characters"
    buttons: int = 13
    label: int = 20
    value: int = 300
    batch: int = 1
    settles: str | None = None
    pulls: bool = False


class Channel(Protocol):
    """One messaging platform: one file in `adapters/`. `accounts` are all enabled ones with the same secret.

    `verify` raises BadSignature; it sees the raw bytes before anything parses them. `parse` raises BadPayload when
    the body is not the platform's format, and returns every event, unknown kinds included, as IGNORED or OTHER.
    `send` raises SendError. `check` asks the platform whether the credentials hold and returns a sentence, or raises
    SendError. `register` sets the webhook address there, `test` asks the platform to call it; both return a sentence.
    """

    capabilities: Capabilities

    def verify(self, account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> None: ...

    def handshake(self, account: ChannelAccount, query: Mapping[str, str]) -> str:
        """The answer to a platform's GET that checks our address. Raises NotAllowed, or NotFound where none exists."""

    def parse(
        self, account: ChannelAccount, body: bytes, siblings: Sequence[ChannelAccount]
    ) -> list[Inbound]: ...

    def send(self, account: ChannelAccount, out: Outbound) -> Receipt: ...

    def acknowledge(self, account: ChannelAccount, inbound: Inbound) -> None:
        """Best-effort sign that the event was seen (Telegram's button spinner); never raises."""

    def profile(self, account: ChannelAccount, user_id: str) -> Profile | None: ...

    def check(self, account: ChannelAccount) -> str: ...

    def register(self, account: ChannelAccount, webhook_url: str) -> str: ...

    def test(self, account: ChannelAccount, webhook_url: str) -> str: ...

    def simulate(self, account: ChannelAccount, text: str, user_id: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of a correctly signed text event, as the platform would post it."""


class Handler(Protocol):
    """One behaviour of the bot's mind: None means 'not mine'. The first handler that decides wins."""

    def __call__(self, turn: Turn) -> Decision | None: ...


class Mind(Protocol):
    """The whole chain. Never raises: a failing handler becomes a HandOff."""

    def decide(self, turn: Turn) -> tuple[str, Decision]:
        """The deciding handler's name and its decision."""

    def unfinished(self, text: str) -> bool:
        """Whether a person would wait for the next line before answering (a bare greeting, a fragment)."""


class Finder(Protocol):
    """Approved knowledge, in force now."""

    def find(self, text: str, locale: str, history: Sequence[str] = ()) -> Finding: ...

    def worded_so(self, text: str) -> bool:
        """Whether an article in force has this very question, but for spelling."""

    def article(self, article_id: str) -> Ref | None:
        """The version in force, or None."""

    def notice(self, notice_id: str) -> Ref:
        """The approved notice in force. Raises KeyError when there is none."""

    def disclosures(self, ref: Ref) -> tuple[Ref, ...]:
        """What must travel with that article, by its product class."""

    def text(self, ref: Ref, locale: str) -> str:
        """The approved text, byte for byte. Raises KeyError for a version that was never approved."""

    def title(self, ref: Ref, locale: str) -> str:
        """What a button for it says: an article's first question, a notice's text."""

    def product_class(self, ref: Ref) -> str | None: ...


KINDS = ("loan", "claim", "card", "account")
STATUSES = (
    "received", "in_review", "documents_missing", "approved", "completed", "rejected", "withdrawn",
)  # fmt: skip
"""What an application can be about, and how it can stand; docs/openapi/application-status.yaml says what each means."""


@dataclass(frozen=True, slots=True)
class Application:
    """One application at the firm. `reference`: its last characters and no more; `next_step`: a code for people."""

    kind: str
    status: str
    product: str = field(repr=False)
    reference: str = field(repr=False)
    updated_at: datetime
    product_en: str | None = field(default=None, repr=False)
    next_step: str | None = None

    @property
    def open(self) -> bool:
        return self.status not in ("completed", "rejected", "withdrawn")


@dataclass(frozen=True, slots=True)
class LookUp:
    """`outcome`: found, none, unverified (nobody was asked), unavailable. Latest change first."""

    outcome: str
    applications: tuple[Application, ...] = ()
    verify_url: str | None = None
    ms: int = 0


class StatusSource(Protocol):
    """The firm's own system."""

    def applications(self, firm_id: str) -> tuple[Application, ...]:
        """Those of one customer, () for one it does not know. Raises Unavailable, within seconds."""

    def check(self) -> str:
        """A sentence that it is there and knows us. Raises Unavailable."""


class StatusDesk(Protocol):
    """What a handler asks about the customer of its turn."""

    def look_up(self, turn: Turn) -> LookUp:
        """Only for a verified customer; never raises for a system that is down."""


class Publisher(Protocol):
    """Live fan-out of ids (never content) to consoles and widgets; may lose everything."""

    def publish(self, topics: str | Sequence[str], data: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class SignInStart:
    """A sign-in begun at the firm's provider: where to send the browser, and what has to come back with it."""

    url: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInClaims:
    """Whom the provider vouches for. `role` is one of ours where a claim decides it; `strong`: with a second factor."""

    email: str = field(repr=False)
    role: str | None = None
    strong: bool = False


class SignInProvider(Protocol):
    """OpenID Connect, authorization code with PKCE. Both raise Unavailable where the provider does not answer."""

    def start(self, redirect_uri: str) -> SignInStart: ...

    def finish(self, redirect_uri: str, code: str, started: SignInStart) -> SignInClaims:
        """Raises NotAllowed for an answer that does not hold: signature, issuer, audience, nonce, time, address."""
