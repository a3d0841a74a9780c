"""A stand-in OpenID provider over HTTP: signs RS256, remembers what it was asked, and lies where told to."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "teller", "secret of the client"


class Provider:
    """`says` are claims that replace the true ones; `key` signs, `shown` is the key it publishes."""

    def __init__(self) -> None:
        self.url = ""
        self.key = self.shown = RSAKey.generate_key(2048, {"kid": "one"})
        self.email = ""
        self.says: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "s1", "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= {"email": self.email, "email_verified": True, **self.says}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def consent(self, url: str) -> str:
        """What the person's browser does there; the address it is sent back to."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT, "S256")
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})


def _app(provider: Provider) -> Flask:
    app = Flask("provider")

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Response:
        ends = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return jsonify(issuer=provider.url, **{key: provider.url + path for key, path in ends.items()})

    @app.get("/keys")
    def keys() -> Response:
        return jsonify(keys=[provider.shown.as_dict(private=False)])

    @app.get("/go")
    def go() -> Any:
        return redirect(provider.consent(request.url))

    @app.post("/token")
    def token() -> Any:
        asked = provider.codes.pop(request.form["code"], None)
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        sent = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '%20')}".encode()).decode()
        right = request.headers.get("Authorization") == f"Basic {sent}"
        if not right or asked is None or asked["code_challenge"] != challenge:
            return jsonify(error="invalid_grant"), 400
        if asked["redirect_uri"] != request.form["redirect_uri"]:
            return jsonify(error="invalid_grant"), 400
        return jsonify(
            access_token="not used", token_type="Bearer", id_token=provider.id_token(asked["nonce"])
        )

    return app


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    server = make_server("127.0.0.1", 0, _app(provider), threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join(5)
