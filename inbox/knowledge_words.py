"""What the knowledge pages call their codes, and the sentences of the knowledge base in the reader's language."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from bot.model import ContentKind, ProductClass
from inbox.words import Words

KINDS: Words = {
    ContentKind.ARTICLE: _l("Articles"),
    ContentKind.NOTICE: _l("Notices"),
    ContentKind.DISCLOSURE: _l("Disclosures"),
}

NEW: Words = {
    ContentKind.ARTICLE: _l("New article"),
    ContentKind.NOTICE: _l("New notice"),
    ContentKind.DISCLOSURE: _l("New disclosure"),
}

ABOUT: Words = {
    ContentKind.ARTICLE: _l(
        "Answers the bot may choose. Nothing reaches a customer before compliance approves it."
    ),
    ContentKind.NOTICE: _l("What the bot says by itself: the greeting, a hand-off, a question back."),
    ContentKind.DISCLOSURE: _l("Travels with every article of its product class, and is never shortened."),
}

EMPTY: Words = {
    ContentKind.ARTICLE: _l(
        "Write the first article, or import a file. It goes live once compliance approves it."
    ),
    ContentKind.NOTICE: _l("Notices come with the product: run the preparation once, and they stand here."),
    ContentKind.DISCLOSURE: _l(
        "Articles on loans, cards, investment and insurance need one: write it first."
    ),
}

CLASSES: Words = {
    ProductClass.DEPOSIT: _l("Deposits"),
    ProductClass.LOAN: _l("Loans"),
    ProductClass.CARD: _l("Cards"),
    ProductClass.INVESTMENT: _l("Investment"),
    ProductClass.INSURANCE: _l("Insurance"),
    ProductClass.ACCOUNT: _l("Accounts"),
    ProductClass.GENERAL: _l("General"),
}

STATES: Words = {
    "live": _l("In force"),
    "scheduled": _l("Scheduled"),
    "ended": _l("Ended"),
    "draft": _l("Draft"),
    "in_review": _l("In review"),
    "approved": _l("Approved"),
    "retired": _l("Retired"),
    "rejected": _l("Rejected"),
}

TONES = {"live": "good", "scheduled": "new", "in_review": "new", "ended": "bad", "rejected": "bad"}

FIELDS: Words = {
    "answer": _l("Answer"),
    "questions": _l("Questions"),
    "product_class": _l("Product class"),
    "tags": _l("Tags"),
    "valid_from": _l("Valid from"),
    "valid_until": _l("Valid until"),
}
