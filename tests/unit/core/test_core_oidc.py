"""Sign-in through the firm's provider: the whole flow over HTTP, and every way in which it must not work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from adapters.oidc import Oidc
from bot.embedded import Servers
from bot.model import Role, Staff
from bot.settings_security import OidcSettings
from tests.unit.core.provider import CLIENT, SECRET, Provider, running_provider
from tests.unit.core.teller import Teller, apart


@pytest.fixture(scope="module")
def firm() -> Iterator[Provider]:
    with running_provider() as one:
        yield one


@pytest.fixture(scope="module")
def teller(servers: Servers, tmp_path_factory: pytest.TempPathFactory, firm: Provider) -> Iterator[Teller]:
    oidc = OidcSettings(firm.url, CLIENT, SECRET, strong=("mfa",))
    with apart(servers, tmp_path_factory, "oidc", oidc=oidc) as one:
        yield one


@pytest.fixture
def person(teller: Teller, firm: Provider) -> Iterator[Staff]:
    key = firm.key
    found = teller.staff(Role.AGENT)
    firm.email, firm.says = found.email.upper(), {}
    teller.service.queue.redis.flushdb()
    yield found
    firm.key = firm.shown = key


def away(app: Flask) -> tuple[FlaskClient, str]:
    client = app.test_client()
    client.set_cookie("teller_lang", "en")
    assert "/sign-in/firm" in client.get("/").text
    return client, client.get("/sign-in/firm?next=/account").location


def back(client: FlaskClient, firm: Provider, url: str) -> Any:
    parts = urlsplit(firm.consent(url))
    return client.get(f"{parts.path}?{parts.query}")


def inside(client: FlaskClient) -> bool:
    return client.get("/inbox").status_code == 200


def test_the_whole_way_in_and_no_second_time(
    teller: Teller, app: Flask, firm: Provider, person: Staff
) -> None:
    client, url = away(app)
    assert url.startswith(firm.url + "/go?")
    parts = urlsplit(firm.consent(url))
    answer = client.get(f"{parts.path}?{parts.query}")
    assert (answer.status_code, answer.location) == (303, "/account")
    assert inside(client)
    (entry,) = teller.service.audit.about("account:session:begin", [f"staff:{person.id}"])
    assert entry["detail"]["via"] == "firm"
    assert person.email not in repr(entry)
    other = app.test_client()
    other.get(f"{parts.path}?{parts.query}")
    assert not inside(other), "the address alone opens nothing in another browser"
    client.post("/sign-out")
    assert client.get(f"{parts.path}?{parts.query}").location != "/account"


FORGED = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "somebody-else"},
    "another nonce": {"nonce": "planted"},
    "over": {"exp": int(time.time()) - 600},
    "from the future": {"iat": int(time.time()) + 6000, "nbf": int(time.time()) + 6000},
    "an address nobody verified": {"email_verified": False},
    "no address": {"email": None},
    "an unknown address": {"email": "stranger@bank.example"},
}


@pytest.mark.parametrize("said", FORGED.values(), ids=FORGED.keys())
def test_what_does_not_hold_opens_nothing(
    app: Flask, firm: Provider, person: Staff, said: dict[str, Any]
) -> None:
    firm.says = said
    client, url = away(app)
    assert back(client, firm, url).location == "/"
    assert not inside(client)


def test_a_wrong_state_and_a_cancelled_sign_in_open_nothing(
    app: Flask, firm: Provider, person: Staff
) -> None:
    client, url = away(app)
    parts = urlsplit(firm.consent(url))
    client.get(f"{parts.path}?{parts.query}x")
    assert not inside(client)
    client, url = away(app)
    state = url.split("state=")[1].split("&")[0]
    client.get(f"/sign-in/firm/back?error=access_denied&state={state}")
    assert not inside(client)


def test_a_stranger_s_key_opens_nothing_and_a_new_key_of_the_firm_does(
    app: Flask, firm: Provider, person: Staff
) -> None:
    firm.key = RSAKey.generate_key(2048, {"kid": "two"})
    client, url = away(app)
    back(client, firm, url)
    assert not inside(client)
    firm.shown = firm.key
    client, url = away(app)
    back(client, firm, url)
    assert inside(client)


def test_a_closed_account_stays_out(teller: Teller, app: Flask, firm: Provider, person: Staff) -> None:
    teller.service.door.people.shut("command:test", person.id)
    client, url = away(app)
    assert back(client, firm, url).location == "/"
    assert not inside(client)


def test_our_second_factor_is_asked_for_unless_the_firm_had_one(
    teller: Teller, app: Flask, firm: Provider, person: Staff
) -> None:
    factors = teller.service.door.factors
    factors.enrol(person, pyotp.TOTP(factors.offer(person)).now(), time.time())
    client, url = away(app)
    assert back(client, firm, url).location.startswith("/sign-in/code")
    assert not inside(client)
    firm.says = {"amr": ["pwd", "otp"]}
    client, url = away(app)
    assert back(client, firm, url).location.startswith("/sign-in/code"), "only what was configured counts"
    firm.says = {"amr": ["pwd", "mfa"]}
    client, url = away(app)
    back(client, firm, url)
    assert inside(client)


def test_a_role_of_the_firm_s_directory_has_to_agree(firm: Provider, person: Staff) -> None:
    from bot.errors import NotAllowed

    oidc = Oidc(firm.url, CLIENT, SECRET, role_claim="groups", roles={"cs": "agent", "law": "compliance"})

    def role(groups: list[str]) -> str | None:
        firm.says = {"groups": groups}
        begun = oidc.start("http://127.0.0.1/back")
        code = firm.consent(begun.url).split("code=")[1].split("&")[0]
        return oidc.finish("http://127.0.0.1/back", code, begun).role

    assert role(["staff", "cs"]) == "agent"
    for groups in (["staff"], ["cs", "law"]):
        with pytest.raises(NotAllowed):
            role(groups)
