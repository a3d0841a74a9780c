"""Which pages exist and who may see them; menus, tab rows and landing pages are read off these lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from bot.model import Role
from inbox.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Tab:
    """A page within an entry. `name` is what the page calls itself; `values` are what its address wants."""

    name: str
    endpoint: str
    label: LazyString
    permission: Permission
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    endpoint: str
    label: LazyString
    icon: str
    permission: Permission
    tabs: tuple[Tab, ...] = ()


_LISTING = "knowledge.listing"

# In the order of the work: what stands there, what comes in, what is missing, what follows. A page adds its line here
# and shows the row with `{% set section = "NAME" %}{% include "console/_tabs.html" %}`.
KNOWLEDGE_TABS = (
    Tab("article", _LISTING, _l("Articles"), Permission.KNOWLEDGE_READ, {"kind": "article"}),
    Tab("notice", _LISTING, _l("Notices"), Permission.KNOWLEDGE_READ, {"kind": "notice"}),
    Tab("disclosure", _LISTING, _l("Disclosures"), Permission.KNOWLEDGE_READ, {"kind": "disclosure"}),
    Tab("replies", "canned.index", _l("Saved replies"), Permission.CANNED_USE),
    Tab("review", "knowledge.queue", _l("Review queue"), Permission.KNOWLEDGE_READ),
    Tab("files", "knowledge.import_page", _l("Files"), Permission.KNOWLEDGE_WRITE),
    Tab("rules", "rules.index", _l("Hand-off rules"), Permission.RULES_READ),
    Tab("gaps", "knowledge.gaps", _l("Gaps"), Permission.QUESTIONS_READ),
    Tab("phrasings", "phrasings.index", _l("Phrasings"), Permission.KNOWLEDGE_READ),
    Tab("rehearsal", "knowledge.rehearsal", _l("Rehearsal"), Permission.QUESTIONS_READ),
    Tab("automation", "automation.index", _l("Direct answers"), Permission.AUTOMATION_READ),
    Tab("recalls", "recalls.index", _l("Recalls"), Permission.RECALL_READ),
)

# The examiner's pages; a page adds its line here and the entry below points at the first of them.
RECORDS_TABS: tuple[Tab, ...] = (
    Tab("seals", "records.index", _l("Seals"), Permission.RECORDS_READ),
    Tab("access", "trail.index", _l("Access log"), Permission.TRAIL_OWN),
    Tab("exports", "exports.index", _l("Packs"), Permission.EXPORT_READ),
    Tab("retention", "retention.index", _l("Retention"), Permission.RETENTION_READ),
)

# What the bot says, read by people; the inventory of models and rules beside it.
AUDIT_TABS: tuple[Tab, ...] = (
    Tab("audit", "audits.index", _l("Weekly audit"), Permission.AUDIT_READ),
    Tab("review", "audit_review.queue", _l("To review"), Permission.AUDIT_REVIEW),
    Tab("findings", "audit_review.findings", _l("Findings"), Permission.KNOWLEDGE_WRITE),
    Tab("ai", "governance.index", _l("AI inventory"), Permission.GOVERNANCE_READ),
)

ENTRIES = (
    Entry("inbox.index", _l("Inbox"), "inbox", Permission.INBOX_READ),
    Entry("monitor.index", _l("Monitor"), "pulse", Permission.MONITOR_READ),
    Entry("knowledge.index", _l("Knowledge"), "book", Permission.KNOWLEDGE_READ, KNOWLEDGE_TABS),
    Entry("admin.channels", _l("Channels"), "plug", Permission.CHANNEL_READ),
    Entry("people.index", _l("Staff"), "people", Permission.STAFF_READ),
    Entry("dashboard.index", _l("Figures"), "chart", Permission.FIGURES_READ),
    Entry("assignment.index", _l("Assignment"), "person", Permission.SCHEDULE_READ),
    Entry("hours.index", _l("Service hours"), "clock", Permission.SCHEDULE_READ),
    Entry("cases.index", _l("Cases"), "flag", Permission.REQUEST_READ),
    Entry("records.index", _l("Records"), "shield", Permission.RECORDS_READ, RECORDS_TABS),
    Entry("audits.index", _l("Audit"), "eye", Permission.AUDIT_READ, AUDIT_TABS),
    Entry("keys.index", _l("Keys"), "key", Permission.KEYS_READ),
    Entry("switch.index", _l("AI switch"), "power", Permission.AI_READ),
)

# A view somebody may not open is not offered; what each view holds is the desk's decision.
VIEWS: dict[str, Permission] = {
    "waiting": Permission.INBOX_READ,
    "mine": Permission.INBOX_REPLY,
    "complaints": Permission.COMPLAINTS_READ,
    "mentions": Permission.INBOX_READ,
    "snoozed": Permission.INBOX_REPLY,
    "assigned": Permission.INBOX_OTHERS,
    "bot": Permission.INBOX_OTHERS,
    "resolved": Permission.INBOX_READ,
    "all": Permission.INBOX_READ,
}


def entries(role: Role) -> list[Entry]:
    """What the role's menu offers, each entry with the tabs that the role may open; where it may not open the entry's
    own page, the entry leads to the first of them."""
    found: list[Entry] = []
    for entry in ENTRIES:
        tabs = tuple(tab for tab in entry.tabs if may(role, tab.permission))
        if may(role, entry.permission):
            found.append(replace(entry, tabs=tabs))
        elif tabs and not tabs[0].values:
            found.append(replace(entry, endpoint=tabs[0].endpoint, permission=tabs[0].permission, tabs=tabs))
    return found


def views(role: Role) -> list[str]:
    return [name for name, permission in VIEWS.items() if may(role, permission)]
