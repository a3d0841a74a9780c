"""The search at size: time of a decision, memory, restart and one changed article, on one core.

The vectors of the knowledge are seeded noise (encoding 100,000 questions takes half an hour and changes none of these
figures); the customers' questions go through the real encoders and the whole chain of handlers.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STARTED = time.perf_counter()

SIZES = ((1_000, 5), (1_000, 100))
"""(articles, questions of each)."""
_ASKED = (
    "卡片不見了要怎麼處理",
    "房貸可以提前還清嗎會不會有違約金",
    "網銀登入的密碼我忘了",
    "how do I raise my limit",
    "信用卡年費怎麼減免",
    "外幣定存想要解約",
)
_REPEATS = 20


def rows(articles: int, each: int) -> list[dict[str, Any]]:
    """Lines of a knowledge file; no question stands in it twice."""
    words = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    chance, seen = random.Random(1), set[str]()
    found = []
    subjects = list(itertools.product(words["products"], words["deeds"], words["points"]))
    chance.shuffle(subjects)
    for n, (product, deed, point) in enumerate(subjects[:articles]):
        questions: list[str] = []
        while len(questions) < each:
            subject = product + chance.choice(words["products"]) + deed + chance.choice(words["points"])
            text = chance.choice(words["frames"]).format(subject) + (
                "" if len(questions) < 20 else chance.choice(words["deeds"])
            )
            if text not in seen:
                seen.add(text)
                questions.append(text)
        answer = f"{product}{deed}，{point}：請在 App 首頁選「{product}」，再選「{deed}」，依畫面完成。"
        line = {
            "id": f"a{n}",
            "questions": questions,
            "answer": answer,
            "product_class": "general",
            "tags": [],
        }
        found.append(line)
    return found


def measure(say: Callable[[str], None]) -> list[dict[str, Any]]:
    """A process of its own for each size, so that memory and start are those of a process that just serves it."""
    found = []
    for articles, each in SIZES:
        say(f"search: {articles} articles, {articles * each} questions")
        with tempfile.TemporaryDirectory(prefix="teller-bench-") as folder:
            for step in ("fill", "serve"):
                command = [sys.executable, "-m", "tests.bench.search", step, str(articles), str(each), folder]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found.append(json.loads(done.stdout))
    return found


def _fill(texts: list[str], folder: Path) -> None:
    import numpy as np

    from bot.compose import encoder as encoder_of
    from handlers.intent import Intents
    from kb.search import encoders

    for encoder in encoders.available():
        chance = np.random.default_rng(encoder.width)

        def noise(some: list[str], width: int = encoder.width, chance: Any = chance) -> Any:
            drawn = chance.standard_normal((len(some), width)).astype(np.float32) + 1
            return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

        encoder.cache(folder).vectors(texts, noise)
    # a restart finds the vectors of the rules' examples too
    Intents(encoder_of(folder)).warm()


def _serve(articles: int, each: int, lines: Path, folder: Path) -> dict[str, Any]:
    from bot.compose import encoder
    from bot.evaluation import outcome_of
    from handlers import build_mind
    from kb import desk
    from kb.articles import sealed
    from kb.live import Knowledge, as_approved
    from tests.bench.figures import summary

    drafts = [*desk.shipped(), *desk.drafts_of(lines)]
    now = datetime.now(UTC)
    state = [1, [as_approved(draft, now) for draft in drafts]]
    knowledge = Knowledge(lambda: (state[0], state[1]), lambda: state[0], folder)
    index_s = knowledge.build()
    mind = build_mind(knowledge, encode=encoder(folder))
    mind.warm()
    outcome_of(mind, "暖機", "zh-TW")
    ready_s = time.perf_counter() - STARTED
    resident = _resident_mb()
    took = []
    for n, text in itertools.product(range(_REPEATS), _ASKED):
        began = time.perf_counter()
        outcome_of(mind, f"{text}{n}", "zh-TW")
        took.append((time.perf_counter() - began) * 1000)
    reindexed = []
    for n in range(5):
        at = len(state[1]) - 1 - n
        old = state[1][at]
        new = sealed(replace(old, version=2, questions=(*old.questions, f"{_ASKED[n]}可以嗎")))
        state[:] = [state[0] + 1, [*state[1][:at], new, *state[1][at + 1 :]]]
        began = time.perf_counter()
        knowledge.refresh()
        reindexed.append((time.perf_counter() - began) * 1000)
        found = knowledge.ranking(f"{_ASKED[n]}可以嗎", "zh-TW")[0]
        if (found.ref.id, found.ref.version) != (new.id, 2):
            raise AssertionError("the changed article is not found")
        _settle()
    return {
        "articles": articles,
        "questions": articles * each,
        "index_s": index_s,
        "ready_s": ready_s,
        "resident_mb": resident,
        "resident_end_mb": _resident_mb(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "decide_ms": summary(took),
        "reindex_ms": summary(reindexed),
    }


def _settle() -> None:
    """Waits until the complete index has taken the place of the quick one."""
    for thread in threading.enumerate():
        if thread.name == "knowledge-index":
            thread.join()


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main(step: str, articles: int, each: int, folder: Path) -> None:
    from kb.search.normalise import knowledge

    lines = folder / "knowledge.jsonl"
    if step == "fill":
        made = rows(articles, each)
        lines.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in made), encoding="utf-8")
        _fill([knowledge(question) for row in made for question in row["questions"]], folder)
        return
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(_serve(articles, each, lines, folder)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
