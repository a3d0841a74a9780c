"""Clients that take a connection and then do nothing: how long the next webhook waits for them."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.bench.figures import percentile, ratio
from tests.bench.messages import Message, Press
from tests.house import post

CLIENTS = 10
PROBES = 20
PATIENCE_S = 30.0
ENOUGH_S = 40.0


@contextlib.contextmanager
def holding(url: str, half_sent: bool) -> Iterator[None]:
    """Ten sockets that stay open: after half a request, or after a whole one that asked the server to close."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Line-Signature: none\r\n"
    rest = "Content-Length: 100\r\n" if half_sent else "Content-Length: 0\r\nConnection: close\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS):
            client = stack.enter_context(socket.create_connection((parts.hostname, parts.port), 5.0))
            client.sendall((head + rest).encode())
        time.sleep(0.3)
        yield


def probe(url: str, secret: str, user: str, count: int = PROBES) -> list[float]:
    """Milliseconds of each of up to `count` webhooks, one after another, each on a connection of its own."""
    press = Press(url, secret, [Message(user, "謝謝")]).requests()
    took: list[float] = []
    end = time.monotonic() + ENOUGH_S
    while len(took) < count and time.monotonic() < end:
        _, request = next(press)
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
        headers = {name: value for name, value in lines if name not in ("Host", "Content-Length")}
        start = time.perf_counter()
        status = post(url, headers, body, timeout=PATIENCE_S)
        took.append((time.perf_counter() - start) * 1000)
        if status not in (0, 200):
            raise RuntimeError(f"a webhook beside half-open sockets got {status}")
    return took


def stalled(name: str, url: str, secret: str) -> dict[str, Any]:
    """p50 and worst of the next webhooks: alone, beside ten half requests, beside ten sockets that linger."""
    found: dict[str, Any] = {"name": name}
    for kind in ("alone", "half_sent", "lingering"):
        around = contextlib.nullcontext() if kind == "alone" else holding(url, kind == "half_sent")
        with around:
            took = probe(url, secret, f"half-{kind}")
        found[kind] = {"p50_ms": percentile(took, 0.5), "max_ms": max(took), "probes": len(took)}
    for kind in ("half_sent", "lingering"):
        found[f"{kind}_p50_ratio"] = ratio(found[kind]["p50_ms"], found["alone"]["p50_ms"])
    return found
