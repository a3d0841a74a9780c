"""What the model may be asked, and what may come back: yes or no, an index, words for a search, hints to staff."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.ai.advice import Advice
from bot.ai.embedding import Embedding
from bot.ai.model import Call, Model
from bot.ai.outgoing import visible
from bot.ai.prompts import CHECK, DRAFT, NONE, PARAPHRASE, REWRITE, Prompt, choose
from bot.masking import find
from bot.settings import MODEL_PURPOSES

EARLIER: Final = 3
_QUESTION: Final = 120
_DRAFT: Final = 1000
_PARAPHRASES: Final = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A suggestion for an agent. Nothing sends it: a person copies, corrects and answers for it.

    `text` may hold typed tokens where the customer wrote personal data. `mark` is shown with it, always.
    """

    text: str = field(repr=False)
    model: str
    prompt: str
    mark: str = "模型草稿，請逐字確認後再使用 · Draft by a model: check every word"


class Adviser:
    """`purposes`: what the firm allows of MODEL_PURPOSES; anything else is not asked, and no advice comes back.

    `embedding` is None unless the firm named a model for it. While `stopped()` nothing is asked at all.
    """

    def __init__(
        self,
        model: Model,
        purposes: Sequence[str] = MODEL_PURPOSES,
        embedding: Embedding | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.model = model
        self.purposes = frozenset(purposes)
        self.embedding = embedding
        self.stopped = stopped

    def warm(self) -> None:
        """Pays for the client's import before the first customer waits for it."""
        self.model.wire.warm()

    def check(self, text: str, question: str, title: str) -> Advice[bool]:
        """Whether an answer to `question` is what the customer wants. False is a veto, True allows nothing new."""
        value, call = self._ask(CHECK, {"customer": text, "question": question, "title": title})
        return Advice(None if value is None else value["same"] == "yes", call)

    def choose(self, text: str, titles: Sequence[str]) -> Advice[int]:
        """An index into `titles`, or prompts.NONE where the model refuses them all."""
        offered = [{"index": at, "title": title} for at, title in enumerate(titles)]
        value, call = self._ask(choose(len(titles)), {"customer": text, "offered": offered})
        return Advice(None if value is None else int(value["choice"]), call)

    def nearness(self, text: str, questions: Sequence[str]) -> Advice[tuple[float, ...]]:
        """How near the customer's text is to each of `questions`, -1 to 1, in their order."""
        if self.embedding is None or self.stopped():
            return Advice()
        return self.embedding.nearness(text, questions)

    def rewrite(self, text: str, history: Sequence[str]) -> Advice[str]:
        """A follow-up as a question of its own: input for the local search, shown to nobody."""
        value, call = self._ask(REWRITE, {"earlier": list(history[-EARLIER:]), "now": text})
        return Advice(None if value is None else _line(value["question"], _QUESTION), call)

    def draft(self, said: Sequence[str], approved: Sequence[str]) -> Advice[Draft]:
        """For an agent, from the customer's texts (oldest first) and approved texts."""
        value, call = self._ask(DRAFT, {"customer": list(said[-6:]), "approved": list(approved[:3])})
        text = None if value is None else _prose(value["draft"], _DRAFT)
        if text is None or call is None:
            return Advice(None, call)
        return Advice(Draft(text, call.model, call.prompt), call)

    def paraphrase(self, title: str, known: Sequence[str], count: int = 10) -> Advice[tuple[str, ...]]:
        """New phrasings for an editor to take or leave: none that is known, long, or holds personal data."""
        wanted = max(1, min(count, _PARAPHRASES))
        value, call = self._ask(PARAPHRASE, {"title": title, "known": list(known[:20]), "count": wanted})
        if value is None:
            return Advice(None, call)
        seen = {_folded(one) for one in (title, *known)}
        fresh: list[str] = []
        for given in value["questions"]:
            line = _line(given, _QUESTION)
            if line is not None and _folded(line) not in seen and not find(line, "model"):
                seen.add(_folded(line))
                fresh.append(line)
        return Advice(tuple(fresh[:wanted]), call)

    def _ask(self, prompt: Prompt, data: dict[str, Any]) -> tuple[dict[str, Any] | None, Call | None]:
        if prompt.purpose not in self.purposes or self.stopped():
            return None, None
        answer = self.model.ask(prompt, data)
        return answer.value, answer.call


def _line(text: str, most: int) -> str | None:
    """One visible line of at most `most` characters; None for nothing, or for more than a question can be."""
    line = " ".join(visible(text).split())
    return line if 0 < len(line) <= most else None


def _prose(text: str, most: int) -> str | None:
    lines = "\n".join(visible(line) for line in text.splitlines()).strip()
    return lines if 0 < len(lines) <= most else None


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


__all__ = ["NONE", "Advice", "Adviser", "Draft"]
