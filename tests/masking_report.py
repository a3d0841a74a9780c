"""How well masking does on the labelled texts: `python -m tests.masking_report [--slow-lines N]`.

Prints recall (a span counts when one of its own type covers it), exact offsets, the share of look-alikes with anything
masked, the same per type, and the time one message takes (screen profile, one core).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.masking import TYPES, find, mask

LABELLED = Path(__file__).parent / "data" / "masking.jsonl"


@dataclass(frozen=True, slots=True)
class Result:
    """Counts per span type, and of the texts that hold nothing personal."""

    wanted: Counter[str]
    covered: Counter[str]
    exact: Counter[str]
    clean: int
    touched: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def recall(self) -> float:
        return self.covered.total() / self.wanted.total()

    @property
    def exactness(self) -> float:
        return self.exact.total() / self.wanted.total()

    @property
    def false_share(self) -> float:
        return len(self.touched) / self.clean


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines() if line]


def measure(labelled: Sequence[dict[str, Any]]) -> Result:
    wanted, covered, exact = Counter[str](), Counter[str](), Counter[str]()
    touched: list[str] = []
    missed: list[str] = []
    for row in labelled:
        got = find(row["text"])
        if not row["spans"] and got:
            touched.append(row["text"])
        for gold in row["spans"]:
            start, end = gold["start"], gold["end"]
            same = [s for s in got if s.type == gold["type"] and s.start <= start and end <= s.end]
            wanted[gold["type"]] += 1
            covered[gold["type"]] += bool(same)
            exact[gold["type"]] += any((s.start, s.end) == (start, end) for s in same)
            if not same:
                missed.append(row["text"])
    clean = sum(not row["spans"] for row in labelled)
    return Result(wanted, covered, exact, clean, tuple(touched), tuple(missed))


def micros(texts: Sequence[str], rounds: int = 5) -> list[float]:
    """Sorted microseconds a message, best of `rounds` for each."""
    best = [float("inf")] * len(texts)
    for _ in range(rounds):
        for n, text in enumerate(texts):
            started = time.perf_counter()
            mask(text)
            best[n] = min(best[n], time.perf_counter() - started)
    return sorted(one * 1e6 for one in best)


def main() -> None:
    labelled = rows()
    result = measure(labelled)
    print(f"{'type':16}{'spans':>7}{'covered':>9}{'exact':>7}")
    for type_ in TYPES:
        print(f"{type_:16}{result.wanted[type_]:7}{result.covered[type_]:9}{result.exact[type_]:7}")
    print(f"recall {result.recall:.4f}, exact {result.exactness:.4f} of {result.wanted.total()} spans")
    print(f"look-alikes masked {len(result.touched)} of {result.clean} ({result.false_share:.4f})")
    for text in result.missed:
        print(f"  missed  {text!r}")
    for text in result.touched:
        print(f"  touched {text!r}")
    took = micros([row["text"] for row in labelled])
    at = [took[len(took) // 2], took[int(len(took) * 0.95)], took[-1]]
    print("µs a message: p50 {:.0f}, p95 {:.0f}, worst {:.0f}".format(*at))


if __name__ == "__main__":
    main()
