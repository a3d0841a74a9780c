"""Collections and their indexes, in one place; `ensure` may run at every start."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, IndexModel

from bot.mongo import Mongo

INDEXES: dict[str, list[IndexModel]] = {
    "accounts": [IndexModel([("channel", ASCENDING)])],
    "events": [
        IndexModel([("thread", ASCENDING), ("status", ASCENDING), ("sent_at", ASCENDING)]),
        IndexModel([("received_at", ASCENDING)], partialFilterExpression={"status": "new"}, name="pending"),
    ],
    "threads": [
        IndexModel([("account", ASCENDING), ("user_id", ASCENDING)]),
        IndexModel([("customer", ASCENDING)]),
    ],
    "conversations": [
        # Of the lists (bot/store/reading.py): each ends in the id, so that a cursor names one place in it.
        IndexModel(
            [("status", ASCENDING), ("priority", ASCENDING), ("waiting_since", ASCENDING), ("_id", ASCENDING)]
        ),
        IndexModel([("status", ASCENDING), ("last_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel(
            [("assignee", ASCENDING), ("status", ASCENDING), ("last_at", DESCENDING), ("_id", DESCENDING)]
        ),
        IndexModel([("last_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("channel", ASCENDING), ("last_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel(
            [("tags", ASCENDING), ("last_at", DESCENDING), ("_id", DESCENDING)],
            partialFilterExpression={"tags": {"$exists": True}},
            name="tagged",
        ),
        IndexModel(
            [("skill", ASCENDING), ("opened_at", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"open": True},
            name="open_by_skill",
        ),
        # The monitor: all that people have, and the worst of what the bot has, without a walk.
        IndexModel(
            [("status", ASCENDING), ("sign", DESCENDING), ("last_at", DESCENDING)],
            partialFilterExpression={"open": True},
            name="watched",
        ),
        # Few sleep at a time: the clock finds those whose time is up without a walk.
        IndexModel(
            [("snoozed_until", ASCENDING)],
            partialFilterExpression={"asleep": True},
            name="sleeping",
        ),
        IndexModel([("customer", ASCENDING), ("last_at", DESCENDING)]),
        IndexModel([("resolved_at", ASCENDING)], sparse=True),
        IndexModel(
            [("thread", ASCENDING)],
            unique=True,
            partialFilterExpression={"open": True},
            name="one_open_a_thread",
        ),
    ],
    "messages": [
        IndexModel([("conversation", ASCENDING), ("seq", ASCENDING)], unique=True),
        IndexModel([("thread", ASCENDING), ("pos", ASCENDING)], unique=True),
        # What a customer edits or takes back is named by the platform's id of it.
        IndexModel(
            [("thread", ASCENDING), ("platform_id", ASCENDING)],
            partialFilterExpression={"platform_id": {"$type": "string"}},
            name="platform_ids",
        ),
        # Few lines are choices: the clock finds them without a walk, and the others cost nothing to write.
        IndexModel(
            [("decision.at", ASCENDING)],
            partialFilterExpression={"decision.handler": "choice"},
            name="choices",
        ),
        # Who was sent an article: few lines carry one, and a recall must find them among millions.
        IndexModel(
            [("approved.id", ASCENDING), ("approved.version", ASCENDING), ("at", ASCENDING)],
            partialFilterExpression={"approved.kind": "article"},
            name="articles_sent",
        ),
        # What customers asked in some days, for gaps and rehearsals; lines of others are not in it.
        IndexModel(
            [("decision.at", ASCENDING), ("_id", ASCENDING)],
            partialFilterExpression={"author": "customer"},
            name="questions",
        ),
        # What was said on a day, for the figures: answered from the index alone.
        IndexModel([("at", ASCENDING), ("conversation", ASCENDING)], name="days"),
        # All that was said with a person, over all channels.
        IndexModel([("customer", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="timeline"),
    ],
    "runs": [
        # One of a kind at a time, whoever asks.
        IndexModel(
            [("kind", ASCENDING)], unique=True, partialFilterExpression={"open": True}, name="one_open_a_kind"
        ),
        IndexModel([("kind", ASCENDING), ("at", DESCENDING)]),
        IndexModel([("figures.proposal.sha256", ASCENDING)], sparse=True, name="proposed"),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "run_items": [
        IndexModel([("run", ASCENDING), ("part", ASCENDING), ("n", ASCENDING)]),
        IndexModel([("run", ASCENDING), ("key", ASCENDING)]),
        IndexModel(
            [("questions", ASCENDING)], partialFilterExpression={"made": {"$exists": True}}, name="made_of"
        ),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "uploads": [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)],
    "upload_parts": [
        IndexModel([("upload", ASCENDING), ("n", ASCENDING)]),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "recalls": [IndexModel([("at", DESCENDING)])],
    "audit_weeks": [IndexModel([("state", ASCENDING), ("drawn_at", DESCENDING)])],
    "audit_items": [
        IndexModel([("draw", ASCENDING), ("n", ASCENDING)], unique=True),
        IndexModel([("finding.state", ASCENDING), ("finding.due", ASCENDING)], sparse=True),
        IndexModel([("settled_at", ASCENDING)]),
        IndexModel([("said_at", ASCENDING)]),
    ],
    "ai_inventory": [IndexModel([("system", ASCENDING), ("version", DESCENDING)], unique=True)],
    "ai_drills": [IndexModel([("at", DESCENDING)])],
    "audit_proofs": [IndexModel([("at", DESCENDING)])],
    "corrections": [IndexModel([("recall", ASCENDING), ("state", ASCENDING)])],
    "labels": [
        IndexModel([("direct", ASCENDING), ("asked_at", ASCENDING)]),
        # Which questions an article was the answer to, for the phrasings it lacks.
        IndexModel([("article", ASCENDING), ("asked_at", DESCENDING)]),
        IndexModel([("chosen", ASCENDING), ("asked_at", DESCENDING)]),
        IndexModel([("question", ASCENDING)]),
        IndexModel([("conversation", ASCENDING)]),
        IndexModel([("at", ASCENDING)], partialFilterExpression={"source": "review"}, name="reviews"),
    ],
    "phrasings": [
        IndexModel([("article", ASCENDING), ("key", ASCENDING)], unique=True),
        IndexModel([("state", ASCENDING), ("article", ASCENDING), ("at", ASCENDING)]),
    ],
    "phrasing_links": [IndexModel([("article", ASCENDING), ("at", DESCENDING)])],
    "outbox": [
        IndexModel([("thread", ASCENDING), ("open", ASCENDING), ("pos", ASCENDING)]),
        IndexModel([("next_at", ASCENDING)], partialFilterExpression={"open": True}, name="due"),
        IndexModel(
            [("settled_at", ASCENDING)],
            partialFilterExpression={"status": {"$in": ["unknown", "failed"]}},
            name="unsettled",
        ),
    ],
    "notes": [
        IndexModel([("conversation", ASCENDING), ("seq", ASCENDING)], unique=True),
        IndexModel([("mentions", ASCENDING), ("at", DESCENDING)]),
        IndexModel([("unread", ASCENDING), ("conversation", ASCENDING)]),
    ],
    "assignments": [IndexModel([("at", ASCENDING)])],
    "availability": [IndexModel([("to", ASCENDING)])],
    "customers": [
        IndexModel([("group", ASCENDING)]),
        IndexModel(
            [("verified_key", ASCENDING)],
            partialFilterExpression={"verified_key": {"$exists": True}},
            name="firm_ids",
        ),
        IndexModel(
            [("restricted", ASCENDING)],
            partialFilterExpression={"restricted": True},
            name="restricted",
        ),
    ],
    # The firm's statements and restrictions, an identity each; holds; certificates of what was destroyed.
    "retention": [
        IndexModel([("relationship", ASCENDING), ("_id", ASCENDING)], sparse=True),
        IndexModel([("restricted.at", DESCENDING)], sparse=True),
    ],
    "packs": [
        IndexModel([("at", DESCENDING)]),
        IndexModel([("state", ASCENDING), ("until", ASCENDING)]),
    ],
    "holds": [IndexModel([("customer", ASCENDING), ("state", ASCENDING)])],
    "certificates": [
        IndexModel([("begun_at", DESCENDING)]),
        IndexModel([("customers", ASCENDING)]),
        IndexModel([("state", ASCENDING)]),
    ],
    # Requests of data subjects and complaints; of two conversations at once only one opens the complaint by itself.
    "cases": [
        IndexModel([("open", ASCENDING), ("due", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("open", ASCENDING), ("closed_at", DESCENDING)]),
        IndexModel([("kind", ASCENDING), ("received_at", ASCENDING)]),
        IndexModel([("customer", ASCENDING)]),
        IndexModel([("conversations", ASCENDING)]),
        IndexModel(
            [("customer", ASCENDING), ("open", ASCENDING), ("automatic", ASCENDING)],
            unique=True,
            partialFilterExpression={"open": True, "automatic": True},
            name="one_automatic_complaint",
        ),
    ],
    "case_events": [
        IndexModel([("case", ASCENDING), ("seq", ASCENDING)], unique=True),
        IndexModel([("customer", ASCENDING)]),
    ],
    "files": [IndexModel([("customer", ASCENDING), ("at", DESCENDING)])],
    "customer_notes": [
        IndexModel([("customer", ASCENDING), ("seq", ASCENDING)], unique=True),
        IndexModel([("customer", ASCENDING), ("at", DESCENDING)]),
    ],
    "links": [IndexModel([("customers", ASCENDING), ("standing", ASCENDING)])],
    "link_tokens": [
        IndexModel([("code", ASCENDING)], sparse=True),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=24 * 3600),
    ],
    # Held for the length of a transaction; what is left of them means nothing.
    "firm_locks": [IndexModel([("at", ASCENDING)], expireAfterSeconds=3600)],
    "tags": [IndexModel([("uses", DESCENDING), ("_id", ASCENDING)])],
    "file_parts": [
        IndexModel([("file", ASCENDING), ("n", ASCENDING)]),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "drafts": [IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0)],
    "canned": [IndexModel([("scope", ASCENDING), ("shortcut", ASCENDING)], unique=True)],
    "ratings": [
        IndexModel([("thread", ASCENDING), ("at", DESCENDING)]),
        IndexModel([("at", DESCENDING)]),
        IndexModel([("rated_at", DESCENDING)]),
        IndexModel([("assignee", ASCENDING), ("at", DESCENDING)]),
    ],
    "staff": [IndexModel([("email", ASCENDING)], unique=True)],
    "sessions": [
        IndexModel([("staff", ASCENDING), ("seen_at", DESCENDING)]),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "invitations": [
        IndexModel([("token", ASCENDING)], sparse=True),
        IndexModel(
            [("email", ASCENDING)],
            unique=True,
            partialFilterExpression={"pending": True},
            name="one_pending_an_address",
        ),
        IndexModel([("purge_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "staff_requests": [IndexModel([("state", ASCENDING), ("staff", ASCENDING), ("at", ASCENDING)])],
    "audit": [
        IndexModel([("seq", ASCENDING)], unique=True),
        IndexModel([("subject", ASCENDING), ("at", DESCENDING)]),
        # How often somebody did something lately (reveals).
        IndexModel([("actor", ASCENDING), ("action", ASCENDING), ("at", DESCENDING)]),
        # Whose data was touched when, by whom (bot/store/trail.py).
        IndexModel([("at", DESCENDING), ("seq", DESCENDING)]),
        IndexModel([("actor", ASCENDING), ("at", DESCENDING), ("seq", DESCENDING)]),
        IndexModel([("kind", ASCENDING), ("at", DESCENDING), ("seq", DESCENDING)]),
        IndexModel(
            [("customers", ASCENDING), ("at", DESCENDING), ("seq", DESCENDING)],
            partialFilterExpression={"customers": {"$exists": True}},
            name="touched_of",
        ),
        # What was changed of rules, thresholds and models.
        IndexModel([("action", ASCENDING), ("seq", DESCENDING)]),
        # Who was relieved of a conversation: few lines name an owner.
        IndexModel(
            [("detail.owner", ASCENDING), ("at", DESCENDING)],
            partialFilterExpression={"detail.owner": {"$exists": True}},
            name="relieved",
        ),
    ],
    "model_calls": [
        IndexModel([("month", ASCENDING), ("purpose", ASCENDING)]),
        IndexModel([("at", ASCENDING)]),
    ],
    "figures": [
        IndexModel([("account", ASCENDING), ("skill", ASCENDING), ("day", ASCENDING)], unique=True),
        IndexModel([("day", ASCENDING)]),
    ],
    "figures_days": [IndexModel([("due", ASCENDING)], sparse=True)],
}


def ensure(mongo: Mongo) -> None:
    for collection, indexes in INDEXES.items():
        mongo[collection].create_indexes(indexes)
