"""TLS by the real gunicorn: 1.3 alone, 1.2 for a named host, a renewed certificate without a restart."""

from __future__ import annotations

import signal
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot import tls
from bot.embedded import processes
from bot.settings_transport import TlsSettings, encrypted, on_this_machine, plaintext_servers, tls_settings
from tests.unit.supervise.test_gunicorn import Web, started

OLD = "platform.example"


def certify(folder: Path, days: int = 30) -> TlsSettings:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "teller.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(pem)
    return TlsSettings(folder / "cert.pem", folder / "key.pem", (OLD,))


def speaks(port: int, host: str | None, most: ssl.TLSVersion) -> tuple[str | None, bytes]:
    """The version agreed on, and the server's certificate. Raises SSLError where there is none."""
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode, client.maximum_version = False, ssl.CERT_NONE, most
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
        client.wrap_socket(raw, server_hostname=host) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: teller.example\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        return connection.version(), connection.getpeercert(binary_form=True) or b""


def resumes(port: int, first: str, then: str) -> bool:
    """Whether a session of TLS 1.2 that began with one name goes on with another."""
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
        client.wrap_socket(raw, server_hostname=first) as connection,
    ):
        session = connection.session
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            client.wrap_socket(raw, server_hostname=then, session=session),
        ):
            return True
    except ssl.SSLError:
        return False


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    made = certify(tmp_path)
    web = started(
        tmp_path,
        TELLER_TLS_CERT=str(made.cert),
        TELLER_TLS_KEY=str(made.key),
        TELLER_TLS12_HOSTS=f"{OLD}, ",
    )
    yield web
    processes.stop(web.process, 15)


def test_tls_1_3_alone_but_for_the_named_host_and_renewed_by_a_hup(web: Web, tmp_path: Path) -> None:
    assert speaks(web.port, "teller.example", ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"
    assert speaks(web.port, OLD, ssl.TLSVersion.TLSv1_2)[0] == "TLSv1.2"
    assert speaks(web.port, OLD, ssl.TLSVersion.TLSv1_3)[0] == "TLSv1.3"
    for host in ("teller.example", None):
        with pytest.raises(ssl.SSLError):
            speaks(web.port, host, ssl.TLSVersion.TLSv1_2)
    assert not resumes(web.port, OLD, "teller.example")
    _, before = speaks(web.port, "teller.example", ssl.TLSVersion.TLSv1_3)
    certify(tmp_path)
    web.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if speaks(web.port, "teller.example", ssl.TLSVersion.TLSv1_3)[1] != before:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("the certificate is still the old one")


def test_without_an_exception_1_2_is_not_even_known(tmp_path: Path) -> None:
    made = certify(tmp_path, days=10)
    alone = tls.context(TlsSettings(made.cert, made.key))
    assert alone.minimum_version is ssl.TLSVersion.TLSv1_3
    assert timedelta(days=9) < tls.expires(made) - datetime.now(UTC) < timedelta(days=10)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"TELLER_TLS_CERT": "/nowhere/cert.pem"}, "belong together"),
        ({"TELLER_TLS_CERT": "/nowhere/c", "TELLER_TLS_KEY": "/nowhere/k"}, "names no file"),
        ({"TELLER_TLS12_HOSTS": "a.example"}, "means nothing without"),
    ],
)
def test_half_a_setting_is_refused(values: dict[str, str], sentence: str) -> None:
    faults: list[str] = []
    tls_settings(values, faults)
    assert sentence in " ".join(faults)


@pytest.mark.parametrize(
    ("uri", "is_encrypted", "is_here"),
    [
        ("mongodb://u:p@db1.firm.tw:27017,db2.firm.tw/teller?replicaSet=r", False, False),
        ("mongodb://db1.firm.tw/teller?tls=true&tlsCAFile=/ca.pem", True, False),
        ("mongodb+srv://cluster.example/teller", True, False),
        ("mongodb+srv://cluster.example/teller?tls=false", False, False),
        ("mongodb://db.firm.tw/?tls=true&tlsInsecure=true", False, False),
        ("rediss://redis.firm.tw:6380/0?ssl_cert_reqs=none", False, False),
        ("mongodb://127.0.0.1:27017,[::1]:27018/", False, True),
        ("mongodb://localhost,db.firm.tw/", False, False),
        ("redis://:secret@redis.firm.tw:6379/0", False, False),
        ("rediss://redis.firm.tw:6380/0", True, False),
        ("redis://:secret@localhost:6379/0", False, True),
    ],
)
def test_what_leaves_the_machine_is_told_from_what_does_not(
    uri: str, is_encrypted: bool, is_here: bool
) -> None:
    assert (encrypted(uri), on_this_machine(uri)) == (is_encrypted, is_here)


def test_production_sends_nothing_in_the_clear_unless_somebody_says_so() -> None:
    away, faults = ("mongodb://db.firm.tw/", "redis://cache.firm.tw/"), list[str]()
    plaintext_servers({}, True, *away, faults)
    assert [one.partition(" ")[0] for one in faults] == ["MONGODB_URI", "REDIS_URL"]
    for values, production in (({"TELLER_PLAINTEXT_SERVERS": "accepted"}, True), ({}, False)):
        faults = []
        plaintext_servers(values, production, *away, faults)
        assert faults == []
