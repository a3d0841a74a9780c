"""Open pages at a steady stream of messages: how soon a console shows one, what a stream costs, how a stop goes."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import string
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bot.compose import Service, build
from bot.model import Role
from bot.settings import Settings
from bot.store.events import thread_of
from tests.bench.crowd import Console, Crowd, Seen
from tests.bench.figures import median, ratio, summary
from tests.bench.load import Job, Measured, run
from tests.bench.machine import Snapshot, others, spent
from tests.bench.messages import Message, approved_questions, customers
from tests.bench.teller import SECRET, Teller
from tests.house import ROOT
from tests.sandbox.events.ids import line_user_id

CONSOLES, WIDGETS, STOPPED = 100, 1000, 300
PASSWORD = "a passphrase of the bench"
# Of all messages: a third to colleagues who have the conversation open, a few for a person; the bot answers the rest.
TO_COLLEAGUES, FOR_PEOPLE = 0.33, 0.02
ROUNDS, ROUND_S, LIMIT = 3, 4.0, 1000
GONE_S = 15.0
AFTER_S = 3.0
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the staff: an opener with the cookies of a session, and the same cookies by name."""

    opener: urllib.request.OpenerDirector
    jar: CookieJar

    @property
    def cookies(self) -> dict[str, str]:
        return {one.name: one.value or "" for one in self.jar}


