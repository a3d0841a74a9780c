"""The model stand-in, driven by the openai client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import openai
import pytest
from pydantic import BaseModel, ValidationError

from tests.sandbox.client import Sandbox


class Pick(BaseModel):
    article: Literal["fee", "rate", "none"]
    sure: bool


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="k", base_url=sandbox.openai_base, max_retries=0, timeout=5) as client:
        yield client


def ask(client: openai.OpenAI) -> Pick | None:
    messages = [{"role": "user", "content": "手續費?"}]
    answer = client.chat.completions.parse(model="gpt-4o-mini", messages=messages, response_format=Pick)  # type: ignore[arg-type]
    return answer.choices[0].message.parsed


def test_echo_choice_picks_what_the_test_asked_for(client: openai.OpenAI, sandbox: Sandbox) -> None:
    assert ask(client) == Pick(article="fee", sure=True)
    sandbox.openai("echo_choice", choice="rate", values={"sure": False})
    assert ask(client) == Pick(article="rate", sure=False)
    response = client.responses.parse(model="gpt-5-mini", input="x", text_format=Pick)
    assert response.output_parsed == Pick(article="rate", sure=False)
    assert response.usage is not None
    rows = sandbox.received("openai")
    assert rows[0]["body"]["messages"][0]["content"] == "手續費?"
    assert [row["path"] for row in rows][-1] == "/v1/responses"


def test_scripted_misbehaviour(client: openai.OpenAI, sandbox: Sandbox) -> None:
    sandbox.openai("fixed", content={"article": "none", "sure": False})
    assert ask(client) == Pick(article="none", sure=False)
    sandbox.openai("broken_json")
    with pytest.raises(ValidationError):
        ask(client)
    sandbox.openai("refuse")
    assert ask(client) is None
    sandbox.openai("html")
    page = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert isinstance(page, str)
    sandbox.openai("slow", delay_ms=2000)
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.2))


def test_embeddings_are_stable_normal_and_of_the_asked_size(client: openai.OpenAI) -> None:
    made = client.embeddings.create(
        model="text-embedding-3-small", input=["手續費多少", "手續費是多少"], dimensions=64
    )
    first, second = (row.embedding for row in made.data)
    assert len(first) == 64
    assert sum(x * x for x in first) == pytest.approx(1, abs=1e-4)
    assert sum(a * b for a, b in zip(first, second, strict=True)) > 0.4
    assert [m.id for m in client.models.list()]


def test_keys_and_failures(client: openai.OpenAI, sandbox: Sandbox) -> None:
    sandbox.fail("openai", "429", retry_after=1)
    with pytest.raises(openai.RateLimitError):
        ask(client)
    sandbox.fail("openai", "500")
    with pytest.raises(openai.InternalServerError):
        ask(client)
    sandbox.add_openai("the-key")
    with pytest.raises(openai.AuthenticationError):
        ask(client)
    assert ask(client.with_options(api_key="the-key"))
