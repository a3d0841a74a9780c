"""Copies of seals for another custodian: signed over the raw body, believed only after a 2xx."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator

import pytest

from adapters.seals import SealPost
from bot.errors import SendError
from tests.contract.platform_stub import Platform, Say, closed_port

SECRET = "a secret of thirty-two characters!"
BODY = b'{"_id":"2026-11-22","total":0}\n'


@pytest.fixture
def custodian() -> Iterator[Platform]:
    one = Platform()
    yield one
    one.close()


def test_a_seal_is_posted_as_it_is_and_signed(custodian: Platform) -> None:
    custodian.answers = [Say(204, b"")]
    SealPost(f"{custodian.url}/seals", SECRET)("2026-11-22", BODY)
    (asked,) = custodian.asked
    assert (asked.method, asked.path, asked.raw) == ("POST", "/seals", BODY)
    assert asked.headers["x-teller-seal"] == "2026-11-22"
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    assert asked.headers["x-teller-signature-256"] == f"sha256={digest}"


@pytest.mark.parametrize("answer", [Say(500), Say(302), Say(401), Say(drop=True)])
def test_anything_but_2xx_is_not_stored(custodian: Platform, answer: Say) -> None:
    custodian.answers = [answer]
    with pytest.raises(SendError) as error:
        SealPost(custodian.url, SECRET)("2026-11-22", BODY)
    assert error.value.retryable
    assert custodian.url not in str(error.value)


def test_nobody_there() -> None:
    with pytest.raises(SendError, match="did not answer"):
        SealPost(closed_port(), SECRET)("2026-11-22", BODY)
