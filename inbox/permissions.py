"""Who may do what, as data: the matrix of `compliance.md` section 4 for the pages that exist."""

from __future__ import annotations

from enum import StrEnum

from bot.model import Role


class Permission(StrEnum):
    """`scope:resource:action`. The two `account` ones are for pages that show nothing of anybody."""

    ANYONE = "account:page:open"
    SIGNED_IN = "account:self:use"
    INBOX_READ = "inbox:conversation:read"
    INBOX_REPLY = "inbox:conversation:reply"
    INBOX_OTHERS = "inbox:others:read"
    INBOX_TAKE_OVER = "inbox:others:take"
    COMPLAINTS_READ = "inbox:complaint:read"
    CUSTOMER_WRITE = "inbox:customer:write"
    CUSTOMER_LINK = "inbox:customer:link"
    MONITOR_READ = "monitor:conversations:read"
    MONITOR_WHISPER = "monitor:agent:whisper"
    AI_READ = "monitor:ai:read"
    AI_STOP = "monitor:ai:stop"
    AI_START = "monitor:ai:start"
    CANNED_USE = "inbox:canned:use"
    STAFF_READ = "admin:staff:read"
    STAFF_PROPOSE = "admin:staff:propose"
    STAFF_WRITE = "admin:staff:write"
    CHANNEL_READ = "admin:channel:read"
    CHANNEL_WRITE = "admin:channel:write"
    AUTOMATION_READ = "knowledge:automation:read"
    AUTOMATION_SET = "knowledge:automation:set"
    KNOWLEDGE_READ = "knowledge:content:read"
    KNOWLEDGE_WRITE = "knowledge:article:write"
    KNOWLEDGE_TERMS = "knowledge:terms:write"
    KNOWLEDGE_APPROVE = "knowledge:content:approve"

    RULES_READ = "knowledge:rules:read"
    RULES_WRITE = "knowledge:rules:write"
    RULES_APPROVE = "knowledge:rules:approve"

    QUESTIONS_READ = "knowledge:questions:read"
    QUESTIONS_RUN = "knowledge:questions:run"
    QUESTIONS_WRITE = "knowledge:questions:write"

    # How the service goes, without a word of anybody; who of the staff did how much is the second.
    FIGURES_READ = "figures:service:read"
    FIGURES_STAFF = "figures:staff:read"

    # Service hours, and how conversations are given out.
    SCHEDULE_READ = "admin:schedule:read"
    SCHEDULE_WRITE = "admin:schedule:write"

    RECALL_READ = "knowledge:recall:read"
    RECALL_START = "knowledge:recall:start"
    RECALL_CORRECT = "knowledge:correction:close"

    # One field in full, for a minute, for a reason.
    REVEAL = "inbox:field:reveal"

    # What was said and done, and its proof: seals, who saw what, packages for the examiner, terms and holds.
    RECORDS_READ = "records:seal:read"
    TRAIL_READ = "records:trail:read"
    TRAIL_OWN = "records:trail:own"
    EXPORT_READ = "records:export:read"
    EXPORT_RUN = "records:export:run"
    RETENTION_READ = "records:retention:read"
    HOLD_WRITE = "records:hold:write"

    # A customer's request for a copy, a correction or deletion; a complaint as a case of its own.
    REQUEST_READ = "cases:request:read"
    REQUEST_INTAKE = "cases:request:intake"
    REQUEST_WRITE = "cases:request:write"
    REQUEST_APPROVE = "cases:request:approve"
    COMPLAINT_WRITE = "cases:complaint:write"

    AUDIT_READ = "audit:sample:read"
    AUDIT_REVIEW = "audit:reply:review"
    AUDIT_SIGN = "audit:sample:sign"

    GOVERNANCE_READ = "governance:inventory:read"
    GOVERNANCE_WRITE = "governance:inventory:write"
    KEYS_READ = "admin:keys:read"
    KEYS_ROTATE = "admin:keys:rotate"


class AuditAction(StrEnum):
    """What the console itself reports; changes to a conversation are reported where they are made."""

    SIGNED_IN = "account:session:begin"
    SIGN_IN_FAILED = "account:session:refused"
    SIGN_IN_LIMITED = "account:session:limited"
    SIGNED_OUT = "account:session:end"
    STEPPED_UP = "account:session:step_up"
    STEP_UP_FAILED = "account:session:step_up_refused"
    DENIED = "account:permission:denied"
    OBJECT_DENIED = "account:object:denied"
    CONVERSATION_OPENED = "inbox:conversation:open"
    CONVERSATIONS_LISTED = "inbox:conversations:list"
    CONVERSATIONS_SEARCHED = "inbox:conversations:search"
    CUSTOMERS_LISTED = "inbox:customers:list"
    CORRECTIONS_LISTED = "knowledge:corrections:list"
    STAFF_FIGURES_OPENED = "figures:staff:open"
    CUSTOMER_OPENED = "inbox:customer:open"
    MONITOR_OPENED = "monitor:conversations:open"
    CONVERSATION_WATCHED = "monitor:conversation:watch"
    CHANNEL_ADDED = "admin:channel:add"
    CHANNEL_ENABLED = "admin:channel:enable"
    CHANNEL_DISABLED = "admin:channel:disable"
    CHANNEL_CHECKED = "admin:channel:check"
    CHANNEL_REGISTERED = "admin:channel:register"
    CHANNEL_TESTED = "admin:channel:test"
    KNOWLEDGE_IMPORTED = "knowledge:articles:import"
    KNOWLEDGE_EXPORTED = "knowledge:articles:export"
    FIGURES_EXPORTED = "figures:service:export"
    AUDIT_EXPORTED = "audit:report:export"
    GOVERNANCE_EXPORTED = "governance:inventory:export"
    RETENTION_OPENED = "records:retention:open"
    CERTIFICATE_DOWNLOADED = "records:certificate:download"
    EXPORTS_LISTED = "records:exports:list"
    CASES_LISTED = "cases:cases:list"
    CASE_OPENED = "cases:case:open"
    CASE_BEGUN = "cases:form:open"
    COMPLAINTS_EXPORTED = "cases:complaints:export"


