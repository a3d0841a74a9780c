"""All parts of Teller in one process, as `bot/compose.py` puts them together."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import adapters
from bot.accounts import Accounts
from bot.agent_actions import Desk
from bot.ai.adviser import Adviser
from bot.applications import Applications
from bot.assist import Assistant
from bot.at_hand import AtHand
from bot.attachments import Attachments
from bot.automation import Automation
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
from bot.encoding import encoder as encoder
from bot.export.orders import Orders
from bot.figures.service import Figures
from bot.imports import Imports
from bot.key_register import KeyRegister
from bot.live import Live
from bot.mailbox import Mailbox
from bot.model import ChannelType
from bot.mongo import Mongo
from bot.phrasings import Phrasings
from bot.policies import Policies
from bot.policies_live import Follower
from bot.profiles import Profiles
from bot.quality.whole import Quality
from bot.queue import LIVE, JobQueue
from bot.recalls import Recalls
from bot.retention.service import Retention
from bot.retention.warm import follow
from bot.runs import Runs
from bot.settings import Settings
from bot.store.audit import AuditStore, Noting
from bot.store.conversations import ConversationStore
from bot.store.drafts import DraftStore
from bot.store.events import EventStore
from bot.store.outbox import OutboxStore
from bot.store.ratings import RatingStore
from bot.store.staff import StaffStore
from bot.store.views import Views
from bot.sweeper import Sweeper
from bot.switch import Switch
from bot.vault import Vault
from bot.verifications import Verifications
from bot.webchat import WebChat
from bot.webhooks import Intake
from handlers import Chain, Policy
from handlers.triage import classifier
from kb.live import Knowledge
from kb.review import Audit
from kb.schedule import begin_due
from kb.store import Store


@dataclass(frozen=True, slots=True)
class ConsoleService:
    """What `inbox.service.Console` asks for."""

    settings: Settings
    desk: Desk
    staff: StaffStore
    door: Door
    oidc: SignInProvider | None
    accounts: Accounts
    channels: Mapping[ChannelType, Channel]
    live: Live
    presence: Presence
    hours: HoursBook
    router: Router
    limiter_storage: str | None
    secret_key: str
    audit: Noting
    automation: Automation
    recalls: Recalls
    quality: Quality
    runs: Runs
    figures: Figures
    kb: Callable[[], Store]
    kb_audit: Audit
    imports: Imports
    phrasings: Phrasings
    work: Work
    assistant: Assistant
    at_hand: AtHand
    canned: SavedReplies
    drafts: DraftStore
    attachments: Attachments
    quotas: Quotas
    policies: Policies
    applications: Applications | None
    ratings: RatingStore
    customers: Customers
    switch: Switch
    monitor: Monitor
    calls: Calls
    verifications: Verifications
    keys: KeyRegister
    orders: Orders
    trail: Trail
    retention: Retention
    cases: Cases
    reveals: Reveals


@dataclass(frozen=True, eq=False)
class Service:
    """All of Teller in one process; `close` before the process ends."""

    settings: Settings
    mongo: Mongo
    vault: Vault
    queue: JobQueue
    live: Live
    presence: Presence
    quotas: Quotas
    hours: HoursBook
    router: Router
    channels: Mapping[ChannelType, Channel]
    accounts: Accounts
    events: EventStore
    conversations: ConversationStore
    outbox: OutboxStore
    staff: StaffStore
    door: Door
    audit: AuditStore
    views: Views
    customers: Customers
    knowledge: Knowledge
    adviser: Adviser | None
    automation: Automation
    recalls: Recalls
    runs: Runs
    figures: Figures
    policies: Policies
    switch: Switch
    applications: Applications | None
    ratings: RatingStore
    mind: Chain
    rules: Follower
    intake: Intake
    webchat: WebChat
    mailbox: Mailbox
    profiles: Profiles
    sweeper: Sweeper
    console: ConsoleService

    @property
    def kb(self) -> Store:
        return Store(self.mongo.db)

    def begin_scheduled(self) -> int:
        """Approved versions whose time has come. Raises ServiceError."""
        return begin_due(self.kb, self.console.kb_audit)

    def policy(self) -> Policy:
        """The approved hand-off rules. Raises PyMongoError, Conflict where they were tampered with."""
        number = self.policies.in_force()
        return Policy.of_checked(self.policies.document(number), number)

    def classifier(self, policy: Policy) -> Callable[[str], str]:
        """The triage label that those rules give a first message."""
        return classifier(encode=encoder(self.settings.home / "cache"), policy=policy)

    def follow_keys(self) -> None:
        """Hear of destroyed keys, in a process that lives on."""
        follow(self.vault, self.live)

    def warm(self, queue: str) -> None:
        """Pay for imports, models and connections before the first customer, and follow approvals from now on."""
        adapters.preload()
        self.mongo.ping()
        if queue == LIVE:
            self.rules.try_to_look()
            self.mind.warm()
            if self.adviser is not None:
                self.adviser.warm()
            self.knowledge.find("暖機", "zh-TW")
            self.knowledge.watch()
            self.rules.watch()
        # What is here now stays: the collector need not walk through it for each message.
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        self.vault.close()
        self.mongo.close()
        self.queue.close()
