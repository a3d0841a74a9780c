"""The one place that knows everyone: builds every part and connects them. Nothing here opens a connection."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import adapters
from adapters import links as links_out
from adapters import web
from adapters.application_status import ApplicationStatus
from adapters.oidc import Oidc
from bot import shutdown
from bot.accounts import Accounts
from bot.advising import reads_as_advice
from bot.agent_actions import Desk
from bot.ai.advised import AdvisedFinder
from bot.ai.setup import adviser_of, ledger_of
from bot.applications import applications_of
from bot.aside import aside_of
from bot.assist import Assistant
from bot.at_hand import AtHand
from bot.attachments import Attachments, Links
from bot.automation import automation_of
from bot.cases.service import cases_of
from bot.compose_kb import audit_within, knowledge_of, mind_of, withdraw_of
from bot.compose_quality import quality_of
from bot.compose_records import keys_of, trail_of, verifications_of
from bot.contracts import Channel, Finder
from bot.csat import Csat
from bot.delivery import Courier
from bot.desk.access import Access
from bot.desk.availability import Availability
from bot.desk.calls import Calls
from bot.desk.canned import SavedReplies
from bot.desk.change import Changes
from bot.desk.customers import Customers
from bot.desk.door import door_of
from bot.desk.hours import HoursBook
from bot.desk.monitor import Monitor
from bot.desk.overhearing import Overhearing
from bot.desk.presence import Presence
from bot.desk.quota import Quotas
from bot.desk.reveal import reveals_of
from bot.desk.routing import Router
from bot.desk.routing_rules import RulesBook
from bot.desk.suggest import Suggesting
from bot.desk.work import work_of
from bot.encoding import encoder as encoder
from bot.export.orders import orders_of
from bot.figures.service import Figures
from bot.house import ConsoleService
from bot.house import Service as Service
from bot.imports import imports_of
from bot.link_invitations import Invitations
from bot.linking import Linking
from bot.live import Live
from bot.mailbox import LeaseKeeper, Mailbox
from bot.model import ChannelType
from bot.mongo import Mongo
from bot.phrasings import phrasings_of
from bot.pipeline import Pipeline
from bot.policies import Policies
from bot.policies_live import Follower
from bot.profiles import Profiles
from bot.queue import JobQueue
from bot.recalls import Recalls
from bot.retention.setup import retention_of
from bot.rules_trial import Workshop
from bot.runs import Runs
from bot.settings import Settings
from bot.store.audit import AuditStore
from bot.store.calling import CallingStore
from bot.store.canned import CannedStore
from bot.store.conversations import ConversationStore
from bot.store.customers import CustomerStore
from bot.store.desks import DeskStore
from bot.store.drafts import DraftStore
from bot.store.events import EventStore
from bot.store.figures import FigureStore
from bot.store.files import FileStore
from bot.store.hours import HoursStore
from bot.store.link_tokens import LinkTokenStore
from bot.store.links import LinkStore
from bot.store.notes import NoteStore
from bot.store.outbox import OutboxStore
from bot.store.policies import PolicyStore
from bot.store.questions import QuestionStore
from bot.store.ratings import RatingStore
from bot.store.recalls import RecallStore
from bot.store.rows import Rows
from bot.store.runs import RunStore
from bot.store.staff import StaffStore
from bot.store.switches import SwitchStore
from bot.store.threads import ThreadStore
from bot.store.timeline import TimelineStore
from bot.store.views import Views
from bot.store.watching import WatchStore
from bot.sweeper import Sweeper
from bot.switch import Switch, Switched
from bot.vault import Vault
from bot.webchat import Tokens, WebChat
from bot.webhooks import Intake
from handlers import Policy
from handlers.ai_off import ai_off
from handlers.overheard import overheard
from handlers.say import Desk as Words
from kb.store import Store

WIDGET = Path(adapters.__file__).parent / "webchat" / "widget.js"
WEB_TIMEOUT_MS, WORKER_TIMEOUT_MS = 1800, 10_000

_built: weakref.WeakSet[Service] = weakref.WeakSet()


def build(
    settings: Settings, *, channels: Mapping[ChannelType, Channel] | None = None, web_process: bool = False
) -> Service:
    """Everything for one process; in the web process a slow database becomes a 503 before a platform gives up."""
    mongo = Mongo(settings.mongodb_uri, timeout_ms=WEB_TIMEOUT_MS if web_process else WORKER_TIMEOUT_MS)
    vault = Vault(mongo, settings.kms, settings.kms_master_key)
    queue = JobQueue(settings.redis_url)
    live = Live(settings.redis_url, queue, shutdown.stopping)
    presence = Presence(queue)
    known = adapters.CHANNELS if channels is None else channels
    accounts = Accounts(mongo, vault, settings.public_url)
    quotas = Quotas(accounts, known, queue)
    events, threads = EventStore(mongo, vault), ThreadStore(mongo)
    conversations = ConversationStore(mongo, vault)
    media = Links(settings.public_url, settings.secret_key)
    files = FileStore(mongo, vault, media.make)
    outbox = OutboxStore(mongo, vault, files)
    staff, audit, notes = StaffStore(mongo, vault), AuditStore(mongo), NoteStore(mongo, vault)
    hours = HoursBook(mongo, HoursStore(mongo), audit, ZoneInfo(settings.timezone))
    views = Views(mongo, vault, staff, conversations, outbox, notes, hours.current, live.revision)
    customer_store, links = CustomerStore(mongo, vault), LinkStore(mongo, vault)
    customers = Customers(mongo, customer_store, links, TimelineStore(mongo, vault), audit, live)
    automation = automation_of(mongo, audit, settings.auto_answer)
    knowledge = knowledge_of(settings, mongo, automation)
    switch = Switch(mongo, SwitchStore(mongo), accounts, audit, live)
    adviser = adviser_of(settings, mongo, stopped=lambda: switch.off() is not None)
    finder: Finder = knowledge if adviser is None else AdvisedFinder(knowledge, adviser)
    applications = applications_of(settings.status, ApplicationStatus, customers.verified_as, audit)
    mind = mind_of(settings, finder, hours.current, applications)
    without_ai = ai_off(Words(knowledge, hours.current), lambda: mind.policy)
    ratings = RatingStore(mongo, vault)
    csat = Csat(ratings, accounts, audit, known, knowledge, ZoneInfo(settings.timezone), settings.locale)
    heard = Overhearing(Switched(mind, switch, without_ai), overheard(lambda: mind.policy))
    whole = Suggesting(heard, knowledge.ranking, queue.behind)
    link_tokens = LinkTokenStore(mongo, settings.secret_key)
    linking = Linking(mongo, customer_store, links, link_tokens, audit, knowledge, whole)
    invitations = Invitations(
        mongo, vault, accounts, threads, conversations, link_tokens, linking, queue, links_out.address
    )
    pipeline = Pipeline(
        mongo,
        vault,
        accounts,
        threads,
        events,
        conversations,
        outbox,
        known,
        whole,
        knowledge,
        queue,
        live,
        settings.locale,
        csat,
        linking,
        aside_of(mongo, events, outbox, conversations, live),
    )
    courier = Courier(accounts, threads, outbox, vault, known, live)
    advice = reads_as_advice(settings.home / "cache", warm=web_process)
    changes = Changes(mongo, conversations, outbox, audit, live)
    access = Access(views)
    work = work_of(mongo, vault, access, changes, notes, hours.current, ZoneInfo(settings.timezone))
    watching = WatchStore(mongo, Rows(mongo, vault, staff, notes, hours.current))
    desks = DeskStore(mongo)
    at_desks = Availability(mongo, desks, audit, live, presence, queue)
    router = Router(desks, at_desks, RulesBook(mongo, desks, audit), changes, hours)
    desk = Desk(views, access, changes, known, queue, advice, csat)
    at_hand = AtHand(desk, knowledge, settings.locale)
    orders = orders_of(mongo, vault, audit, queue, settings)
    retention = retention_of(mongo, vault, audit, live, settings.retention, copies=orders.erased.purged)
    tokens = Tokens(web.issue, web.read, web.message, web.check_identity, WIDGET)
    kb_audit = audit_within(audit)
    recalls = Recalls(mongo, RecallStore(mongo), conversations, audit, live, withdraw_of(mongo, kb_audit))
    policies = Policies(mongo, PolicyStore(mongo), audit, Workshop(settings.home / "cache"))
    runs = Runs(mongo, RunStore(mongo), QuestionStore(mongo, vault), audit, queue)
    ledger = ledger_of(settings, mongo)
    figures = Figures(
        FigureStore(mongo), ZoneInfo(settings.timezone), ledger.spent, settings.openai_monthly_budget
    )
    door = door_of(mongo, vault, staff, audit, live, settings.security.context_words)
    service = Service(
        settings=settings,
        mongo=mongo,
        vault=vault,
        queue=queue,
        live=live,
        presence=presence,
        quotas=quotas,
        hours=hours,
        router=router,
        channels=known,
        accounts=accounts,
        events=events,
        conversations=conversations,
        outbox=outbox,
        staff=staff,
        door=door,
        audit=audit,
        views=views,
        customers=customers,
        knowledge=knowledge,
        adviser=adviser,
        automation=automation,
        recalls=recalls,
        runs=runs,
        figures=figures,
        policies=policies,
        switch=switch,
        applications=applications,
        ratings=ratings,
        mind=mind,
        rules=Follower(policies, lambda rules, number: mind.adopt(Policy.of_checked(rules, number))),
        intake=Intake(accounts, events, known, queue),
        webchat=WebChat(
            accounts, events, vault, views, queue, live, tokens, settings.secret_key, invitations, media.make
        ),
        mailbox=Mailbox(threads, events, LeaseKeeper(threads), pipeline.handle, courier.deliver),
        profiles=Profiles(accounts, threads, conversations, vault, known, live),
        sweeper=Sweeper(mongo, threads, events, outbox, queue, live),
        console=ConsoleService(
            settings=settings,
            desk=desk,
            staff=staff,
            door=door,
            oidc=Oidc(**asdict(settings.oidc)) if settings.oidc else None,
            accounts=accounts,
            channels=known,
            live=live,
            presence=presence,
            hours=hours,
            router=router,
            limiter_storage=settings.redis_url,
            secret_key=settings.secret_key,
            audit=audit.add,
            automation=automation,
            recalls=recalls,
            quality=quality_of(settings, mongo, vault, audit, staff, recalls, policies, automation),
            runs=runs,
            figures=figures,
            kb=lambda: Store(mongo.db),
            kb_audit=kb_audit,
            imports=imports_of(mongo, vault, audit, queue),
            phrasings=phrasings_of(mongo, vault, audit, kb_audit, settings.secret_key, adviser),
            at_hand=at_hand,
            cases=cases_of(mongo, vault, at_hand, customers, retention),
            quotas=quotas,
            drafts=DraftStore(mongo, vault),
            attachments=Attachments(desk, access, files, media),
            canned=SavedReplies(mongo, CannedStore(mongo), audit, advice),
            work=work,
            assistant=Assistant(desk, lambda: Store(mongo.db), audit, adviser, switch.off),
            policies=policies,
            applications=applications,
            ratings=ratings,
            customers=customers,
            switch=switch,
            monitor=Monitor(watching, staff, presence, access, changes, notes, hours.current),
            calls=Calls(CallingStore(mongo, hours.current)),
            verifications=verifications_of(mongo, audit, queue, settings),
            keys=keys_of(mongo, audit, settings),
            orders=orders,
            trail=trail_of(mongo, vault, audit, staff, hours, settings),
            reveals=reveals_of(mongo, vault, access, customers, audit, settings.security.reveals_per_hour),
            retention=retention,
        ),
    )
    _built.add(service)
    return service


@cache
def of_process() -> Service:
    """The service of a worker or the clock, built by the process that uses it. Raises ConfigError."""
    return build(Settings.from_env())


def close_all() -> None:
    """Close what this process opened; called when a web worker ends."""
    for service in list(_built):
        service.close()
