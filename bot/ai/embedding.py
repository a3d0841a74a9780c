"""A second opinion on which of the offered questions a customer's is nearest to, by the firm's embedding model.

Not a third space of the search: its ranking is fitted on spaces that every question has, and a space that is missing
whenever an endpoint is slow would change every score with the weather. So the local search finds and decides, and this
only compares what it offers; one call a question, and knowledge that was embedded once is remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bot.ai.advice import Advice
from bot.ai.guard import DEADLINE_S, Guard, HeldBack, Request
from bot.ai.ledger import Ledger
from bot.ai.outgoing import NotMaskable, special, tokenised
from bot.ai.wire import Sent, Wire

PURPOSE: Final = "embed"
VERSION: Final = "embed-1"
REMEMBERED: Final = 2000
"""Questions of the knowledge base kept a process: 12 MB at 1,536 numbers each; a customer's is never among them."""
_LEAST: Final = 1e-6

Vector = npt.NDArray[np.float32]


class Embedding:
    """Safe for any number of threads. `name` as the endpoint knows it (at Azure, the deployment)."""

    def __init__(self, wire: Wire, ledger: Ledger, name: str, deadline: float = DEADLINE_S) -> None:
        self.name = name
        self._wire = wire
        self._guard = Guard(ledger, name, deadline=deadline)
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._lock = threading.Lock()

    def nearness(self, text: str, offered: Sequence[str]) -> Advice[tuple[float, ...]]:
        """The cosine of the customer's text with each of `offered`, -1 to 1, in their order. Never raises."""
        return Advice(*self._guard.call(PURPOSE, VERSION, lambda: self._request(text, offered)))

    def _request(self, text: str, offered: Sequence[str]) -> Request[tuple[float, ...]]:
        if special((text,)):
            raise HeldBack("special")
        try:
            asked, questions = tokenised(text), [tokenised(one) for one in offered]
        except NotMaskable:
            raise HeldBack("unmasked") from None
        with self._lock:
            known = {one: self._known[one] for one in questions if one in self._known}
        new = list(dict.fromkeys(one for one in questions if one not in known))
        body: dict[str, Any] = {"model": self.name, "input": [asked, *new], "encoding_format": "float"}

        def use(sent: Sent) -> tuple[float, ...]:
            own, *rows = _rows(sent, 1 + len(new))
            vectors = known | dict(zip(new, rows, strict=True))
            if any(len(vector) != len(own) for vector in vectors.values()):
                # Another model answers under the same name: what was remembered is of the old one.
                self._forget()
                raise ValueError("vectors of different widths")
            self._remember(vectors)
            return tuple(float(own @ vectors[one]) for one in questions)

        most = sum(map(len, body["input"]))
        return Request((most, 0), lambda left: self._wire.embed(body, left), use)

    def _remember(self, vectors: dict[str, Vector]) -> None:
        with self._lock:
            for text, vector in vectors.items():
                self._known[text] = vector
                self._known.move_to_end(text)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def _forget(self) -> None:
        with self._lock:
            self._known.clear()


def _rows(sent: Sent, count: int) -> list[Vector]:
    """Unit rows. Raises ValueError for anything but `count` rows of the same number of finite numbers."""
    try:
        rows = np.asarray(sent.vectors, np.float32)
    except TypeError as error:
        raise ValueError("not numbers") from error
    if rows.ndim != 2 or len(rows) != count or not np.isfinite(rows).all():
        raise ValueError("not a row for each text")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if lengths.min(initial=1.0) < _LEAST:
        raise ValueError("a vector of nothing")
    return list(rows / lengths)
