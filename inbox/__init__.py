"""The people's side: the console of agents, supervisors, compliance officers and administrators.

service.py        what the console needs from the house (Protocol `Console`): read this first
                  service_knowledge.py is its half about the knowledge
permissions.py    Permission, AuditAction, role -> permissions
auth.py           sessions and the one gate, `@requires`
account.py        sign-in, sign-out, language; sessions.py is one's own account, totp.py its second factor
staff.py          who works here and as what; invitations.py lets people in, oidc.py through the firm's own sign-in
agent.py          the inbox: lists, conversation, take, reply, resolve, back to the bot
row_cache.py      a row of a list as HTML, made once for all who look at it
said.py           the last words of an open conversation
customers.py      one customer over all identities: profile, notes, risk mark, linking
thread.py         messages as lines to read
assist.py         a draft of the firm's model beside the composer
beside.py         what stands around the composer: presence.py colleagues there, at_hand.py approved articles,
                  summary.py the hand-off in short, allowed.py what the channel takes now
applications.py   how the customer's applications stand, on request; what they said of the service
files.py          files in a conversation
drafts.py         what was typed and not sent
canned.py         saved replies: the page, and the list that / opens
live.py           the stream of an open page; seen.py notes what of customers a page shows, before it does;
                  stated.py says for each route what that is
admin.py          channel accounts; channel_forms.py is what each platform wants to be told
knowledge.py      articles, notices, disclosures: list and page; knowledge_edit.py writes, knowledge_review.py decides,
                  knowledge_import.py takes files, knowledge_files.py gives them
gaps.py           what customers asked without an answer, and the way to an article; rehearsal.py is what would change;
                  runs.py starts, cancels and follows both
phrasings.py      which articles lack phrasings, and taking suggested ones over; phrasings_page.py is for colleagues
rules.py          hand-off rules: those in force, a version and its review; rules_edit.py writes them
recalls.py        what was taken back, and the corrections people work through
records.py        the seals of the records, day by day, and a verification of everything
keys.py           which keys there are, how old, and when they are due; never what they are
trail.py          whose data was touched, when, by whom
cases.py          requests of data subjects and complaints; cases_complaints.py is work on one of the latter
exports.py        packs for the examiner: ordered, agreed to, fetched
retention.py      how long everything is kept, legal holds of two officers, what was destroyed
audits.py         the weekly audit: seeds, samples, reports, proof; audit_review.py reads replies one by one;
                  audit_words.py says the codes
governance.py     what models and rules run, who answers for them, what was changed; governance_words.py names them
monitor.py        every live conversation by risk; watching, whispering, taking over
notify.py         what calls a person now, and how this device says so
switch.py         the kill switch of the AI, and its banner
reveal.py         one masked field in full, for a minute, for a reason
provenance.py     why this answer, beside the message
dashboard.py      the figures of a period: dashboard_report.py gathers them, dashboard_tiles.py and dashboard_plots.py
                  say them, plots.py places the marks
assignment.py     how conversations are given out; availability.py is one's own desk, hours.py the service hours
automation.py     direct answers: where each product class stands, and compliance's limit
navigation.py     which pages exist, for whom
words.py          what codes are called on screen
language.py       locale, time zone, dates
problems.py       error pages
limits.py headers.py assets.py
templates/ static/ translations/
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from bot import origin
from bot.errors import NotAllowed
from inbox import (
    account,
    admin,
    agent,
    applications,
    assets,
    assignment,
    assist,
    at_hand,
    audit_review,
    audits,
    auth,
    automation,
    availability,
    canned,
    cases,
    cases_complaints,  # noqa: F401 - its pages
    customers,
    dashboard,
    drafts,
    exports,
    files,
    gaps,
    governance,
    headers,
    hours,
    invitations,
    keys,
    knowledge,
    knowledge_edit,
    knowledge_files,
    knowledge_review,
    language,
    live,
    monitor,
    navigation,
    notify,
    oidc,
    phrasings,
    phrasings_page,
    presence,
    problems,
    recalls,
    records,
    rehearsal,
    retention,
    reveal,
    rules,
    rules_edit,
    runs,
    said,
    seen,
    sessions,
    staff,
    switch,
    totp,  # noqa: F401 - its pages
    trail,
    words,
    work,
)
from inbox.limits import Attempts
from inbox.permissions import Permission
from inbox.service import Console

__all__ = ["BLUEPRINTS", "Console", "Permission", "register"]

MAX_FORM = 256 * 1024

# Several files of pages share the blueprint of the knowledge.
_KNOWLEDGE = (knowledge.bp, knowledge_edit.bp, knowledge_files.bp, knowledge_review.bp)
_WORK = (gaps.bp, rehearsal.bp, runs.bp)
_PHRASINGS = (phrasings.bp, phrasings_page.bp)
_CONVERSATIONS = (
    agent.bp,
    work.bp,
    applications.bp,
    assist.bp,
    at_hand.bp,
    canned.bp,
    customers.bp,
    drafts.bp,
    files.bp,
    presence.bp,
    reveal.bp,
    said.bp,
)
_REST = (automation.bp, recalls.bp, rules.bp, rules_edit.bp)
_HOURS = (assignment.bp, availability.bp, hours.bp)
_WATCH = (dashboard.bp, monitor.bp, notify.bp, switch.bp)
# Pages of the second factor share the blueprint of one's own account.
_STAFF = (sessions.bp, staff.bp, invitations.bp, oidc.bp)
# What proves what was said, and what becomes of it.
_RECORDS = (cases.bp, exports.bp, keys.bp, records.bp, retention.bp, trail.bp)
# What the bot says, read by people.
_AUDIT = (audits.bp, audit_review.bp, governance.bp)
_PAGES = (
    assets.bp,
    account.bp,
    live.bp,
    *_CONVERSATIONS,
    admin.bp,
    *_KNOWLEDGE,
    *_WORK,
    *_PHRASINGS,
    *_REST,
    *_HOURS,
    *_STAFF,
    *_WATCH,
    *_RECORDS,
    *_AUDIT,
)
BLUEPRINTS = {bp.name: bp for bp in _PAGES}
for _blueprint in BLUEPRINTS.values():
    problems.attach(_blueprint)


def _deny_by_default(app: Flask) -> None:
    """A page somebody forgot to give a rule is closed, not open."""
    if request.blueprint in BLUEPRINTS and request.endpoint:
        view = app.view_functions[request.endpoint]
        if not isinstance(getattr(view, "permission", None), Permission):
            raise NotAllowed("This page has no rule.")


def _context() -> dict[str, Any]:
    who = auth.staff() if auth.can(Permission.SIGNED_IN) else None
    return {
        "me": who,
        # The strict profile covers a page that nobody uses.
        "hides": who is not None and auth.console().settings.security.strict,
        "menu": navigation.entries(who.role) if who else [],
        "can": auth.can,
        "Permission": Permission,
        "lang": language.chosen(),
        "languages": language.NAMES,
        "language": language,
        "words": words,
        "said": words.said,
        "asset": assets.asset_url,
        "tint": lambda text: sum(text.encode()) % 6,
    }


def _configure(app: Flask, service: Console, idle_minutes: float) -> bool:
    https = service.settings.public_url.startswith("https://")
    app.secret_key = service.secret_key
    app.config.update(
        # The prefix binds the cookie to this host and to https; browsers refuse it on plain http.
        SESSION_COOKIE_NAME="__Host-teller" if https else "teller",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        CONSOLE_IDLE_MINUTES=idle_minutes,
        # Webhooks and the widget live in the same app and bring their own proof.
        WTF_CSRF_CHECK_DEFAULT=False,
        # The token lives as long as the session: an agent's page stays open all day.
        WTF_CSRF_TIME_LIMIT=None,
        # Referrer-Policy is no-referrer, so there is none to compare; the token and SameSite do the work.
        WTF_CSRF_SSL_STRICT=False,
    )
    return https


def register(app: Flask, service: Console, *, idle_minutes: float | None = None) -> None:
    """Adds every page of the console to `app`. Connects to nothing.

    `idle_minutes` ends a session nobody uses; None: as the security profile says.
    """
    security = service.settings.security
    https = _configure(app, service, security.idle_minutes if idle_minutes is None else idle_minutes)
    app.extensions["teller_console"] = service
    app.extensions["teller_attempts"] = Attempts(service.limiter_storage, strict=security.strict)
    csrf = CSRFProtect(app)
    language.install(app, service.settings.timezone)
    auth.install(app)
    seen.install(app)
    for blueprint in BLUEPRINTS.values():
        app.register_blueprint(blueprint)
    problems.install(app)
    app.context_processor(_context)

    @app.before_request
    def guard() -> None:
        if request.blueprint in BLUEPRINTS:
            seen.begin()
            # The app sets no limit, as webhooks bring their own.
            upload = request.endpoint == knowledge_files.UPLOAD
            request.max_content_length = knowledge_files.MAX_UPLOAD if upload else MAX_FORM
            _deny_by_default(app)
            csrf.protect()

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        origin.begin(None)

    @app.after_request
    def harden(response: Response) -> Response:
        person = request.blueprint in BLUEPRINTS or (
            response.status_code >= 400 and not request.path.startswith(problems.MACHINES)
        )
        return headers.harden(response, https) if person else response
