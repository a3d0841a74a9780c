"""What the services of staff and sign-in say in English, for `inbox/sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    _l("A name has %(least)s to %(most)s characters."),
    _l("A skill is a short code of a-z, 0-9, - and _, such as loan; %(most)s at most."),
    _l("Capacity is a number from %(least)s to %(most)s."),
    _l(
        "A second administrator has to agree, and there is none. Whoever runs the server adds one:"
        " flask staff add EMAIL --role admin --password-stdin"
    ),
    _l("Only an administrator changes staff."),
    _l("Nobody changes their own role: ask another administrator."),
    _l("A supervisor proposes roles, skills and capacity of agents and supervisors."),
    _l("There is no such request."),
    _l("Another administrator has to agree: not who asked, nor whom it concerns."),
    _l("A colleague has decided this already."),
    _l("Nobody closes their own account: ask another administrator."),
    _l("This account is closed already."),
    _l("This account is open already."),
    _l("This is the last administrator: make another one first."),
    _l("There is no such member of staff."),
    _l("Give an e-mail address, such as name@example.com."),
    _l("There is a member of staff with this e-mail address already."),
    _l("There is an invitation for this e-mail address already: send it again, or revoke it."),
    _l("This invitation is over: it was used, taken back, or is older than three days. Ask for a new one."),
    _l("There is no such invitation."),
    _l("The password needs %(least)s to %(most)s characters. A sentence of your own is easy to remember."),
    _l(
        "This password is on lists of known ones. Choose another:"
        " several words that do not belong together, say."
    ),
    _l("This password is a pattern that is guessed early. Choose another: a sentence of your own, say."),
    _l("The password contains your name or e-mail address. Choose another."),
    _l("The password contains the name of the firm, of a product or of this system. Choose another."),
    _l(
        "This code is not right, or was used already. Wait for the next one and check the clock of your phone."
    ),
    _l("There is no second factor to confirm: start again."),
    _l("Another administrator has to reset your second factor."),
    _l("This person has no second factor."),
    _l("The present password is not right."),
    _l("The new password is the present one. Choose another."),
    _l("The firm's sign-in does not answer. Try again in a moment, or use your password."),
    _l(
        "The firm's sign-in gave an answer that does not hold. Start again; if it stays, tell an administrator."
    ),
    _l("The firm's directory gives you no role here. Ask an administrator."),
)
