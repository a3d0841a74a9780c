"""MongoDB and Redis over TLS, as the product speaks to them.

mongod takes nothing but TLS here. The embedded redis-server is built without TLS, so something that ends it stands in
front, as stunnel would; what is tried is our side: address, authority, name, and every part that speaks to Redis.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from bot.embedded import files, processes
from bot.embedded.binaries import binary
from bot.embedded.redis_server import RedisServer
from bot.live import Live
from bot.mongo import Mongo
from bot.queue import LIVE, JobQueue, connect
from bot.settings_transport import encrypted
from bot.worker import Crew
from inbox.limits import Attempts

PATIENCE_S = 20.0


@dataclass(frozen=True)
class Authority:
    """Signs servers of this machine; `cert` is what a client trusts, `server` certificate and key in one file."""

    cert: Path
    server: Path


def authority(folder: Path, name: str) -> Authority:
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (f"CA {name}", f"server {name}")
    ]
    made = []
    for key, subject, ca in zip(keys, names, (True, False), strict=True):
        building = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[0])
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
            building = building.add_extension(address, critical=False)
        made.append(building.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pem = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}-ca.pem").write_bytes(made[0])
    (folder / f"{name}.pem").write_bytes(made[1] + pem)
    return Authority(folder / f"{name}-ca.pem", folder / f"{name}.pem")


@dataclass(frozen=True)
class Encrypted:
    mongodb_uri: str
    redis_url: str
    stranger: Path
    versions: list[str | None]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    folder = tmp_path_factory.mktemp("tls")
    ours, stranger = authority(folder, "ours"), authority(folder, "stranger")
    with contextlib.ExitStack() as running:
        mongo_port = running.enter_context(mongod(folder, ours))
        redis_port, password = running.enter_context(redis_server(folder))
        versions: list[str | None] = []
        tls_port = running.enter_context(terminator(ours, redis_port, versions))
        yield Encrypted(
            f"mongodb://127.0.0.1:{mongo_port}/tls?replicaSet=rs&tls=true&tlsCAFile={ours.cert}",
            f"rediss://:{password}@127.0.0.1:{tls_port}/0?ssl_ca_certs={ours.cert}",
            stranger.cert,
            versions,
        )


@contextlib.contextmanager
def mongod(folder: Path, ours: Authority) -> Iterator[int]:
    data, port = files.folder(folder / "mongo"), free_port()
    with (folder / "mongod.log").open("wb") as log:
        process = processes.spawn(
            [
                *(
                    str(binary("mongod")),
                    "--dbpath",
                    str(data),
                    "--port",
                    str(port),
                    "--bind_ip",
                    "127.0.0.1",
                ),
                *(
                    "--nounixsocket",
                    "--replSet",
                    "rs",
                    "--oplogSize",
                    "64",
                    "--wiredTigerCacheSizeGB",
                    "0.25",
                ),
                *("--tlsMode", "requireTLS", "--tlsCertificateKeyFile", str(ours.server)),
                *("--tlsCAFile", str(ours.cert), "--tlsAllowConnectionsWithoutCertificates"),
                *("--tlsDisabledProtocols", "TLS1_0,TLS1_1,TLS1_2"),
                *("--wiredTigerEngineConfigString", "log=(file_max=16MB)"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"),
            ],
            output=log,
        )
    try:
        # Its own link to the product's client: the set is made over TLS as well.
        alone = Mongo(f"mongodb://127.0.0.1:{port}/?directConnection=true&tls=true&tlsCAFile={ours.cert}")
        until(lambda: not files.is_free(port))
        member = {"_id": 0, "host": f"127.0.0.1:{port}"}
        alone.client.admin.command("replSetInitiate", {"_id": "rs", "members": [member]})
        until(lambda: bool(alone.client.admin.command("hello").get("isWritablePrimary")))
        alone.close()
        yield port
    finally:
        processes.stop(process, 10)


@contextlib.contextmanager
def redis_server(folder: Path) -> Iterator[tuple[int, str]]:
    server = RedisServer(folder)
    server.prepare()
    files.folder(folder / "run")
    process = server.spawn()
    try:
        server.settle(process)
        yield server.port, server.uri.partition("://:")[2].partition("@")[0]
    finally:
        processes.stop(process, 10)


@contextlib.contextmanager
def terminator(ours: Authority, behind: int, versions: list[str | None]) -> Iterator[int]:
    """TLS 1.3 on a port of its own, plain to the port `behind`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(ours.server)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    def one(raw: socket.socket) -> None:
        with (
            contextlib.suppress(OSError, ValueError),
            socket.create_connection(("127.0.0.1", behind)) as plain,
            context.wrap_socket(raw, server_side=True) as outer,
        ):
            versions.append(outer.version())
            outer.settimeout(0.02)
            plain.settimeout(0.02)
            while True:
                for source, sink in ((outer, plain), (plain, outer)):
                    with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
                        if not (data := source.recv(65536)):
                            return
                        sink.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    yield int(listener.getsockname()[1])
    listener.close()


