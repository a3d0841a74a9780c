"""TLS as gunicorn serves it: version 1.3 alone, but for named hosts of a platform that offers no more than 1.2.

OpenSSL settles the version before it tells which host is asked for, so a context that refused 1.2 could make no
exception. This one takes 1.2 and, as soon as the host is known, gives every other host a context without a cipher for
it: a client that has no 1.3 ends there, before a byte of HTTP. Who names no host is no exception either.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography import x509

from bot.settings_transport import TlsSettings

# Forward secrecy and authenticated encryption only (BSI TR-02102-2, Mozilla "intermediate").
TLS12 = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"
# Needs a shared key that nobody has: no client gets it.
NO_TLS12 = "PSK-AES256-GCM-SHA384"


def context(settings: TlsSettings) -> ssl.SSLContext:
    """Raises OSError, ssl.SSLError where certificate and key cannot be used."""
    if not settings.tls12_hosts:
        return _context(settings, ssl.TLSVersion.TLSv1_3)
    strict = _context(settings, ssl.TLSVersion.TLSv1_3)
    strict.set_ciphers(NO_TLS12)
    made = _context(settings, ssl.TLSVersion.TLSv1_2)
    made.set_ciphers(TLS12)
    # A session begun under the exception's name must not go on under another.
    made.options |= ssl.OP_NO_TICKET
    made.sni_callback = _choosing(settings.tls12_hosts, strict)
    return made


def expires(settings: TlsSettings) -> datetime:
    """When the server's certificate ends. Raises OSError, ValueError."""
    return x509.load_pem_x509_certificates(settings.cert.read_bytes())[0].not_valid_after_utc.astimezone(UTC)


def _context(settings: TlsSettings, least: ssl.TLSVersion) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(settings.cert, settings.key)
    made.minimum_version = least
    made.set_alpn_protocols(["http/1.1"])
    return made


def _choosing(
    hosts: tuple[str, ...], strict: ssl.SSLContext
) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], None]:
    def choose(connection: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
        if (host or "").lower() not in hosts:
            connection.context = strict

    return choose
