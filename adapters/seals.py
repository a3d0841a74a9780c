"""Copies of seals for another custodian: one POST a seal, signed, to an address of the firm's.

`X-Teller-Signature-256: sha256=` and the hex HMAC-SHA-256 of the raw body under the shared secret, as Meta signs its
webhooks; the body is the seal as canonical JSON. The receiver answers 2xx once it has stored it where nobody changes
it; the same seal may come twice.
"""

from __future__ import annotations

import hashlib
import hmac

from adapters.http import post_webhook
from bot.errors import SendError, Unavailable


class SealPost:
    """`secret` is shared with the receiver."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret.encode()

    def __call__(self, day: str, body: bytes) -> None:
        """Raises SendError where the receiver did not confirm it."""
        headers = {
            "Content-Type": "application/json",
            "X-Teller-Seal": day,
            "X-Teller-Signature-256": "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest(),
        }
        try:
            status = post_webhook(self._url, headers, body)
        except Unavailable:
            # `from None`: its sentence holds the address.
            raise SendError("unreachable", "The custodian did not answer.", retryable=True) from None
        if not 200 <= status < 300:
            raise SendError("refused", f"The custodian answered {status}.", retryable=True)
