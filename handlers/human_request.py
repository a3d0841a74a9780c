"""The customer asks for a person, by words or by button. Whoever wants the boss gets a senior agent."""

from __future__ import annotations

from bot.contracts import Handler
from bot.model import Decision, Turn

from .intent import Once, Reading
from .say import PERSON, Desk

# Somebody whose money is going, or who threatens a suit, also says 'get me a person': the graver reason decides
# who answers and how soon, so the handlers behind this one take such a turn.
GRAVER = ("crisis", "fraud", "complaint")


def human_request(desk: Desk, read: Once[Reading]) -> Handler:
    def decide(turn: Turn) -> Decision | None:
        if turn.choice == PERSON:
            return desk.hand_off(turn, "human_request", trace={"choice": PERSON})
        reading = read(turn)
        if "human_request" not in reading.fired and not _button_words(desk, turn):
            return None
        if any(intent in reading.fired for intent in GRAVER):
            return None
        boss = "boss wanted" in reading.fired.get("human_request", ())
        return desk.hand_off(
            turn,
            "human_request",
            skill="complaint" if boss else "general",
            priority=2 if boss else 5,
            trace=reading.trace("human_request"),
        )

    return decide


def _button_words(desk: Desk, turn: Turn) -> bool:
    title = desk.finder.title(desk.finder.notice("choose_person"), turn.locale)
    return bool(title) and turn.text.strip() == title.strip()
