"""The bot's mind: an ordered chain of small files; the first that decides wins. They decide and do no I/O.

    agent_owned      a person has the conversation: silence
    choice           a button, or its number or words typed
    unsupported      stickers, pictures; a new follower is greeted
    human_request    asks for a person (leaves the three graver reasons to those below)
    crisis           somebody may be in danger
    fraud            money, card or account in danger; before complaint, for the theft cannot wait
    complaint        complaint and agitation
    advice           personalised advice
    application_status  how the customer's own application stands, where the firm's system is connected
    smalltalk        greeting and thanks
    approved_answer  an approved article, or up to three titles asked back
    miss             nothing fitted; the third time a person

Below them: `say` (how a decision is put together), `hours`, `intent` (rules and meaning together), `meaning`, `rules`,
`text` (one spelling). `policy` is all that compliance may change, as one value: the shipped `rules/*.toml` and
`examples.jsonl`, or an approved version; `policy_document` checks one, `policy_patterns` its patterns, `policy_trial`
compares two. `chain` runs it, `triage` measures it. To add one: docs/how-to/add-a-handler.md.

Beside the chain: `agent_advice` reads what a person is about to answer, by rules and examples of its own; `ai_off`
decides in the chain's place while the AI is switched off.
"""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from bot.contracts import Finder, Handler, StatusDesk
from bot.model import Finding, Turn

from .advice import advice
from .agent_owned import agent_owned
from .application_status import application_status
from .approved_answer import approved_answer
from .chain import Chain
from .choice import choice
from .complaint import complaint
from .crisis import crisis
from .fraud import fraud
from .hours import TAIPEI, Hours, InForce, Timetable
from .human_request import human_request
from .intent import Intents, Once, Reading
from .meaning import Encoder
from .miss import miss
from .policy import Policy
from .say import Desk
from .smalltalk import smalltalk
from .unsupported import unsupported

__all__ = ["Chain", "Encoder", "Hours", "Intents", "Policy", "build_chain", "build_mind"]


def build_chain(
    finder: Finder,
    tz: tzinfo | str = TAIPEI,
    *,
    encode: Encoder | None = None,
    hours: InForce | None = None,
    policy: Policy | None = None,
    status: StatusDesk | None = None,
) -> tuple[tuple[str, Handler], ...]:
    """The handlers with their names, in order. Order is policy: tests/project/test_chain.py prints it.

    `encode` turns n texts into n unit vectors (float32, one width); without it meaning is judged by n-grams alone.
    `hours` answers with the timetable in force at each hand-off, in place of Monday to Friday 09:00-21:00 in `tz`;
    `policy` replaces the hand-off rules that ship. Without `status` nobody is asked how an application stands, and
    such a question is an ordinary one.
    """
    return _assemble(finder, Intents(encode, policy), hours or _weekdays(tz), status)[0]


def build_mind(
    finder: Finder,
    tz: tzinfo | str = TAIPEI,
    *,
    encode: Encoder | None = None,
    hours: InForce | None = None,
    policy: Policy | None = None,
    status: StatusDesk | None = None,
    privacy_url: str | None = None,
) -> Chain:
    """The whole chain, as the pipeline wants it; arguments as for `build_chain`; `privacy_url` is in the greeting."""
    intents = Intents(encode, policy)
    chain, read, find = _assemble(finder, intents, hours or _weekdays(tz), status)

    def forget() -> None:
        read.forget()
        find.forget()

    return Chain(chain, finder, intents, after=forget, privacy_url=privacy_url)


def _weekdays(tz: tzinfo | str) -> InForce:
    shipped = Timetable(Hours(zone=ZoneInfo(tz) if isinstance(tz, str) else tz))
    return lambda: shipped


def _assemble(
    finder: Finder, intents: Intents, hours: InForce, status: StatusDesk | None
) -> tuple[tuple[tuple[str, Handler], ...], Once[Reading], Once[Finding]]:
    def look_up(turn: Turn) -> Finding:
        return finder.find(turn.text, turn.locale, turn.history)

    desk = Desk(finder, hours)
    read: Once[Reading] = Once(lambda turn: intents.read(turn.text, approved=finder.worded_so(turn.text)))
    find: Once[Finding] = Once(look_up)
    connected = (
        () if status is None else (("application_status", application_status(desk, status, intents.clean)),)
    )
    chain: tuple[tuple[str, Handler], ...] = (
        ("agent_owned", agent_owned),
        ("choice", choice(desk, intents.clean)),
        ("unsupported", unsupported(desk)),
        ("human_request", human_request(desk, read)),
        ("crisis", crisis(desk, read)),
        ("fraud", fraud(desk, read)),
        ("complaint", complaint(desk, read)),
        ("advice", advice(desk, read)),
        *connected,
        ("smalltalk", smalltalk(desk, read)),
        ("approved_answer", approved_answer(desk, find)),
        ("miss", miss(desk, find)),
    )
    return chain, read, find
