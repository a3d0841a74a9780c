"""What the pages of the hand-off rules call their codes."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from inbox.words import Words

TABLES: Words = {
    "crisis": _l("Somebody may be in danger"),
    "fraud": _l("Fraud and account security"),
    "complaint": _l("Complaint and agitation"),
    "human_request": _l("Asks for a person"),
    "advice": _l("Personal advice"),
    "ordinary": _l("Plainly an ordinary question"),
    "greeting": _l("Greeting"),
    "thanks": _l("Thanks and goodbye"),
    "fragment": _l("More is to come"),
}
WHY: Words = {
    "crisis": _l("Words of somebody in danger. A person at once, and where to find help."),
    "fraud": _l("Something has happened to money, card or account. First in line: the theft cannot wait."),
    "complaint": _l("Anger, a complaint, a threat to sue. A senior agent answers, never the bot."),
    "human_request": _l("Wants a person, in whatever words. Who asks for the boss gets a senior agent."),
    "advice": _l("What is right for this one customer: only licensed people may say."),
    "ordinary": _l("Stops a hand-off that resemblance alone would make. It never overrules a hand-off rule."),
    "greeting": _l("A greeting and nothing else: the bot greets back and says what it is for."),
    "thanks": _l("Thanks or a goodbye and nothing else."),
    "fragment": _l("The beginning of a sentence: the bot waits for the next line, as a person would."),
}
LABELS: Words = {
    "human_request": _l("Asks for a person"),
    "complaint": _l("Complaint and agitation"),
    "personal_advice": _l("Personal advice"),
    "fraud_or_account_security": _l("Fraud and account security"),
    "ordinary_question": _l("Ordinary question"),
    "smalltalk": _l("Small talk"),
}
LABEL_OF = {
    "crisis": "human_request",
    "fraud": "fraud_or_account_security",
    "complaint": "complaint",
    "human_request": "human_request",
    "advice": "personal_advice",
    "ordinary": "ordinary_question",
}
STATES: Words = {
    "draft": _l("Draft"),
    "in_review": _l("In review"),
    "approved": _l("In force"),
    "rejected": _l("Rejected"),
    "replaced": _l("Replaced"),
    "retired": _l("Retired"),
}
TONES = {"approved": "good", "in_review": "new", "rejected": "bad"}
PARTS: Words = {
    **TABLES,
    "words": _l("Word lists"),
    "typos": _l("Typing slips"),
    "examples": _l("Examples"),
}
FIELDS: Words = {
    "when": _l("Applies when"),
    "unless": _l("Not when"),
    "sure": _l("Never overruled"),
}
