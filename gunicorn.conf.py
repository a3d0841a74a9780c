"""How gunicorn serves Teller: found by itself in the working directory, settings from the environment.

https://docs.gunicorn.org/en/stable/settings.html; why gevent and these numbers: docs/decisions.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from gunicorn.glogging import Logger

from bot.errors import ConfigError
from bot.settings import Settings

try:
    _settings = Settings.from_env()
except ConfigError as fault:
    sys.exit("\n".join(fault.faults))

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
workers = _settings.web_workers
worker_class = "gevent"  # gthread can be stalled by a handful of half-open sockets
worker_connections = 2000
keepalive = 2  # an idle connection holds a stop up for that long
graceful_timeout = 10
timeout = 30
if _settings.tls:
    certfile, keyfile = str(_settings.tls.cert), str(_settings.tls.key)
# No preload: database clients must be made after the fork, and gevent patches before the app is imported.
preload_app = False
# Its socket has one place per user, so that a second Teller on the machine would clash with the first.
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
# The heartbeat file of a worker on a busy disk can make it look dead.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - gunicorn makes it private
accesslog = None  # query strings carry tokens
errorlog = "-"
loglevel = "info"

# Under the supervisor the folder is shared with the workers, and the supervisor empties it.
_metrics_are_ours = "PROMETHEUS_MULTIPROC_DIR" not in os.environ
_metrics = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(_settings.home / "metrics")))


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801 - the name is gunicorn's
    """Without query strings, and with tracebacks that hold places but no values: both may be personal."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(_Placing(self.error_fmt, self.datefmt))

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().exception(msg, *(_path(arg) for arg in args), **kwargs)

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        # "Invalid request from ip=...: <what it sent>"
        if msg.startswith("Invalid request"):
            msg, args = "Refused a request that is not HTTP as we take it", ()
        super().warning(msg, *args, **kwargs)


class _Placing(logging.Formatter):
    """Formats an exception as its class and where it was raised."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        kind, _, trace = ei
        return _places(kind, trace)


def _path(arg: Any) -> Any:
    return arg.partition("?")[0] if isinstance(arg, str) else arg


def _places(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    where = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    return f"{kind.__name__ if kind else 'error'} raised in\n{where}"


def ssl_context(_config: Any, _default: Any) -> Any:
    """Read anew by each worker: a HUP takes over a certificate that was renewed."""
    from bot import tls

    if _settings.tls is None:
        raise RuntimeError("TLS was asked for without TELLER_TLS_CERT and TELLER_TLS_KEY.")
    return tls.context(_settings.tls)


def on_starting(_server: Any) -> None:
    """Numbers of processes long gone must not be summed up again."""
    if _metrics_are_ours:
        shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(mode=0o700, parents=True, exist_ok=True)


def post_worker_init(worker: Any) -> None:
    """Lets live streams end themselves at a stop, and keeps values out of gevent's own tracebacks."""
    from gevent import get_hub

    from bot.shutdown import watch

    watch(worker)
    # Keys that are destroyed while it serves must leave it too.
    if (teller := getattr(worker.wsgi, "extensions", {}).get("teller")) is not None:
        teller.follow_keys()
    # What is here now stays: the collector need not walk through it for each request.
    gc.collect()
    gc.freeze()
    hub = get_hub()

    def print_exception(
        _context: object, kind: type[BaseException] | None, _value: object, trace: TracebackType | None
    ) -> None:
        worker.log.error("A greenlet failed: %s", _places(kind, trace))

    hub.print_exception = print_exception


def worker_exit(_server: Any, _worker: Any) -> None:
    """Open database clients make noise when the interpreter goes away under them."""
    compose = sys.modules.get("bot.compose")
    if compose is not None:
        compose.close_all()


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that is gone has no requests in progress."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid, str(_metrics))
