"""Sentences of the monitor and the switch, as `bot` writes them, for the catalogue; see `sentences.py`."""

from __future__ import annotations


def _l(written: str) -> str:
    """Marks a sentence for the catalogue and leaves it as it is."""
    return written


KNOWN = (
    # bot/switch.py
    _l("Your role does not stop the AI: ask a senior agent or a supervisor."),
    _l("Only a supervisor or compliance lets the AI answer again."),
    _l("Say why in %(least)s to %(most)s characters: the reason stands in the audit log."),
    _l("There is no channel account with this id; see `flask channels list`."),
    # bot/assist.py
    _l("The AI is switched off: no model is asked for a draft."),
    # bot/desk/monitor.py
    _l("Your role does not watch the conversations of others."),
    _l("Only a supervisor whispers to the agent of a conversation."),
    _l("Write something before you whisper."),
    _l("A whisper has at most %(most)s characters."),
    _l("Nobody has this conversation, so there is nobody to whisper to."),
    _l("This conversation is yours; write a note instead."),
)
