"""What Redis holds: names of functions and pseudonyms, as JSON; no content, nothing that outlives its use."""

from __future__ import annotations

import json
import time
import zlib
from typing import Any

import pytest

from bot.model import Role
from bot.queue import FIRST, LIVE, SLOW, JobQueue
from bot.settings import Settings
from tests.house import free_port
from tests.unit.core.teller import Teller

pytestmark = pytest.mark.servers

NAME, WORDS = "林planted美玉", "planted words 0912345678"


def everything(queue: JobQueue) -> dict[bytes, Any]:
    """Redis as it is, compressed job data included."""
    found: dict[bytes, Any] = {}
    for key in queue.redis.scan_iter():
        kind = queue.redis.type(key)
        if kind == b"hash":
            found[key] = queue.redis.hgetall(key)
        elif kind == b"list":
            found[key] = queue.redis.lrange(key, 0, -1)
        else:
            found[key] = queue.redis.dump(key)
    return found


def test_jobs_hold_ids_only_as_json(teller: Teller) -> None:
    queue, user = teller.service.queue, teller.person("planted")
    teller.posts({"user_id": user, "text": WORDS, "profile": {"name": NAME}, "reply_token": "planted-token"})
    queue.fetch_profile(teller.thread(user))
    held = everything(queue)
    jobs = [value for key, value in held.items() if key.startswith(b"rq:job:")]
    assert len(jobs) == 2
    for job in jobs:
        data = job[b"data"]
        function, _, arguments, named = json.loads(zlib.decompress(data) if data[:1] == b"x" else data)
        assert function in ("bot.jobs.drain", "bot.jobs.profile")
        assert (arguments, named) == ([teller.thread(user)], {})
        assert job[b"description"].decode() == function
    flat = repr(held).encode() + b"".join(v for v in map(_inflated, jobs))
    for planted in ("planted", NAME, "0912345678", user):
        assert planted.encode() not in flat
        assert repr(planted.encode())[2:-1].encode() not in flat


def _inflated(job: dict[bytes, bytes]) -> bytes:
    return b"".join(zlib.decompress(value) if value[:1] == b"x" else value for value in job.values())


def test_a_mark_runs_out_by_itself(teller: Teller) -> None:
    """A wake-up lost with its worker must not silence a customer."""
    queue = teller.service.queue
    assert queue.wake("somebody")
    assert 0 < queue.redis.ttl("pend:somebody") <= 60


def test_replies_and_slow_jobs_have_queues_of_their_own(teller: Teller) -> None:
    queue = teller.service.queue
    for n in range(5):
        queue.fetch_profile(f"thread-{n}")
    queue.wake("customer")
    assert (queue.depth(SLOW), queue.depth(LIVE)) == (5, 1)


def test_without_redis_a_wake_up_fails_fast_and_only_one_caller_pays(settings: Settings) -> None:
    queue = JobQueue(f"redis://127.0.0.1:{free_port()}/0")
    began = time.monotonic()
    assert [queue.wake(f"thread-{n}") for n in range(200)] == [False] * 200
    assert queue.rewake("thread-0") is False
    queue.fetch_profile("thread-0")
    assert time.monotonic() - began < 3
    queue.close()


def test_without_redis_a_webhook_is_still_kept(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    user = teller.person()
    away = JobQueue(f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(teller.service.intake, "queue", away)
    assert teller.posts({"user_id": user, "text": "你好"}).new == 1
    monkeypatch.undo()
    teller.drain(user)
    assert len(teller.line.texts(user)) == 1
    away.close()


def test_what_was_handed_to_people_goes_first_from_then_on(teller: Teller) -> None:
    queue, user, other = teller.service.queue, teller.person(), teller.person()
    teller.hears(user, "我要真人")
    teller.hears(other, "你好")
    teller.jobs()
    teller.posts({"user_id": other, "text": "再問一下"})
    teller.posts({"user_id": user, "text": "在嗎"})
    assert (queue.depth(FIRST), queue.depth(LIVE)) == (1, 1)
    assert teller.jobs() == [teller.thread(user), teller.thread(other)]


def test_a_colleagues_reply_goes_first(teller: Teller) -> None:
    queue, user, agent = teller.service.queue, teller.person(), teller.staff(Role.AGENT)
    teller.hears(user, "我要真人")
    conversation = str(teller.conversation(user)["_id"])
    teller.service.console.desk.take(agent, conversation)
    teller.jobs()
    queue.redis.delete(f"first:{teller.thread(user)}")
    teller.service.console.desk.reply(agent, conversation, "您好", "a-client-id")
    assert (queue.depth(FIRST), queue.depth(LIVE)) == (1, 0)
    teller.work()
