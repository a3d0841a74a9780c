"""The load generator against a small server: every request counted, every answer read, signatures that hold."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.bench.load import Job, Measured, measure
from tests.bench.machine import busy, stat
from tests.bench.messages import Message, Press, approved_questions, customers, new_phrasings
from tests.bench.wire import encode, read
from tests.sandbox.events import sign_line

SECRET = "s" * 32
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


async def against_server(
    job_of: dict[str, object], answers: list[bytes], delay: float = 0.0
) -> tuple[Measured, int]:
    """The measurement, and how many connections it took."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                await asyncio.sleep(delay)
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                writer.write(answer)
                if b"close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    job = Job(f"http://127.0.0.1:{port}/x", SECRET, [Message("mei", "年費")], **job_of)  # type: ignore[arg-type]
    done = await measure(job)
    server.close()
    return done, connections


def test_a_closed_run_ends_at_its_limit_and_keeps_its_connections() -> None:
    done, connections = asyncio.run(against_server({"seconds": 5.0, "connections": 4, "limit": 40}, [OK]))
    assert 40 <= len(done.ms) <= 43
    assert done.statuses == {"200": len(done.ms)}
    assert connections == 4
    assert done.failed == 0


def test_what_the_server_closes_is_opened_again() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    done, connections = asyncio.run(against_server({"seconds": 5.0, "connections": 1, "limit": 5}, [closing]))
    assert (len(done.ms), done.failed, connections) == (5, 0, 5)


def test_other_answers_are_failures() -> None:
    refused = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    done, _ = asyncio.run(against_server({"seconds": 5.0, "connections": 1, "limit": 3}, [refused, OK]))
    assert done.statuses == {"503": 1, "200": 2}
    assert done.failed == 1


def test_an_open_run_does_not_wait_for_slow_answers() -> None:
    """Ten messages in half a second at a server that takes half a second each: all leave in time."""
    done, _ = asyncio.run(against_server({"seconds": 0.5, "rate": 20.0}, [OK], delay=0.5))
    assert len(done.ms) == 10
    assert done.seconds < 1.5
    assert min(done.ms) >= 500


def test_every_request_is_another_event_with_a_signature_that_holds() -> None:
    press = Press("http://127.0.0.1:1/hook", SECRET, [Message("mei", "年費多少")]).requests()
    seen = set()
    for _ in range(3):
        token, request = next(press)
        head, _, body = request.partition(b"\r\n\r\n")
        event = json.loads(body)["events"][0]
        assert event["replyToken"] == token == f"token{event['webhookEventId']}"
        assert event["message"]["text"] == "年費多少"
        assert sign_line(SECRET, body)["x-line-signature"].encode() in head
        seen.add(token)
    assert len(seen) == 3


def test_answers_arrive_in_pieces() -> None:
    assert [read(OK[:cut]) for cut in (10, 30, len(OK) - 1)] == [None, None, None]
    assert read(OK) == (200, False)
    assert encode("http://h:1/p", {"A": "b"}, b"xy").endswith(b"Content-Length: 2\r\nA: b\r\n\r\nxy")


def test_phrasings_differ_from_each_other_and_from_what_is_approved() -> None:
    texts = new_phrasings(1000, seed=1)
    assert len(set(texts)) == 1000
    assert not set(texts) & set(approved_questions())
    with pytest.raises(ValueError, match="larger"):
        new_phrasings(10**7, seed=1)


def test_customers_write_as_often_as_asked() -> None:
    messages = customers([str(n) for n in range(10)], each=2, name="c")
    assert len({one.user for one in messages}) == 5
    assert messages[0].user == messages[5].user


def test_proc_stat() -> None:
    assert stat("12 (a) b) S 7 " + "0 " * 9 + "30 12 0 0") == (7, 42)
    assert busy("cpu  1 2 3 1000 50 4 5 6 0 0\ncpu0 1\n") == 21
