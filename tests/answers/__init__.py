"""Our own labelled questions for the sample knowledge, and the report on them: `make answers`."""

from pathlib import Path

SETS = Path(__file__).parents[1] / "data" / "answers"
NAMES = ("well", "messy", "colloquial", "contrast", "far", "near", "english")
