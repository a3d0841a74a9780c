"""What codes of cases are called on screen."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from inbox.words import Words

KINDS: Words = {
    "copy": _l("Copy of the data"),
    "correction": _l("Correction"),
    "stop": _l("Stop of use and marketing"),
    "deletion": _l("Deletion"),
    "complaint": _l("Complaint"),
}
STATES: Words = {
    "received": _l("Received"),
    "identified": _l("Identity checked"),
    "proposed": _l("Waits for compliance"),
    "agreed": _l("Decided"),
    "fulfilled": _l("Done, customer to be told"),
    "replied": _l("Replied"),
    "closed": _l("Case closed"),
}
STEPS: Words = {
    "taken_in": _l("Taken in"),
    "marketing_stopped": _l("Marketing stopped at once"),
    "identified": _l("Identity checked"),
    "extended": _l("Term made longer"),
    "wanted": _l("What has to stand there"),
    "proposed": _l("Decision proposed"),
    "agreed": _l("Decision agreed"),
    "handed_back": _l("Handed back"),
    "corrected": _l("Corrected"),
    "stopped": _l("Use and marketing stopped"),
    "restricted": _l("Restricted until the term ends"),
    "erased": _l("Erased"),
    "export": _l("Package of the copy made"),
    "answered": _l("Customer told"),
    "withdrawn": _l("Withdrawn by the customer"),
    "opened": _l("Complaint received"),
    "joined": _l("Another conversation joined"),
    "taken": _l("Taken over"),
    "noted": _l("Note"),
    "replied": _l("Reply to the customer"),
    "told": _l("Text on the ombudsman sent"),
    "told_otherwise": _l("Told of the ombudsman otherwise"),
    "closed": _l("Case closed"),
    "overdue": _l("The term is over"),
}
PROOFS: Words = {
    "signed_session": _l("Signed session of the app or site"),
    "document": _l("Identity document seen"),
    "call_back": _l("Called back on the number in our books"),
    "in_person": _l("In person at a branch"),
}
WAYS: Words = {
    "conversation": _l("In the conversation"),
    "letter": _l("By letter"),
    "email": _l("By e-mail"),
    "call": _l("By phone"),
    "in_person": _l("In person"),
}
ENDS: Words = {
    "granted": _l("Granted"),
    "refused": _l("Refused"),
    "withdrawn": _l("Withdrawn"),
    "upheld": _l("Upheld"),
    "partly": _l("Partly upheld"),
    "rejected": _l("Not upheld"),
}
COMPLAINT_ENDS = ("upheld", "partly", "rejected", "withdrawn")
FIELDS: Words = {"name": _l("Name"), "language": _l("Language")}
SHOWN: Words = {"open": _l("Open"), "late": _l("Overdue"), "closed": _l("Case closed")}