def until(happened: object) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(PyMongoError):
            if happened():  # type: ignore[operator]
                return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_the_store_writes_in_transactions(servers: Encrypted) -> None:
    assert encrypted(servers.mongodb_uri)
    mongo = Mongo(servers.mongodb_uri)
    try:
        mongo.ping()
        mongo["things"].insert_one({"_id": 0})
        mongo.transaction(lambda session: mongo["things"].insert_one({"_id": 1}, session=session))
        assert mongo["things"].count_documents({}) == 2
        status = mongo.client.admin.command("serverStatus")
        counts = status["transportSecurity"]
        assert counts["1.3"] > 0
        assert counts["1.2"] == counts["1.1"] == counts["1.0"] == 0
    finally:
        mongo.close()


def test_wake_ups_workers_and_live_streams(servers: Encrypted) -> None:
    assert encrypted(servers.redis_url)
    jobs = JobQueue(servers.redis_url)
    stopping = threading.Event()
    live = Live(servers.redis_url, jobs, stopping.is_set)
    heard = live.listen(["inbox"], timeout=5)
    try:
        until(lambda: live.connected)
        live.publish("inbox", {"id": "c1"})
        pokes = (next(heard) for _ in range(3))
        assert next(poke for poke in pokes if poke) == {"id": "c1", "topics": ["inbox"]}
        assert jobs.wake("a-thread")
        assert jobs.depth(LIVE) == 1
        worker = Crew(LIVE, 1, servers.redis_url)
        worker.start()
        # The job finds no Teller behind it and fails; that it was taken is what is asked here.
        until(lambda: jobs.depth(LIVE) == 0)
        worker.end()
        assert set(servers.versions) == {"TLSv1.3"}
    finally:
        stopping.set()
        live.publish("inbox", {})
        jobs.close()


def test_attempts_are_counted_over_it(servers: Encrypted) -> None:
    with Flask("x").test_request_context("/", environ_base={"REMOTE_ADDR": "203.0.113.9"}):
        one, other = Attempts(servers.redis_url), Attempts(servers.redis_url)
        waits = [(one if n % 2 else other).allow("a@example.com") for n in range(6)]
    assert waits[:5] == [0] * 5
    assert waits[5] > 0
    client = connect(servers.redis_url)
    assert any(b"LIMITS" in key.upper() for key in client.keys("*"))
    client.close()


def test_a_server_that_a_stranger_signed_is_not_spoken_to(servers: Encrypted) -> None:
    ours = servers.mongodb_uri.partition("tlsCAFile=")[2]
    mongo = Mongo(servers.mongodb_uri.replace(ours, str(servers.stranger)), timeout_ms=700)
    with pytest.raises(PyMongoError, match=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
        mongo.ping()
    mongo.close()
    for url in (
        servers.redis_url.replace(ours, str(servers.stranger)),
        servers.redis_url.partition("?")[0],
        servers.redis_url.replace("127.0.0.1", "localhost"),
    ):
        client = connect(url)
        with pytest.raises((RedisError, ssl.SSLError)):
            client.ping()
        client.close()
    # And a mongod that takes TLS alone hangs up on who does not speak it.
    plain = Mongo(servers.mongodb_uri.partition("&tls=")[0], timeout_ms=700)
    with pytest.raises(PyMongoError):
        plain.ping()
    plain.close()
