"""Which children `make run` has, with what environment, and how each tells that it serves."""

from __future__ import annotations

import http.client
import os
import ssl
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bot.embedded import Servers, files
from bot.settings import Settings
from bot.supervise.child import Child, Spec, program
from bot.supervise.leftover import MARK

ROOT = Path(__file__).resolve().parents[2]

# The order of the stop, from the last to the first.
SERVERS, SANDBOX, SERVICE = 0, 1, 2


def environment(settings: Settings, servers: Servers) -> dict[str, str]:
    """What every child gets: ours, with the addresses of the servers in place."""
    ours = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    return ours | {
        "TELLER_HOME": str(settings.home),
        "MONGODB_URI": servers.mongodb_uri,
        "REDIS_URL": servers.redis_url,
        "PROMETHEUS_MULTIPROC_DIR": str(settings.home / "metrics"),
        "PYTHONUNBUFFERED": "1",
        MARK: str(settings.home),
    }


def server_children(servers: Servers) -> list[Child]:
    """The embedded servers, which run already."""
    return [
        Child(
            Spec(
                name,
                spawn=partial(servers.restart, name),
                stage=SERVERS,
                patience=server.stop_patience,
            ),
            process=servers.processes[name],
        )
        for name, server in servers.servers.items()
    ]


def wants_sandbox(settings: Settings) -> bool:
    """Stand-ins of the platforms: for a newcomer's machine with the source tree, never in production."""
    return (
        not settings.production and settings.sample and (ROOT / "tests" / "sandbox" / "__main__.py").is_file()
    )


def sandbox(settings: Settings, env: Mapping[str, str]) -> tuple[Spec, str]:
    """The sandbox and its address, the same at every start: the sample channel accounts hold it."""
    port = files.remembered_port(settings.home, "sandbox")
    ready = settings.home / "run" / "sandbox.json"
    folder = files.folder(settings.home / "sandbox")
    argv = ["-m", "tests.sandbox", "--port", str(port), "--home", str(folder), "--port-file", str(ready)]
    spec = Spec("sandbox", program([sys.executable, *argv], env, ROOT), SANDBOX, 5.0, ready)
    return spec, f"http://127.0.0.1:{port}"


def prepare(env: Mapping[str, str]) -> Spec:
    """The one-off before everything else: indexes, shipped notices, samples, the search index."""
    return Spec("prepare", program([sys.executable, "-m", "bot.prepare"], env, ROOT), SERVICE, restart=False)


def service(settings: Settings, env: Mapping[str, str]) -> list[Spec]:
    """Web, workers and clock."""
    live = [
        (f"worker-{number + 1}", ["-m", "bot.worker", "live"]) for number in range(settings.queue_workers)
    ]
    others = [*live, ("slow", ["-m", "bot.worker", "slow"])]
    # Who answers for what was said must not be able to sign that it was so: the clock alone is told of the seal key.
    unsealed = {name: value for name, value in env.items() if name != "TELLER_SEAL_KEY_FILE"}
    return [
        _web(settings, unsealed),
        *(_signalling(settings, unsealed, name, argv) for name, argv in others),
        _signalling(settings, env, "clock", ["-m", "bot.clock"]),
    ]


def local_url(settings: Settings) -> str:
    """Where the web answers on this machine, whatever PUBLIC_URL says."""
    host = _reachable(settings.host)
    scheme = "https" if settings.tls else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _web(settings: Settings, env: Mapping[str, str]) -> Spec:
    argv = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
    # gunicorn gives its requests 10 s (graceful_timeout); a KILL before that would cut them off.
    return Spec("web", program(argv, env, ROOT), SERVICE, 12.0, ready=lambda: _answers(settings))


def _signalling(settings: Settings, env: Mapping[str, str], name: str, argv: list[str]) -> Spec:
    ready = settings.home / "run" / f"{name}.ready"
    metrics = env["PROMETHEUS_MULTIPROC_DIR"]
    start = program([sys.executable, *argv], {**env, "TELLER_READY_FILE": str(ready)}, ROOT)
    return Spec(name, start, SERVICE, 10.0, ready, on_exit=lambda pid: _forget_gauges(metrics, pid))


def _answers(settings: Settings) -> bool:
    host = _reachable(settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    if settings.tls:
        # Our own process on our own machine: whether its certificate is for this name is not asked here.
        unasked = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection(host, settings.port, timeout=2, context=unasked)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - maps it away


def _forget_gauges(metrics: str, pid: int) -> None:
    """A process that ended is no longer at work; its counters stay, its live gauges go."""
    for path in Path(metrics).glob(f"gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)
