"""`python -m tests.asvs` writes docs/security/asvs.md from asvs.csv beside it; `--check` says whether it is fresh."""

from __future__ import annotations

import ast
import csv
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "security" / "asvs.csv"
PAGE = ROOT / "docs" / "security" / "asvs.md"
STATUSES = ("met", "not met", "operator", "not applicable")
CHAPTERS = {
    1: "Encoding and sanitization",
    2: "Validation and business logic",
    3: "Web frontend",
    4: "API and web service",
    5: "File handling",
    6: "Authentication",
    7: "Session management",
    8: "Authorization",
    9: "Self-contained tokens",
    10: "OAuth and OIDC",
    11: "Cryptography",
    12: "Secure communication",
    13: "Configuration",
    14: "Data protection",
    15: "Secure coding and architecture",
    16: "Security logging and error handling",
    17: "WebRTC",
}
HEAD = """# OWASP ASVS 5.0, level 2, item by item

Made by `python -m tests.asvs` of [asvs.csv](asvs.csv); a test fails while this page is not fresh, or where it names a
file or a test that is not there. Numbers and levels are those of the standard, 5.0.0: all {n} requirements of levels 1
and 2. What each asks for is put in our own few words; the words that count are at <https://github.com/OWASP/ASVS>.

It is a review by those who wrote the program, not by a third party. *met*: the file or test named shows it. *operator*:
the product cannot do it for you; the file says how. *not met*: so it is, and why.

| | {statuses} |
|---|{lines}|
{sums}

## Not met

{unmet}
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement. `evidence` holds paths from the root, with `::test` where one test shows it."""

    id: str
    level: int
    requirement: str
    status: str
    evidence: tuple[str, ...]
    note: str

    @property
    def chapter(self) -> int:
        return int(self.id[1:].partition(".")[0])


def items() -> list[Item]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Item(
                row["id"],
                int(row["level"]),
                row["requirement"],
                row["status"],
                tuple(row["evidence"].split()),
                row["note"],
            )
            for row in csv.DictReader(file)
        ]


def faults(found: list[Item]) -> list[str]:
    """What is blank, unknown or not there, as a sentence each."""
    said = []
    for one in found:
        if not one.requirement or one.status not in STATUSES:
            said.append(f"{one.id}: no requirement, or status {one.status!r}")
        if one.status == "met" and not one.evidence:
            said.append(f"{one.id}: met, and nothing shows it")
        if one.status != "met" and not one.note:
            said.append(f"{one.id}: {one.status}, and no reason")
        said += [f"{one.id}: there is no {place}" for place in one.evidence if not _there(place)]
    return said


def _there(place: str) -> bool:
    path, _, test = place.partition("::")
    if not (ROOT / path).is_file():
        return False
    if not test:
        return True
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == test for node in tree.body)


def page(found: list[Item]) -> str:
    sums = []
    for level in (1, 2):
        counts = Counter(one.status for one in found if one.level == level)
        sums.append(f"| level {level} | " + " | ".join(str(counts[status]) for status in STATUSES) + " |")
    unmet = [f"- **{one.id}** {one.requirement}: {one.note}" for one in found if one.status == "not met"]
    parts = [
        HEAD.format(
            n=len(found),
            statuses=" | ".join(STATUSES),
            lines="|".join("---" for _ in STATUSES),
            sums="\n".join(sums),
            unmet="\n".join(unmet),
        )
    ]
    for number, name in CHAPTERS.items():
        parts.append(
            f"\n## V{number} {name}\n\n| | level | asks for | status | shown by | |\n|---|---|---|---|---|---|\n"
        )
        parts += [_row(one) for one in found if one.chapter == number]
    return "".join(parts)


def _row(one: Item) -> str:
    shown = " ".join(f"`{place}`" for place in one.evidence)
    cells = (one.id, str(one.level), one.requirement, one.status, shown, one.note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def main() -> int:
    found = items()
    if said := faults(found):
        print("\n".join(said), file=sys.stderr)
        return 1
    made = page(found)
    if "--check" in sys.argv[1:]:
        fresh = PAGE.is_file() and PAGE.read_text("utf-8") == made
        print(f"{PAGE.relative_to(ROOT)} is {'fresh' if fresh else 'stale: python -m tests.asvs'}")
        return 0 if fresh else 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
