"""What may be in the way of a start: taken ports, stale processes, half-made or damaged folders."""

from __future__ import annotations

import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pymongo
import pytest
import redis

from bot.embedded import Mongod, RedisServer, Servers, binaries, processes
from bot.errors import ConfigError

pytestmark = pytest.mark.servers


def _rows(servers: Servers) -> int:
    with pymongo.MongoClient(servers.mongodb_uri, serverSelectionTimeoutMS=10000) as client:
        return client["kept"].rows.count_documents({})


def _with_a_row(home: Path) -> Servers:
    servers = Servers.start(home)
    with pymongo.MongoClient(servers.mongodb_uri) as client:
        client["kept"].get_collection(
            "rows", write_concern=pymongo.WriteConcern(w="majority", j=True)
        ).insert_one({})
    return servers


class _AnotherProgram(socketserver.ThreadingTCPServer):
    """Hangs up on everybody."""

    allow_reuse_address = True


def test_a_port_taken_by_another_program_moves_the_server_and_its_replica_set(home: Path) -> None:
    first = _with_a_row(home)
    first.stop()
    taken = [server.port for server in first.servers.values()]
    others = [_AnotherProgram(("127.0.0.1", port), socketserver.BaseRequestHandler) for port in taken]
    for other in others:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        second = Servers.start(home)
        try:
            assert not {server.port for server in second.servers.values()} & set(taken)
            assert _rows(second) == 1
            with pymongo.MongoClient(second.mongodb_uri) as client:
                host = client.admin.command("replSetGetConfig")["config"]["members"][0]["host"]
                with client.start_session() as session, session.start_transaction():
                    client["kept"].rows.insert_one({}, session=session)
            assert host == f"127.0.0.1:{second.servers['mongod'].port}"
        finally:
            second.stop()
    finally:
        for other in others:
            other.shutdown()
            other.server_close()


_OWNER = """
import sys, time
from pathlib import Path
from bot.embedded import Servers
Servers.start(Path(sys.argv[1]))
print("up", flush=True)
time.sleep(600)
"""


def _owner(home: Path) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    return owner


def test_servers_of_a_killed_owner_die_with_it_and_a_new_one_takes_over(home: Path) -> None:
    owner = _owner(home)
    owner.kill()
    owner.wait()
    servers = Servers.start(home)
    try:
        assert _rows(servers) == 0
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
    finally:
        servers.stop()


def test_a_stale_server_that_outlived_its_owner_is_ended_first(home: Path) -> None:
    first = _with_a_row(home)
    # As if the owner had been killed where children are not told: they run on, without lock and without note.
    assert first._lock is not None
    first._lock.release()
    stale = [process.pid for process in first.processes.values()]
    second = Servers.start(home)
    try:
        assert {process.pid for process in second.processes.values()}.isdisjoint(stale)
        for process in first.processes.values():
            assert process.wait(1) is not None
        assert _rows(second) == 1
    finally:
        second.stop()


def test_a_process_that_only_has_the_noted_pid_is_left_alone(home: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (home / "db" / "mongo").mkdir(parents=True)
        (home / "db" / "mongo" / "mongod.lock").write_text(f"{bystander.pid}\n")
        (home / "db" / "mongo" / "teller-set-up").touch()
        (home / "run").mkdir()
        (home / "run" / "redis-server.pid").write_text(f"{bystander.pid}\n")
        assert Mongod(home).end_stale() == []
        assert RedisServer(home).end_stale() == []
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_first_start_cut_off_before_there_was_a_user_is_begun_anew(home: Path) -> None:
    first = Servers.start(home)
    first.processes["mongod"].kill()
    first.stop()
    (home / "db" / "mongo" / "teller-set-up").unlink()
    second = Servers.start(home)
    try:
        assert _rows(second) == 0
        assert len(list((home / "db").glob("mongo.unfinished-*"))) == 1
    finally:
        second.stop()


def test_lost_keys_are_named_and_nothing_keeps_running(home: Path) -> None:
    first = _with_a_row(home)
    first.stop()
    (home / "keys" / "mongo.password").unlink()
    with pytest.raises(ConfigError, match="bring back the keys folder"):
        Servers.start(home)
    assert not [
        pid for pid in processes.every_pid() if any(str(home) in word for word in processes.command_line(pid))
    ]


def test_a_damaged_append_only_file_does_not_stop_the_start(home: Path) -> None:
    first = Servers.start(home)
    with redis.Redis.from_url(first.redis_url) as client:
        client.set("lost", "1")
    first.stop()
    for part in (home / "db" / "redis" / "appendonlydir").glob("*.incr.aof"):
        part.write_bytes(b"no append-only file at all\r\n" * 50)
    second = Servers.start(home)
    try:
        with redis.Redis.from_url(second.redis_url) as client:
            assert client.get("lost") is None
            assert client.set("new", "1")
    finally:
        second.stop()


def test_without_a_program_that_runs_the_settings_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "mongod"
    broken.write_text("#!/bin/sh\necho 'libssl.so.3: cannot open shared object file' >&2\nexit 127\n")
    broken.chmod(0o755)
    for found in (broken, None):
        monkeypatch.setattr(binaries, "_inside", lambda module, name, found=found: found)
        binaries.binary.cache_clear()
        with pytest.raises(ConfigError, match="set MONGODB_URI and REDIS_URL"):
            binaries.binary("mongod")
    binaries.binary.cache_clear()


def test_children_are_told_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import subprocess, time\nfrom bot.embedded.processes import spawn\n"
        "print(spawn(['sleep', '300'], output=subprocess.DEVNULL).pid, flush=True)\ntime.sleep(300)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert processes.alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until = time.monotonic() + 5
    while processes.alive(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not processes.alive(child)
