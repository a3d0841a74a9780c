"""The firm's own sign-in: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636), confidential client.

What the provider says is believed only as a signed ID token from its token endpoint, checked for signature (keys of its
`jwks_uri`), issuer, audience, nonce, time and `at_hash`; nothing else is asked of it and no token is kept.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from adapters.http import call
from bot.contracts import SignInClaims, SignInStart
from bot.errors import NotAllowed, SendError, Unavailable

# Signatures of a key pair only: with a shared secret anybody who reads our settings could write a token.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
KNOWN_S = 3600
LEEWAY_S = 60
AWAY = "The firm's sign-in does not answer. Try again in a moment, or use your password."
REFUSED = (
    "The firm's sign-in gave an answer that does not hold. Start again; if it stays, tell an administrator."
)


class Oidc:
    """One provider; safe for any number of threads, connects to nothing before the first sign-in."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        role_claim: str | None = None,
        roles: Mapping[str, str] | None = None,
        strong: Sequence[str] = (),
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._role_claim = role_claim
        self._roles = dict(roles or {})
        self._strong = frozenset(strong)
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._lock = threading.Lock()

    def start(self, redirect_uri: str) -> SignInStart:
        """Raises Unavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoint("authorization_endpoint")
        url = endpoint + ("&" if urlsplit(endpoint).query else "?") + urlencode(query)
        return SignInStart(url, state, nonce, verifier)

    def finish(self, redirect_uri: str, code: str, started: SignInStart) -> SignInClaims:
        """Raises NotAllowed for an answer that does not hold, Unavailable."""
        tokens = self._exchange(redirect_uri, code, started.verifier)
        claims = self._claims(tokens, started.nonce)
        email = claims.get("email")
        if not isinstance(email, str) or "@" not in email or claims.get("email_verified") is False:
            raise NotAllowed(REFUSED)
        said = claims.get("amr") or []
        means = {*(said if isinstance(said, list) else [said]), claims.get("acr")}
        return SignInClaims(email, self._role(claims), bool(self._strong & means))

    def _role(self, claims: Mapping[str, Any]) -> str | None:
        """Raises NotAllowed where roles come from the provider and it names none of ours, or several."""
        if self._role_claim is None:
            return None
        value = claims.get(self._role_claim)
        named = {self._roles[one] for one in _texts(value) if one in self._roles}
        if len(named) != 1:
            raise NotAllowed("The firm's directory gives you no role here. Ask an administrator.")
        return named.pop()

    def _exchange(self, redirect_uri: str, code: str, verifier: str) -> dict[str, Any]:
        # RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
        pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        try:
            got = call("POST", self._endpoint("token_endpoint"), form=form, headers=headers)
        except SendError:
            raise Unavailable(AWAY) from None
        if got.status >= 500:
            raise Unavailable(AWAY)
        if not got.ok:
            raise NotAllowed(REFUSED)
        return got.json()

    def _claims(self, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        raw = tokens.get("id_token")
        if not isinstance(raw, str):
            raise NotAllowed(REFUSED)
        try:
            try:
                token = jwt.decode(raw, self._key_set(), algorithms=ALGORITHMS)
            except (JoseError, ValueError):
                # The provider may have new keys since we asked.
                token = jwt.decode(raw, self._key_set(fresh=True), algorithms=ALGORITHMS)
            wanted: Any = {
                "iss": {"essential": True, "value": self._issuer},
                "aud": {"essential": True, "value": self._client_id},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
                "nonce": {"essential": True, "value": nonce},
            }
            asked = {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.get("access_token")}
            CodeIDToken(token.claims, token.header, wanted, asked).validate(int(time.time()), LEEWAY_S)
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError):
            raise NotAllowed(REFUSED) from None
        return dict(token.claims)

    def _endpoint(self, name: str) -> str:
        found = self._discovered().get(name)
        if not isinstance(found, str) or urlsplit(found).scheme not in (
            "https",
            urlsplit(self._issuer).scheme,
        ):
            raise Unavailable(AWAY)
        return found

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            held = self._metadata
        if held is not None and time.monotonic() - held[0] < KNOWN_S:
            return held[1]
        found = _fetched(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        # OpenID Connect Discovery 1.0, 4.3: else one provider could speak for another.
        if found.get("issuer") != self._issuer:
            raise Unavailable(AWAY)
        with self._lock:
            self._metadata = (time.monotonic(), found)
        return found

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        with self._lock:
            held = self._keys
        if held is not None and not fresh and time.monotonic() - held[0] < KNOWN_S:
            return held[1]
        found: Any = _fetched(self._endpoint("jwks_uri"))
        keys = KeySet.import_key_set(found)
        with self._lock:
            self._keys = (time.monotonic(), keys)
        return keys


def _fetched(url: str) -> dict[str, Any]:
    try:
        got = call("GET", url, headers={"Accept": "application/json"})
    except SendError:
        raise Unavailable(AWAY) from None
    if not got.ok:
        raise Unavailable(AWAY)
    return got.json()


def _texts(value: object) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
