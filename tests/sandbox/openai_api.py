"""An OpenAI-compatible model with scripted answers. https://platform.openai.com/docs/api-reference

It never thinks: structured output is the least the JSON schema allows, with the values a test asked for.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import struct
import time
from typing import Any

import gevent

from tests.sandbox.events.ids import token
from tests.sandbox.state import State
from tests.sandbox.wire import Answer, NotJsonError, Request

MODELS = ("gpt-4o-mini", "gpt-5-mini", "text-embedding-3-small")
MODES = ("echo_choice", "fixed", "broken_json", "refuse", "slow", "html")
DIMENSIONS = 1536
_PAGE = "<!doctype html><title>Proxy</title><p>Please sign in."
Values = dict[str, Any]


def error(status: int, message: str, code: str | None = None, kind: str = "invalid_request_error") -> Answer:
    return Answer(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})


def handle(state: State, request: Request) -> Answer:
    """Answers one call; `request.path` starts at `/v1/...`."""
    key = request.bearer
    if not key:
        return error(401, "You didn't provide an API key.", "invalid_api_key")
    account = state.by_token("openai", key)
    if account is None and state.accounts["openai"]:
        return error(401, "Incorrect API key provided.", "invalid_api_key")
    try:
        answer = _dispatch(state, request)
    except NotJsonError:
        answer = error(400, "We could not parse the JSON body of your request.")
    answer.account = account.id if account else None
    answer.headers.append(("x-request-id", "req_" + token(32)))
    return answer


def _dispatch(state: State, request: Request) -> Answer:
    match request.method, request.path.rstrip("/"):
        case "GET", "/v1/models":
            rows = [{"id": m, "object": "model", "created": 0, "owned_by": "sandbox"} for m in MODELS]
            return Answer(200, {"object": "list", "data": rows})
        case "POST", "/v1/chat/completions":
            return _generate(state, request.json(), _chat)
        case "POST", "/v1/responses":
            return _generate(state, request.json(), _response)
        case "POST", "/v1/embeddings":
            return _embeddings(state.openai, request.json())
    return error(404, f"Invalid URL ({request.method} {request.path})")


def _generate(state: State, body: Values, shape: Any) -> Answer:
    if not body.get("model"):
        return error(400, "you must provide a model parameter")
    if not (body.get("messages") or body.get("input")):
        return error(400, "Missing required parameter: 'messages'.", "missing_required_parameter")
    if body.get("stream"):
        return error(400, "The sandbox does not stream.", "unsupported_value")
    script = state.openai
    if script["mode"] == "slow":
        gevent.sleep(script.get("delay_ms", 30_000) / 1000)
    if script["mode"] == "html":
        return Answer(200, _PAGE, content_type="text/html")
    refusal = script.get("text", "I cannot help with that.") if script["mode"] == "refuse" else None
    return Answer(200, shape(body, None if refusal else _text(script, body), refusal))


def _text(script: Values, body: Values) -> str:
    if script["mode"] == "fixed":
        content = script.get("content", "")
        return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    schema = _schema(body)
    if schema is None:
        text = str(script.get("content") or _last_words(body))
    else:
        text = json.dumps(_sample(schema, schema, script, ""), ensure_ascii=False)
    # Cut in half, as an answer that ran out of tokens is.
    return text[: max(1, len(text) // 2)] if script["mode"] == "broken_json" else text


def _schema(body: Values) -> Values | None:
    wanted = body.get("response_format") or body.get("text", {}).get("format") or {}
    schema = wanted.get("schema") or wanted.get("json_schema", {}).get("schema")
    return schema if isinstance(schema, dict) else None


def _last_words(body: Values) -> str:
    turns = body.get("messages") or body.get("input")
    last = turns[-1].get("content", "") if isinstance(turns, list) and turns else turns
    return last if isinstance(last, str) else json.dumps(last, ensure_ascii=False)


def _sample(schema: Values, root: Values, script: Values, name: str) -> Any:
    """A value the schema allows: what the script says for `name`, its `choice` if allowed, else the first."""
    if "$ref" in schema:
        target = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        return _sample(target, root, script, name)
    values = script.get("values", {})
    if name in values:
        return values[name]
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if choices:
        return script["choice"] if script.get("choice") in choices else choices[0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return _sample(options[0], root, script, name)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            return {n: _sample(part, root, script, n) for n, part in schema.get("properties", {}).items()}
        case "array":
            least = max(1, int(schema.get("minItems", 1)))
            return [_sample(schema.get("items", {"type": "string"}), root, script, name)] * least
        case "integer" | "number":
            given = script.get("choice")
            is_number = isinstance(given, int | float) and not isinstance(given, bool)
            return given if is_number else schema.get("minimum", 0)
        case "boolean":
            return True
        case "null":
            return None
    return script["choice"] if isinstance(script.get("choice"), str) else ""


def _tokens(value: Any) -> int:
    return max(1, len(json.dumps(value, ensure_ascii=False)) // 4)


def _chat(body: Values, text: str | None, refusal: str | None) -> Values:
    asked, given = _tokens(body["messages"]), _tokens(text or refusal)
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return {
        "id": "chatcmpl-" + token(24),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": given,
            "total_tokens": asked + given,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def _response(body: Values, text: str | None, refusal: str | None) -> Values:
    asked, given = _tokens(body["input"]), _tokens(text or refusal)
    part: Values = {"type": "output_text", "text": text, "annotations": []}
    if refusal is not None:
        part = {"type": "refusal", "refusal": refusal}
    message = {
        "id": "msg_" + token(24),
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }
    return {
        "id": "resp_" + token(24),
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "model": body["model"],
        "output": [message],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": given,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": asked + given,
        },
    }


def _embeddings(script: Values, body: Values) -> Answer:
    """`slow` and `html` as for a completion, `broken_json` half of the rows; `values` may hold a vector for a text,
    `width` the length of the others."""
    given = body.get("input")
    texts = given if isinstance(given, list) else [given]
    if script["mode"] == "slow":
        gevent.sleep(script.get("delay_ms", 30_000) / 1000)
    if script["mode"] == "html":
        return Answer(200, _PAGE, content_type="text/html")
    if not texts or not all(isinstance(text, str) and text for text in texts):
        return error(400, "'$.input' is invalid. Please check the API reference.")
    size = int(body.get("dimensions") or script.get("width") or DIMENSIONS)
    scripted = script.get("values", {})
    rows = []
    for index, text in enumerate(texts):
        vector = scripted.get(text) or _vector(text, size)
        packed: Any = vector
        if body.get("encoding_format") == "base64":
            packed = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        rows.append({"object": "embedding", "index": index, "embedding": packed})
    if script["mode"] == "broken_json":
        rows = rows[: len(rows) // 2]
    used = sum(_tokens(text) for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return Answer(200, {"object": "list", "data": rows, "model": body.get("model"), "usage": usage})


def _vector(text: str, size: int) -> list[float]:
    """Hashed character bigrams, normalised: similar texts come out near each other, same texts the same."""
    vector = [0.0] * size
    padded = f" {text.lower()} "
    for pair in itertools.pairwise(padded):
        digest = hashlib.blake2b("".join(pair).encode(), digest_size=8).digest()
        vector[int.from_bytes(digest[:6], "big") % size] += 1.0 if digest[6] & 1 else -1.0
    length = sum(x * x for x in vector) ** 0.5 or 1.0
    return [x / length for x in vector]
