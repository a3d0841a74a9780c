"""What the console needs from the rest of the house; `bot` implements it, tests bring a fake.

Every method may raise a `bot.errors.ServiceError`; the ones a caller has to expect are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from bot.applications import Applications
from bot.at_hand import AtHand
from bot.attachments import Attachments
from bot.cases.service import Cases
from bot.contracts import Channel, SignInProvider
from bot.desk.calls import Calls
from bot.desk.canned import SavedReplies
from bot.desk.customers import Customers
from bot.desk.door import Door
from bot.desk.hours import HoursBook
from bot.desk.monitor import Monitor
from bot.desk.presence import Presence
from bot.desk.quota import Quotas
from bot.desk.reveal import Reveals
from bot.desk.routing import Router
from bot.desk.trail import Trail
from bot.desk.work import Work
from bot.export.orders import Orders
from bot.figures.service import Figures
from bot.key_register import KeyRegister
from bot.model import ChannelAccount, ChannelType, Page, Row, Staff
from bot.phrasings import Phrasings
from bot.quality.whole import Quality
from bot.retention.service import Retention
from bot.settings_security import Security
from bot.store.audit import Noting
from bot.store.drafts import DraftStore
from bot.store.ratings import RatingStore
from bot.store.reading import EVERYTHING, Wanted
from bot.store.rows import Listing
from bot.store.shared import Moment
from bot.switch import Switch
from bot.verifications import Verifications
from inbox.service_knowledge import Assistant, Automation, Imports, Policies, Recalls, Runs
from kb.review import Audit
from kb.store import Store


class Settings(Protocol):
    """The part of the settings that shows on screen. `timezone` is an IANA name, `locale` one of `LOCALES`."""

    @property
    def public_url(self) -> str: ...
    @property
    def env(self) -> str: ...
    @property
    def locale(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def security(self) -> Security: ...


class Desk(Protocol):
    """Conversations as this member of staff may see them: the rule of who sees which is the desk's, not the page's.

    Views: mine, waiting (by priority, then oldest), assigned, bot, resolved, all. The verbs raise NotFound,
    NotAllowed, and Conflict where somebody was quicker.
    """

    def rows(self, staff: Staff, view: str) -> list[Row]: ...

    def moment(self, staff: Staff) -> Moment:
        """What the parts of one look are given, so that they agree and what is shared is asked for once."""

    def listing(
        self,
        staff: Staff,
        view: str,
        wanted: Wanted = EVERYTHING,
        after: str | None = None,
        moment: Moment | None = None,
    ) -> Listing: ...

    def skills(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]: ...

    def counts(self, staff: Staff, moment: Moment | None = None) -> dict[str, int]:
        """How many conversations each view holds; a view may be absent."""

    def page(self, staff: Staff, conversation_id: str, *, last: int | None = None) -> Page:
        """`last`: with so many messages only, and none of the customer's other conversations."""

    def take(self, staff: Staff, conversation_id: str) -> None: ...

    def reply(
        self,
        staff: Staff,
        conversation_id: str,
        text: str,
        client_id: str,
        *,
        assisted: bool = False,
        reason: str | None = None,
    ) -> str:
        """The message's id; the same `client_id` twice is one message. BadPayload: this text will not go.

        `assisted`: a draft of the model was put into the composer before. AdviceWarning: it wants a `reason`.
        """

    def resolve(self, staff: Staff, conversation_id: str) -> None: ...

    def back_to_bot(self, staff: Staff, conversation_id: str) -> None: ...


class StaffDirectory(Protocol):
    def authenticate(self, email: str, password: str) -> Staff | None:
        """None for a wrong pair and for an inactive account alike, after the same time."""

    def by_id(self, staff_id: str) -> Staff | None: ...

    def by_email(self, email: str) -> Staff | None: ...
    def names(self, ids: Sequence[str]) -> dict[str, str]: ...


class Accounts(Protocol):
    """Channel accounts. `get` and `list` may leave `secrets` empty values; the console never shows one."""

    def list(self) -> list[ChannelAccount]: ...

    def get(self, account_id: str) -> ChannelAccount | None: ...

    def add(
        self,
        channel: ChannelType,
        name: str,
        secrets: dict[str, str],
        public: dict[str, Any],
        api_base: str | None,
    ) -> ChannelAccount:
        """Generates what a platform wants us to choose (Telegram's webhook secret). Raises BadPayload, Conflict."""

    def set_enabled(self, account_id: str, enabled: bool) -> None: ...

    def webhook_url(self, account: ChannelAccount) -> str: ...

    def snippet(self, account: ChannelAccount) -> str:
        """What a web account's owner pastes into the site."""


class Live(Protocol):
    def listen(
        self, topics: Sequence[str], timeout: float, beat: float | None = None
    ) -> Iterator[Mapping[str, Any] | None]:
        """Ids of what changed; None as a sign of life at least every `timeout` seconds; ends at shutdown."""

    def publish(self, topics: str, data: Mapping[str, Any]) -> None: ...


class Console(Protocol):
    """All of it. `limiter_storage` is a redis URL, or None to count in this process only."""

    @property
    def settings(self) -> Settings: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def staff(self) -> StaffDirectory: ...
    @property
    def door(self) -> Door:
        """Sessions, invitations, second factors, roles."""

    @property
    def oidc(self) -> SignInProvider | None:
        """The firm's own sign-in, where there is one."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def channels(self) -> Mapping[ChannelType, Channel]: ...
    @property
    def live(self) -> Live: ...
    @property
    def presence(self) -> Presence: ...
    @property
    def hours(self) -> HoursBook: ...
    @property
    def router(self) -> Router: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def switch(self) -> Switch: ...
    @property
    def monitor(self) -> Monitor: ...
    @property
    def calls(self) -> Calls: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def reveals(self) -> Reveals: ...
    @property
    def verifications(self) -> Verifications: ...
    @property
    def keys(self) -> KeyRegister: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def trail(self) -> Trail: ...
    @property
    def automation(self) -> Automation: ...
    @property
    def recalls(self) -> Recalls: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def figures(self) -> Figures: ...
    @property
    def policies(self) -> Policies: ...
    @property
    def phrasings(self) -> Phrasings:
        """The whole of it: its methods are what the two pages do."""

    @property
    def work(self) -> Work: ...
    @property
    def applications(self) -> Applications | None: ...
    @property
    def ratings(self) -> RatingStore: ...
    @property
    def assistant(self) -> Assistant: ...
    @property
    def at_hand(self) -> AtHand: ...
    @property
    def attachments(self) -> Attachments: ...
    @property
    def drafts(self) -> DraftStore: ...
    @property
    def quotas(self) -> Quotas: ...
    @property
    def canned(self) -> SavedReplies: ...
    @property
    def imports(self) -> Imports: ...
    @property
    def kb(self) -> Callable[[], Store]:
        """The knowledge base, asked for in each request: its connection belongs to the process."""

    @property
    def kb_audit(self) -> Audit:
        """The audit log as changes of the knowledge want it: within their transaction."""

    @property
    def limiter_storage(self) -> str | None: ...
    @property
    def secret_key(self) -> str: ...

    @property
    def audit(self) -> Noting:
        """Raises when it cannot be written; the page then fails, because nothing may be seen unseen."""