def measure(teller: Teller, rate: float, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Raises RuntimeError where Teller refused anything."""
    service = build(Settings.from_env(teller.house.env))
    try:
        say("live: signing 100 people in, each takes a conversation")
        roles = [Role.SUPERVISOR if n % 20 == 0 else Role.AGENT for n in range(CONSOLES)]
        colleagues = [
            signed_in(teller, service, f"bench-{n}@example.com", role) for n, role in enumerate(roles)
        ]
        conversations = taken(teller, service, colleagues)
        consoles = [
            Console(one.cookies, "mine" if n % 2 else "waiting", conversation)
            for n, (one, conversation) in enumerate(zip(colleagues, conversations, strict=True))
        ]
        account = teller.house.accounts()["web"]
        widgets = [(account, _visitor(teller, account)) for _ in range(WIDGETS)]
        crowd = Crowd(teller.house.url, consoles, widgets)
        memory = _resident(teller)
        with _watching(crowd) as ending:
            time.sleep(2)
            an_open = 1024 * (_resident(teller) - memory) / (CONSOLES + WIDGETS)
            say(
                f"live: {rate:.0f} messages a second for {seconds:.0f} s beside {CONSOLES} + {WIDGETS} streams"
            )
            before, began = Snapshot.take(), datetime.now(UTC)
            shown = _converse(teller, rate, seconds)
            after = Snapshot.take()
            seen = ending()
        found = {"rate": rate, "seconds": seconds, "consoles": CONSOLES, "widgets": WIDGETS}
        found |= _shown(seen, *shown) | {"kb_a_stream": an_open}
        took = shown[2].seconds + AFTER_S
        found["cores"] = {name: spent(before, after, pids) / took for name, pids in teller.groups.items()}
        found["other_load_cores"] = others(before, after, took, own=shown[2].cpu_s)
        teller.settle()
        found["bot_ms"] = summary(_decided(teller, began))
        found["webhook"] = _beside(teller, crowd, say)
        say(f"live: a stop with {STOPPED} open streams")
        found["stop"] = _stop(teller, replace(crowd, widgets=widgets[: STOPPED - CONSOLES]))
        return found
    finally:
        service.close()


def signed_in(teller: Teller, service: Service, email: str, role: Role) -> Colleague:
    service.staff.add(email, PASSWORD, role)
    # All of them come from one address, which no office does.
    for key in service.queue.redis.scan_iter("*LIMIT*"):
        service.queue.redis.delete(key)
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    one = Colleague(opener, jar)
    _post(teller, one, "/", "/", email=email, password=PASSWORD)
    return one


def _post(teller: Teller, one: Colleague, page: str, to: str, **fields: str) -> None:
    with one.opener.open(teller.house.url + page, timeout=30) as answer:
        token = CSRF.search(answer.read().decode())
    if token is None:
        raise RuntimeError(f"{page}: no form on it")
    form = urlencode({**fields, "csrf_token": token[1]}).encode()
    with one.opener.open(urllib.request.Request(teller.house.url + to, form), timeout=30) as answer:
        answer.read()


def taken(teller: Teller, service: Service, colleagues: Sequence[Colleague]) -> list[str]:
    """A conversation for each, which the customer asked for a person in and the colleague took."""
    users = [f"held-{n}" for n in range(len(colleagues))]
    wanted = [Message(user, "我要真人") for user in users]
    done = run(Job(teller.url, SECRET, wanted, 30.0, connections=4, limit=len(wanted)))
    _check(done)
    teller.settle()
    found = []
    for user, one in zip(users, colleagues, strict=True):
        conversation = _conversation(teller, service, user)
        _post(teller, one, f"/inbox/{conversation}", f"/inbox/{conversation}/take")
        found.append(conversation)
    return found


def _conversation(teller: Teller, service: Service, user: str) -> str:
    thread = thread_of(service.vault, teller.account, line_user_id(user))
    doc = teller.mongo["conversations"].find_one({"thread": thread, "open": True}, {"_id": 1})
    if doc is None:
        raise RuntimeError("a customer who asked for a person has no conversation")
    return str(doc["_id"])


def _visitor(teller: Teller, account: str) -> str:
    request = urllib.request.Request(
        f"{teller.house.url}/webchat/{account}/session", b"{}", {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["token"])


def _resident(teller: Teller) -> float:
    """MB of the web processes, what they share counted in each."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in teller.groups["web"])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextlib.contextmanager
def _watching(crowd: Crowd) -> Iterator[Callable[[], Seen]]:
    """Every stream is open within; the call ends them and says what they saw."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.crowd"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(asdict(crowd)) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the crowd could not open its streams")

        def ending() -> Seen:
            out, _ = process.communicate("\n", timeout=60)
            return Seen(**json.loads(out))

        yield ending
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _mark(chance: random.Random) -> str:
    return "zq" + "".join(chance.choices(string.ascii_lowercase, k=8)) + "qz"


def _converse(
    teller: Teller, rate: float, seconds: float
) -> tuple[dict[str, float], dict[str, float], Measured]:
    """When each marked message left, by mark: those to a colleague, those for a person; and what was measured."""
    chance = random.Random(11)
    questions = approved_questions()
    messages, marks = [], []
    for n in range(int(rate * seconds * 1.3)):
        dice, mark = chance.random(), _mark(chance)
        if dice < TO_COLLEAGUES:
            messages.append(Message(f"held-{chance.randrange(CONSOLES)}", f"再請教一下 {mark}"))
        elif dice < TO_COLLEAGUES + FOR_PEOPLE:
            messages.append(Message(f"new-{n}", f"我要真人 {mark}"))
        else:
            messages.append(Message(f"asking-{n % 400}", questions[n % len(questions)]))
        marks.append((dice, mark))
    done = run(Job(teller.url, SECRET, messages, seconds, rate=rate))
    held, new = {}, {}
    for (dice, mark), at in zip(marks, done.sent.values(), strict=False):
        if dice < TO_COLLEAGUES:
            held[mark] = at
        elif dice < TO_COLLEAGUES + FOR_PEOPLE:
            new[mark] = at
    time.sleep(AFTER_S)
    return held, new, done


def _shown(seen: Seen, held: dict[str, float], new: dict[str, float], done: Measured) -> dict[str, Any]:
    def times(sent: dict[str, float], where: dict[str, float]) -> dict[str, Any]:
        ms = [1000 * (where[mark] - at) for mark, at in sent.items() if mark in where]
        return {**summary(ms), "sent": len(sent), "shown": len(ms)}

    return {
        "thread_ms": times(held, seen.threads),
        "list_ms": times(new, seen.lists),
        "ack_ms": summary(done.ms),
        "statuses": done.statuses,
        "pokes": seen.pokes,
        "looks": dict(sorted(seen.looks.items())),
        "ended": seen.ended,
        "refused": seen.refused,
    }


def _decided(teller: Teller, since: datetime) -> list[float]:
    """ms from storing what came `since` then until the bot had decided on it; without what is in a person's hands."""
    came = {
        doc["_id"]: doc["received_at"] for doc in teller.mongo["events"].find({"received_at": {"$gt": since}})
    }
    said = {"event": {"$in": list(came)}, "decision.decision": {"$in": ["Reply", "HandOff"]}}
    decisions = teller.mongo["messages"].find(said, {"event": 1, "decision.at": 1})
    return [1000 * (one["decision"]["at"] - came[one["event"]]).total_seconds() for one in decisions]


def _beside(teller: Teller, crowd: Crowd, say: Callable[[str], None]) -> dict[str, Any]:
    """Acknowledgements a second with all streams open and without, in interleaved rounds; the workers held."""
    questions = approved_questions()[: LIMIT // 5]
    job = Job(teller.url, SECRET, customers(questions * 5, 5, "beside"), ROUND_S, limit=LIMIT)
    rates: dict[str, list[float]] = {"without": [], "with": []}
    for number in range(1, ROUNDS + 1):
        rates["without"].append(_acknowledged(teller, job))
        with _watching(crowd):
            rates["with"].append(_acknowledged(teller, job))
        say(
            f"live: round {number}: {rates['without'][-1]:.0f}/s without, {rates['with'][-1]:.0f}/s with streams"
        )
    pairs = zip(rates["with"], rates["without"], strict=True)
    return {
        **{name: median(one) for name, one in rates.items()},
        "ratio": median([ratio(*pair) for pair in pairs]),
    }


def _acknowledged(teller: Teller, job: Job) -> float:
    with teller.workers_held():
        done = run(job)
    _check(done)
    teller.settle()
    return done.per_second


def _stop(teller: Teller, crowd: Crowd) -> dict[str, float]:
    """Seconds from SIGTERM at gunicorn until its processes are gone, beside that many open streams."""
    with _watching(crowd):
        web = teller.groups["web"]
        start = time.monotonic()
        os.kill(min(web), signal.SIGTERM)
        while any(Path(f"/proc/{pid}/cmdline").exists() and _alive(pid) for pid in web):
            if time.monotonic() - start > GONE_S:
                break
            time.sleep(0.02)
        return {"streams": len(crowd.consoles) + len(crowd.widgets), "seconds": time.monotonic() - start}


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _check(done: Measured) -> None:
    if done.failed:
        raise RuntimeError(f"answers other than 200: {done.statuses}")
