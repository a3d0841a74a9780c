"""What the weekly audit's codes are called on screen."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from inbox import words
from inbox.knowledge_words import CLASSES as PRODUCTS

VERDICTS: words.Words = {
    "right": _l("Right"),
    "wrong": _l("Wrong"),
    "misleading": _l("Misleading"),
    "missing_disclosure": _l("A disclosure is missing"),
    "should_hand_off": _l("Should have gone to a person"),
    "should_answer": _l("Should have been answered"),
    "outdated": _l("Out of date"),
}
HELP: words.Words = {
    "right": _l("It answers what was asked, and a colleague would have said the same."),
    "wrong": _l("It says something untrue, or answers another question."),
    "misleading": _l("True as it stands, and the customer will understand something else."),
    "missing_disclosure": _l("What the product's class has to be said with did not come along."),
    "should_hand_off": _l("A complaint, fraud, advice or distress that a person had to take."),
    "should_answer": _l("It asked back, missed or handed over what an article answers."),
    "outdated": _l("It was true once."),
}
KINDS: words.Words = {"committed": _l("The week's sample"), "ad_hoc": _l("Ad hoc")}
STATES: words.Words = {
    "committed": _l("Seed committed"),
    "drawn": _l("Being reviewed"),
    "signed": _l("Signed"),
}
ITEMS: words.Words = {"open": _l("To review"), "disputed": _l("Two disagree"), "settled": _l("Settled")}
FINDINGS: words.Words = {"open": _l("Open"), "done": _l("Done")}
AUTHORS: words.Words = {
    "customer": _l("Customer"),
    "bot": _l("AI assistant"),
    "staff": _l("Colleague"),
    "system": _l("System"),
}
SAID: words.Words = {
    "ask": _l("Asked back"),
    "handoff": _l("Hand-off"),
    "notice": _l("Notice"),
    "unknown": _l("Unknown article"),
}
PROOF: words.Words = {
    "cites": _l("It cites nothing."),
    "unknown": _l("It cites a version that was never approved."),
    "hash": _l("The version was changed after its approval, or is not the one cited."),
    "force": _l("The version was not in force when it was said."),
    "text": _l("Its text is not that of the version."),
    "disclosure": _l("A disclosure of its product class did not come along."),
    "button": _l("A button says no approved title."),
}


def stratum(name: str) -> str:
    """`line/card/unsure` in words."""
    channel, kind, sure = name.split("/")
    said = words.said({**PRODUCTS, **SAID}, kind)
    found = [words.said(words.CHANNELS, channel), said]
    if sure == "unsure":
        found.append(str(gettext("unsure")))
    return " · ".join(found)


def proof_fault(reason: str) -> str:
    """What is wrong with a message, in the reader's language."""
    return words.said(PROOF, reason.split(":")[0])
