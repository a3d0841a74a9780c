"""One line a happening, with ids; a last guard takes personal numbers and secrets out of whatever slips in."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from bot.masking import redact

# Tokens and keys have no shape of their own; their surroundings do.
SECRETS = re.compile(
    r"(?i)(bearer\s+|/bot(?=\d+:)|(?:token|secret|password|key|signature)[\"']?\s*[=:]\s*[\"']?)([^\s\"'&/]{6,})"
)
PLAIN = frozenset({"event", "level", "timestamp", "logger"})


def clean(text: str) -> str:
    """`text` without secrets and personal numbers: what an error detail or a log line may hold."""
    return redact(SECRETS.sub(r"\1[…]", text))


def _guard(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key not in PLAIN and not key.startswith("_"):
            event[key] = _harmless(value)
    return event


def _harmless(value: Any) -> Any:
    """`value` cleaned at any depth; an exception by its class, for its message may quote anybody."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, Mapping):
        return {clean(str(key)): _harmless(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_harmless(inner) for inner in value]
    return clean(value if isinstance(value, str) else repr(value))


def _traceback_without_values(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Exceptions are logged by class and place: their message may quote what a customer wrote."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if not info or info[0] is None:
        return event
    event["error"] = info[0].__name__
    trace, places = info[2], []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    event["where"] = " > ".join(places[-6:])
    return event


def configure(level: int = logging.INFO) -> None:
    """Route structlog and the standard library through the guard to stderr, one JSON object a line."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _traceback_without_values,
        _guard,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _guard_message],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "urllib3", "pymongo", "rq", "werkzeug", "telegram"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _guard_message(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's message is free text, ours is a fixed word: only theirs needs cleaning."""
    event["event"] = clean(str(event.get("event", "")))
    return event


def logger(name: str) -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return bound
