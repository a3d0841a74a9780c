"""What reads a person's reply before it is sent: `handlers.agent_advice` with the firm's encoder, warmed aside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from gevent import get_hub
from gevent.monkey import is_module_patched

from bot.encoding import encoder
from handlers.agent_advice import AgentAdvice


def reads_as_advice(cache_dir: Path, *, warm: bool) -> Callable[[str], tuple[str, ...]]:
    """Evidence that a reply is personalised advice. `warm`: this process sends replies, so learn now, but beside it."""
    advice = AgentAdvice(encoder(cache_dir))
    if warm:
        _aside(advice.warm)
    return advice.evidence


def _aside(work: Callable[[], None]) -> None:
    """In a thread of the system's own: gevent's are greenlets, and a second of algebra in one holds all requests up."""
    if is_module_patched("threading"):
        get_hub().threadpool.spawn(work)
    else:
        threading.Thread(target=work, daemon=True).start()
