"""Policies tried out in a child process: the web process must neither wait for a training nor keep its memory.

Documents and sentences go in and figures come out through pipes, so that nothing of a customer stands in an argument.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.encoding import encoder
from bot.errors import Unavailable
from bot.policies import Document, Feature
from handlers import policy
from handlers.policy import Policy
from handlers.policy_document import canonical
from handlers.policy_trial import compare, judge
from handlers.rules import INTENTS, TABLES
from handlers.smalltalk import NOTICE as SMALLTALK

LONGEST_S = 120
WAIT_S = 20
Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What `bot.policies` asks of the handlers. `cache` holds the examples' vectors."""

    cache: Path
    _busy: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def features(self) -> tuple[Feature, ...]:
        return _features()

    def shipped(self) -> Document:
        return policy.shipped_document()

    def checked(self, document: object) -> Document:
        """The document in its normal form, its patterns compiled and timed. Raises BadPayload."""
        return policy.checked(document)

    def spelled(self, document: Mapping[str, Any]) -> str:
        return canonical(document)

    def compare(self, before: Document, after: Document, step: Step | None = None) -> dict[str, Any]:
        """As `handlers.policy_trial.Trial`. Raises Unavailable where the child does not come to an end."""
        return self._ask({"before": before, "after": after}, step)

    def judge(self, before: Document, after: Document, text: str) -> dict[str, Any]:
        """`before` and `after`, each as `handlers.policy_trial.Judged`. Raises Unavailable."""
        return self._ask({"before": before, "after": after, "text": text}, None)

    def _ask(self, wish: Mapping[str, Any], step: Step | None) -> dict[str, Any]:
        # One at a time: each takes a core and a few hundred megabytes.
        if not self._busy.acquire(timeout=WAIT_S):
            raise Unavailable("Another trial is at work: try again in a moment.")
        try:
            return _child({**wish, "cache": str(self.cache)}, step)
        finally:
            self._busy.release()


@cache
def _features() -> tuple[Feature, ...]:
    """What each table of rules leads to, from the handlers themselves."""
    made = []
    for table in TABLES:
        if table in INTENTS and table != "human_request":
            handler = import_module(f"handlers.{table}")
            made.append(Feature(table, handler.SKILL, handler.PRIORITY, handler.NOTICE))
        elif table == "human_request":
            made.append(Feature(table, "general", 5, "handoff"))
        else:
            made.append(Feature(table, notice=SMALLTALK.get(table)))
    return tuple(made)


def _child(wish: Mapping[str, Any], step: Step | None) -> dict[str, Any]:
    command = [sys.executable, "-m", "bot.rules_trial"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        too_long = threading.Timer(LONGEST_S, child.kill)
        too_long.start()
        try:
            assert child.stdin is not None  # noqa: S101 - it is a pipe, as asked for above
            assert child.stdout is not None  # noqa: S101
            child.stdin.write(json.dumps(wish))
            child.stdin.close()
            for line in child.stdout:
                said = json.loads(line)
                if "result" in said:
                    return dict(said["result"])
                if step is not None:
                    step(said["done"], said["total"])
        except (OSError, ValueError) as error:
            raise Unavailable("The trial came to no end: try again.") from error
        finally:
            too_long.cancel()
            child.kill()
    raise Unavailable("The trial came to no end: try again.")


def main() -> None:
    wish = json.loads(sys.stdin.read())
    encode = encoder(Path(wish["cache"]))
    before, after = (Policy.of_checked(wish[name], n) for n, name in enumerate(("before", "after")))
    if "text" in wish:
        both = {"before": before, "after": after}
        _say({"result": {name: asdict(judge(one, encode)(wish["text"])) for name, one in both.items()}})
    else:
        found = compare(before, after, encode, step=lambda done, total: _say({"done": done, "total": total}))
        _say({"result": asdict(found)})


def _say(what: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
