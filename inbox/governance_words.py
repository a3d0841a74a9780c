"""What the systems of the AI register are called, what they are for and what they see."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from inbox import words

NAMES: words.Words = {
    "encoder_e5": _l("Sentence encoder (multilingual E5)"),
    "encoder_use": _l("Sentence encoder (universal, multilingual)"),
    "decision": _l("Answer, ask or hand over"),
    "handoff_rules": _l("Hand-off rules"),
    "advice_guard": _l("Guard against personal advice"),
    "masking": _l("Masking of personal data"),
    "firm_model": _l("The firm's language model"),
    "firm_embedding": _l("The firm's embedding model"),
}
PURPOSES: words.Words = {
    "encoder_e5": _l("Finds the approved article that a question means. It writes nothing."),
    "encoder_use": _l(
        "Finds the approved article that a question means, and reads for the hand-off rules. It writes nothing."
    ),
    "decision": _l(
        "Decides by figures of the search whether an article is said, titles are offered or a person takes over."
    ),
    "handoff_rules": _l(
        "Recognise complaints, fraud, requests for advice or a person, and distress, and hand over."
    ),
    "advice_guard": _l("Warns people before a reply of theirs that reads as personal advice."),
    "masking": _l("Finds personal data on screens, in logs and in what a model is sent."),
    "firm_model": _l(
        "Helps to rank, to suggest phrasings or to draft for people, as its purposes say. No customer reads its words."
    ),
    "firm_embedding": _l("Compares customers' questions for colleagues who write articles."),
}
DATA: words.Words = {
    "encoder_e5": _l("The customer's question, in memory only"),
    "encoder_use": _l("The customer's question, in memory only"),
    "decision": _l("Figures of the search, no words"),
    "handoff_rules": _l("The customer's message, in memory only"),
    "advice_guard": _l("The reply a colleague is about to send, in memory only"),
    "masking": _l("Every text that is stored or shown"),
    "firm_model": _l("Text with typed tokens in place of personal data; scanned once more before it leaves"),
    "firm_embedding": _l(
        "Text with typed tokens in place of personal data; scanned once more before it leaves"
    ),
}
FACTORS: words.Words = {
    "service": _l("Serves customers directly"),
    "personal_data": _l("Personal data"),
    "autonomy": _l("Decides by itself"),
    "complexity": _l("Complexity"),
    "stakeholders": _l("How many it concerns"),
    "remedy": _l("Harm that cannot be made good"),
}
LEVELS: words.Words = {"low": _l("Low"), "medium": _l("Medium"), "high": _l("High")}
FACTS: words.Words = {
    "package": _l("Package"),
    "tampered": _l("File that is not the package's"),
    "mode": _l("Direct answers (TELLER_AUTO_ANSWER)"),
    "answer_above": _l("Answers above a confidence of"),
    "ask_above": _l("Offers titles above a confidence of"),
    "limit": _l("Share of direct answers that may be wrong"),
    "direct": _l("Product classes with direct answers earned"),
    "examples": _l("Hash of its examples"),
    "purposes": _l("Purposes"),
    "budget": _l("Monthly budget"),
    "sha256": _l("SHA-256 of the rules"),
}
ACTIONS: words.Words = {
    "ai:switch:off": _l("The AI was switched off"),
    "ai:switch:on": _l("The AI was switched on"),
    "ai:drill": _l("The switch was drilled"),
    "auto_answer:limit": _l("Limit of direct answers changed"),
    "auto_answer:on": _l("Direct answers of a class on"),
    "auto_answer:off": _l("Direct answers of a class off"),
    "rules:approve": _l("Hand-off rules approved"),
    "rules:submit": _l("Hand-off rules handed in"),
    "rules:reject": _l("Hand-off rules rejected"),
    "governance:settings:change": _l("Another version or setting runs"),
    "governance:inventory:write": _l("Entry of the inventory"),
}
NOTICES: words.Words = {
    "greeting": _l("First message to every customer"),
    "choose_person": _l("Button under each offer"),
    "handoff_ai_off": _l("While the AI is off"),
}
