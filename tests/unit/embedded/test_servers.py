"""The embedded servers: real ones, killed for real."""

from __future__ import annotations

import json
import signal
import stat
import time
from pathlib import Path

import pymongo
import pytest
import redis
from pymongo.errors import OperationFailure

from bot.embedded import HomeLock, Servers
from bot.errors import ConfigError

pytestmark = pytest.mark.servers


def _kill(servers: Servers, name: str) -> None:
    servers.processes[name].send_signal(signal.SIGKILL)
    servers.processes[name].wait()


def test_a_transaction_over_two_collections_commits_and_aborts_as_one(servers: Servers) -> None:
    with pymongo.MongoClient(servers.mongodb_uri) as client:
        database = client["transactions"]
        with client.start_session() as session:
            with session.start_transaction():
                database.a.insert_one({"_id": "kept"}, session=session)
                database.b.insert_one({"_id": "kept"}, session=session)
            session.start_transaction()
            database.a.insert_one({"_id": "gone"}, session=session)
            session.abort_transaction()
        assert [row["_id"] for row in database.a.find()] == ["kept"]
        assert [row["_id"] for row in database.b.find()] == ["kept"]


def test_mongod_killed_is_primary_again_within_seconds_with_what_it_had_acknowledged(
    servers: Servers,
) -> None:
    with pymongo.MongoClient(servers.mongodb_uri) as client:
        rows = client["kill"].get_collection("rows", write_concern=pymongo.WriteConcern(w="majority", j=True))
        rows.insert_many([{"_id": number} for number in range(500)])
        _kill(servers, "mongod")
        port = servers.servers["mongod"].port
        began = time.monotonic()
        servers.restart("mongod")
        rows.insert_one({"_id": 500})
        assert time.monotonic() - began < 10
        assert rows.count_documents({}) == 501
        assert servers.servers["mongod"].port == port


def test_redis_killed_comes_back_with_what_a_second_ago_was_there(servers: Servers) -> None:
    with redis.Redis.from_url(servers.redis_url) as client:
        client.set("kept", "1")
        time.sleep(1.2)  # appendfsync everysec; only a crash of the machine could lose less than that
        _kill(servers, "redis-server")
        servers.restart("redis-server")
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                assert client.get("kept") == b"1"
                return
            except redis.ConnectionError:
                time.sleep(0.05)
    pytest.fail("redis-server did not come back within 10 s")


def test_neither_server_serves_without_the_password(servers: Servers) -> None:
    mongod, redis_server = servers.servers["mongod"], servers.servers["redis-server"]
    with pymongo.MongoClient("127.0.0.1", mongod.port, directConnection=True) as client:
        with pytest.raises(OperationFailure) as refused:
            client["kill"].rows.find_one()
        assert refused.value.code == 13
        # The exception for localhost would let anybody on the machine make the first user.
        with pytest.raises(OperationFailure):
            client.admin.command("createUser", "thief", pwd="x", roles=["root"])
    with redis.Redis(port=redis_server.port) as client, pytest.raises(redis.AuthenticationError):
        client.get("kept")


def test_both_listen_on_loopback_only_and_on_no_unix_socket(servers: Servers) -> None:
    pids = {process.pid for process in servers.processes.values()}
    ports = {server.port for server in servers.servers.values()}
    listening = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, state = row.split()[1], row.split()[3]
            host, port = address.split(":")
            if state == "0A" and int(port, 16) in ports:
                listening.add((host, int(port, 16)))
    assert listening == {("0100007F", port) for port in ports}
    for pid in pids:
        inodes = {link.readlink().name for link in _links(pid)}
        unix = {
            row.split()[6] for row in Path("/proc/net/unix").read_text().splitlines()[1:] if "00010000" in row
        }
        assert not {f"socket:[{inode}]" for inode in unix} & inodes


def _links(pid: int) -> list[Path]:
    return [link for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]


def test_nothing_under_the_home_is_for_other_users(servers: Servers) -> None:
    for path in [servers.home, *servers.home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_no_password_stands_on_a_command_line(servers: Servers) -> None:
    secrets = [path.read_text() for path in (servers.home / "keys").glob("*.password")]
    assert len(secrets) == 2
    for process in servers.processes.values():
        shown = Path(f"/proc/{process.pid}/cmdline").read_text()
        assert not any(secret in shown for secret in secrets)


def test_slow_operations_leave_no_content_in_the_logs(servers: Servers) -> None:
    with pymongo.MongoClient(servers.mongodb_uri) as client:
        client["slow"].rows.insert_one({"name": "planted-王小明"})
        client["slow"].rows.find_one({"name": "planted-王小明", "$where": "sleep(400) || true"})
        with pytest.raises(OperationFailure):
            client["slow"].rows.update_one({}, {"$bogus": "planted-王小明"})
    with redis.Redis.from_url(servers.redis_url) as client, pytest.raises(redis.ResponseError):
        client.execute_command("EVAL", "return redis.call('nonsense', 'planted-王小明')", "0")
    for log in (servers.home / "logs").iterdir():
        assert b"planted" not in log.read_bytes(), log


def test_a_clean_stop_and_a_second_start_keep_ports_and_data(home: Path) -> None:
    first = Servers.start(home)
    try:
        note = json.loads((home / "run" / "servers.json").read_text())
        assert note["mongodb_uri"] == first.mongodb_uri
        assert note["redis_url"] == first.redis_url
        assert note["pids"] == {name: process.pid for name, process in first.processes.items()}
        with pymongo.MongoClient(first.mongodb_uri) as client:
            client["kept"].rows.insert_one({"_id": 1})
    finally:
        first.stop()
    assert not (home / "run" / "servers.json").exists()
    second = Servers.start(home)
    try:
        assert (second.mongodb_uri, second.redis_url) == (first.mongodb_uri, first.redis_url)
        with pymongo.MongoClient(second.mongodb_uri) as client:
            assert client["kept"].rows.count_documents({}) == 1
    finally:
        second.stop()


def test_a_home_is_used_by_one_owner_at_a_time(home: Path) -> None:
    lock = HomeLock.take(home)
    with pytest.raises(ConfigError, match="already running"):
        Servers.start(home)
    lock.release()
    HomeLock.take(home).release()


def test_servers_given_by_address_are_not_started(home: Path) -> None:
    servers = Servers.start(home, mongodb_uri="mongodb://elsewhere/", redis_url="redis://elsewhere/")
    assert servers.processes == {}
    assert (servers.mongodb_uri, servers.redis_url) == ("mongodb://elsewhere/", "redis://elsewhere/")
    servers.stop()
    one = Servers.start(home, mongodb_uri="mongodb://elsewhere/")
    try:
        assert list(one.processes) == ["redis-server"]
    finally:
        one.stop()