_DESK = frozenset(
    {Permission.INBOX_READ, Permission.INBOX_REPLY, Permission.CANNED_USE, Permission.CUSTOMER_WRITE}
)
_WATCH = frozenset({Permission.INBOX_READ, Permission.INBOX_OTHERS, Permission.COMPLAINTS_READ})
_FIGURES = frozenset({Permission.FIGURES_READ, Permission.FIGURES_STAFF})
_READER = frozenset({Permission.KNOWLEDGE_READ, Permission.RULES_READ})
_WRITER = _READER | {Permission.KNOWLEDGE_WRITE, Permission.RULES_WRITE}
# Disclosures and notices are the supervisor's to propose; articles are a senior agent's too.
_PROPOSER = _WRITER | {Permission.KNOWLEDGE_TERMS}
_PROOF = frozenset({Permission.AUTOMATION_READ})

# What other people's customers asked is for those who may read their conversations; auditors change nothing.
_ASKED = frozenset({Permission.QUESTIONS_READ})
_ASKING = _ASKED | {Permission.QUESTIONS_RUN, Permission.QUESTIONS_WRITE}

_CORRECT = frozenset({Permission.RECALL_READ, Permission.RECALL_CORRECT})
_RECALL = frozenset({Permission.RECALL_READ, Permission.RECALL_START})

_MONITOR = frozenset({Permission.MONITOR_READ})
_HOURS = frozenset({Permission.SCHEDULE_READ, Permission.SCHEDULE_WRITE})
# To stop the AI is safe; to let it answer again is for those who answer for what it says (docs/operations.md).
_STOP = frozenset({Permission.AI_READ, Permission.AI_STOP})
_START = _STOP | {Permission.AI_START}

# A supervisor proposes who is what, an administrator agrees; compliance and admin roles want two (bot/desk/staff.py).
_STAFF = frozenset({Permission.STAFF_READ, Permission.STAFF_PROPOSE})

_INTAKE = frozenset({Permission.REVEAL, Permission.REQUEST_READ, Permission.REQUEST_INTAKE})
_SENIOR_CASES = _INTAKE | {Permission.COMPLAINT_WRITE, Permission.AUDIT_REVIEW}
_EXAMINED = frozenset(
    {
        Permission.REVEAL,
        Permission.RECORDS_READ,
        Permission.TRAIL_READ,
        Permission.TRAIL_OWN,
        Permission.EXPORT_READ,
        Permission.RETENTION_READ,
        Permission.REQUEST_READ,
        Permission.AUDIT_READ,
        Permission.GOVERNANCE_READ,
    }
)

# An administrator sees no customer content; an auditor changes nothing.
ROLES: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _DESK | _CORRECT | _READER | _INTAKE,
    Role.SENIOR: _DESK
    | _CORRECT
    | _WRITER
    | _STOP
    | _SENIOR_CASES
    | {Permission.CUSTOMER_LINK, Permission.COMPLAINTS_READ},
    Role.SUPERVISOR: _DESK
    | _STAFF
    | _FIGURES
    | _CORRECT
    | _RECALL
    | _WATCH
    | _PROPOSER
    | _PROOF
    | _ASKING
    | _MONITOR
    | _START
    | _HOURS
    | _SENIOR_CASES
    | {Permission.TRAIL_READ, Permission.TRAIL_OWN, Permission.AUDIT_READ, Permission.GOVERNANCE_READ}
    | {Permission.REQUEST_WRITE}
    | {Permission.INBOX_TAKE_OVER, Permission.MONITOR_WHISPER, Permission.CUSTOMER_LINK},
    Role.COMPLIANCE: _WATCH
    | _FIGURES
    | _MONITOR
    | _START
    | _RECALL
    | _PROPOSER
    | _PROOF
    | _ASKING
    | {Permission.KNOWLEDGE_APPROVE, Permission.RULES_APPROVE, Permission.AUTOMATION_SET}
    | _EXAMINED
    | {Permission.EXPORT_RUN, Permission.HOLD_WRITE, Permission.REQUEST_APPROVE, Permission.AUDIT_SIGN}
    | {Permission.SCHEDULE_READ, Permission.GOVERNANCE_WRITE},
    # Sums tell of no customer: the administrator may see how the service goes, not who of the staff did how much.
    Role.ADMIN: _STOP
    | _HOURS
    | _STAFF
    | {
        Permission.FIGURES_READ,
        Permission.CHANNEL_READ,
        Permission.CHANNEL_WRITE,
        Permission.STAFF_WRITE,
        Permission.TRAIL_OWN,
        Permission.GOVERNANCE_READ,
        Permission.KEYS_READ,
        Permission.KEYS_ROTATE,
    },
    Role.AUDITOR: _WATCH
    | _FIGURES
    | _MONITOR
    | _READER
    | _PROOF
    | _ASKED
    | _EXAMINED
    | {
        Permission.KEYS_READ,
        Permission.AI_READ,
        Permission.RECALL_READ,
        Permission.CHANNEL_READ,
        Permission.SCHEDULE_READ,
        Permission.STAFF_READ,
    },
}

OPEN_TO_ALL = frozenset({Permission.ANYONE})
OPEN_TO_STAFF = frozenset({Permission.ANYONE, Permission.SIGNED_IN})


def may(role: Role, permission: Permission) -> bool:
    return permission in OPEN_TO_STAFF or permission in ROLES.get(role, frozenset())
