"""The one place that knows everyone: builds every part and connects them. Nothing here opens a connection."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import adapters
from adapters import web
from bot import shutdown
from bot.accounts import Accounts
from bot.advising import reads_as_advice
from bot.agent_actions import Desk
from bot.ai.advised import AdvisedFinder
from bot.ai.adviser import Adviser
from bot.ai.setup import adviser_of
from bot.assist import Assistant
from bot.automation import Automation, automation_of
from bot.contracts import Channel, Finder
from bot.delivery import Courier
from bot.encoding import encoder as encoder
from bot.imports import Imports, imports_of
from bot.live import Live
from bot.mailbox import LeaseKeeper, Mailbox
from bot.model import ChannelType
from bot.mongo import Mongo
from bot.phrasings import Phrasings, phrasings_of
from bot.pipeline import Pipeline
from bot.policies import Policies
from bot.policies_live import Follower
from bot.profiles import Profiles
from bot.queue import LIVE, JobQueue
from bot.recalls import Recalls, Withdraw
from bot.rules_trial import Workshop
from bot.runs import Runs
from bot.settings import Settings
from bot.store.audit import AuditStore
from bot.store.conversations import ConversationStore
from bot.store.events import EventStore
from bot.store.outbox import OutboxStore
from bot.store.policies import PolicyStore
from bot.store.questions import QuestionStore
from bot.store.recalls import RecallStore
from bot.store.runs import RunStore
from bot.store.staff import StaffStore
from bot.store.threads import ThreadStore
from bot.store.views import Views
from bot.sweeper import Sweeper
from bot.vault import Vault
from bot.webchat import Tokens, WebChat
from bot.webhooks import Intake
from handlers import Chain, Policy, build_mind
from handlers.triage import classifier
from kb.live import Knowledge
from kb.recalls import withdraw
from kb.review import Audit
from kb.schedule import begin_due
from kb.store import Store

WIDGET = Path(adapters.__file__).parent / "webchat" / "widget.js"
WEB_TIMEOUT_MS = 1800
WORKER_TIMEOUT_MS = 10_000

_built: weakref.WeakSet[Service] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class ConsoleService:
    """What `inbox.service.Console` asks for."""

    settings: Settings
    desk: Desk
    staff: StaffStore
    accounts: Accounts
    channels: Mapping[ChannelType, Channel]
    live: Live
    limiter_storage: str | None
    secret_key: str
    audit: Callable[[str, str, str, dict[str, Any]], None]
    automation: Automation
    recalls: Recalls
    runs: Runs
    kb: Callable[[], Store]
    kb_audit: Audit
    imports: Imports
    phrasings: Phrasings
    assistant: Assistant
    policies: Policies


@dataclass(frozen=True, eq=False)
class Service:
    """All of Teller in one process; `close` before the process ends."""

    settings: Settings
    mongo: Mongo
    vault: Vault
    queue: JobQueue
    live: Live
    channels: Mapping[ChannelType, Channel]
    accounts: Accounts
    events: EventStore
    conversations: ConversationStore
    outbox: OutboxStore
    staff: StaffStore
    audit: AuditStore
    views: Views
    knowledge: Knowledge
    adviser: Adviser | None
    automation: Automation
    recalls: Recalls
    runs: Runs
    policies: Policies
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


def build(
    settings: Settings, *, channels: Mapping[ChannelType, Channel] | None = None, web_process: bool = False
) -> Service:
    """Everything for one process; in the web process a slow database becomes a 503 before a platform gives up."""
    mongo = Mongo(settings.mongodb_uri, timeout_ms=WEB_TIMEOUT_MS if web_process else WORKER_TIMEOUT_MS)
    vault = Vault(mongo, settings.kms, settings.kms_master_key)
    queue = JobQueue(settings.redis_url)
    live = Live(settings.redis_url, queue, shutdown.stopping)
    known = adapters.CHANNELS if channels is None else channels
    accounts = Accounts(mongo, vault, settings.public_url)
    events = EventStore(mongo, vault)
    threads = ThreadStore(mongo)
    conversations = ConversationStore(mongo, vault)
    outbox = OutboxStore(mongo, vault)
    staff = StaffStore(mongo, vault)
    audit = AuditStore(mongo)
    views = Views(mongo, vault, staff, conversations, outbox)
    automation = automation_of(mongo, audit, settings.auto_answer)
    knowledge = _knowledge(settings, mongo, automation)
    adviser = adviser_of(settings, mongo)
    finder: Finder = knowledge if adviser is None else AdvisedFinder(knowledge, adviser)
    mind = build_mind(finder, encode=encoder(settings.home / "cache"), tz=ZoneInfo(settings.timezone))
    pipeline = Pipeline(
        mongo,
        vault,
        accounts,
        threads,
        events,
        conversations,
        outbox,
        known,
        mind,
        knowledge,
        queue,
        live,
        settings.locale,
    )
    courier = Courier(accounts, threads, outbox, vault, known, live)
    advice = reads_as_advice(settings.home / "cache", warm=web_process)
    desk = Desk(mongo, views, conversations, outbox, audit, known, queue, live, advice)
    tokens = Tokens(web.issue, web.read, web.message, web.check_identity, WIDGET)
    kb_audit = _kb_audit(audit)
    recalls = Recalls(mongo, RecallStore(mongo), conversations, audit, live, _withdraw(mongo, kb_audit))
    policies = Policies(mongo, PolicyStore(mongo), audit, Workshop(settings.home / "cache"))
    runs = Runs(mongo, RunStore(mongo), QuestionStore(mongo, vault), audit, queue)
    service = Service(
        settings=settings,
        mongo=mongo,
        vault=vault,
        queue=queue,
        live=live,
        channels=known,
        accounts=accounts,
        events=events,
        conversations=conversations,
        outbox=outbox,
        staff=staff,
        audit=audit,
        views=views,
        knowledge=knowledge,
        adviser=adviser,
        automation=automation,
        recalls=recalls,
        runs=runs,
        policies=policies,
        mind=mind,
        rules=Follower(policies, lambda rules, number: mind.adopt(Policy.of_checked(rules, number))),
        intake=Intake(accounts, events, known, queue),
        webchat=WebChat(accounts, events, vault, views, queue, live, tokens, settings.secret_key),
        mailbox=Mailbox(threads, events, LeaseKeeper(threads), pipeline.handle, courier.deliver),
        profiles=Profiles(accounts, threads, conversations, vault, known, live),
        sweeper=Sweeper(mongo, threads, events, outbox, queue, live),
        console=ConsoleService(
            settings,
            desk,
            staff,
            accounts,
            known,
            live,
            settings.redis_url,
            settings.secret_key,
            audit.add,
            automation,
            recalls,
            runs,
            lambda: Store(mongo.db),
            kb_audit,
            imports_of(mongo, audit, queue),
            phrasings_of(mongo, vault, audit, kb_audit, settings.secret_key, adviser),
            Assistant(desk, lambda: Store(mongo.db), audit, adviser),
            policies,
        ),
    )
    _built.add(service)
    return service


@cache
def of_process() -> Service:
    """The service of a worker or the clock, built by the process that uses it. Raises ConfigError."""
    return build(Settings.from_env())


def _knowledge(settings: Settings, mongo: Mongo, automation: Automation) -> Knowledge:
    def load() -> tuple[int, list[Any]]:
        return Store(mongo.db).load()

    def revision() -> int:
        return Store(mongo.db).revision()

    return Knowledge(load, revision, settings.home / "cache", settings.auto_answer, earned=automation.rights)


def _withdraw(mongo: Mongo, audit: Audit) -> Withdraw:
    def run(article: str, version: int | None, by: str, reason: str) -> tuple[int, ...]:
        return withdraw(Store(mongo.db), article, version, by, reason, audit).versions

    return run


def _kb_audit(audit: AuditStore) -> Audit:
    """The audit log within the transaction of the change it tells of."""

    def add(actor: str, action: str, target: str, detail: Mapping[str, Any], session: Any) -> None:
        audit.add(actor, action, target, dict(detail), session)

    return add


def close_all() -> None:
    """Close what this process opened; called when a web worker ends."""
    for service in list(_built):
        service.close()
