"""Which pages exist and who may see them; menus and landing pages are read off this list."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from bot.model import Role
from inbox.permissions import Permission, may


@dataclass(frozen=True, slots=True)
class Entry:
    endpoint: str
    label: LazyString
    icon: str
    permission: Permission


ENTRIES = (
    Entry("inbox.index", _l("Inbox"), "inbox", Permission.INBOX_READ),
    Entry("knowledge.index", _l("Knowledge"), "book", Permission.KNOWLEDGE_READ),
    Entry("recalls.index", _l("Recalls"), "flag", Permission.RECALL_READ),
    Entry("automation.index", _l("Direct answers"), "shield", Permission.AUTOMATION_READ),
    Entry("admin.channels", _l("Channels"), "plug", Permission.CHANNEL_READ),
)

# A view somebody may not open is not offered; what each view holds is the desk's decision.
VIEWS: dict[str, Permission] = {
    "waiting": Permission.INBOX_READ,
    "mine": Permission.INBOX_REPLY,
    "assigned": Permission.INBOX_OTHERS,
    "bot": Permission.INBOX_OTHERS,
    "resolved": Permission.INBOX_READ,
    "all": Permission.INBOX_READ,
}


def entries(role: Role) -> list[Entry]:
    return [entry for entry in ENTRIES if may(role, entry.permission)]


def views(role: Role) -> list[str]:
    return [name for name, permission in VIEWS.items() if may(role, permission)]
