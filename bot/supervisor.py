"""`make run`: starts the embedded servers and every process of Teller, and starts again what dies."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from bot.embedded import HomeLock, Servers, files, processes
from bot.errors import ConfigError
from bot.settings import Settings
from bot.supervise import plan
from bot.supervise.console import Console
from bot.supervise.leftover import address_fault, end_leftovers
from bot.supervise.loop import Loop, StopRequestedError


def main(arguments: Sequence[str] = ()) -> int:
    """Runs in the foreground; returns the exit code: 0 after a requested stop, 1 where it could not start.

    `--with-parent` (given by the Makefile) stops it as well when its parent is killed.
    """
    if "--with-parent" in arguments:
        processes.die_with_parent()
    os.chdir(plan.ROOT)  # .env, wsgi.py and the children's modules are found from there
    os.umask(0o077)
    try:
        lock = HomeLock.take(Settings.from_env().home)
    except ConfigError as fault:
        return _refuse(fault)
    try:
        return _supervise(lock)
    except ConfigError as fault:
        return _refuse(fault)
    finally:
        lock.release()


def _supervise(lock: HomeLock) -> int:
    # A note left by a killed supervisor would pass for MONGODB_URI and REDIS_URL given by the user.
    Servers.forget(Settings.from_env().home)
    settings = Settings.from_env()
    console = Console(settings.home / "logs")
    loop = Loop(console)
    with loop.signals():
        try:
            _start(settings, console, loop, lock)
            loop.run()
        except StopRequestedError:
            pass
        finally:
            if loop.stop_requests:
                console.say("stopping")
            loop.stop()
            Servers.forget(settings.home)
            console.close()
    return 0


def _start(settings: Settings, console: Console, loop: Loop, lock: HomeLock) -> None:
    if ended := end_leftovers(settings.home):
        console.say(f"ended {len(ended)} processes of an earlier run that was killed")
    if fault := address_fault(settings.host, settings.port):
        raise ConfigError(fault)
    shutil.rmtree(settings.home / "metrics", ignore_errors=True)
    files.folder(settings.home / "metrics")

    begun = "" if settings.mongodb_uri and settings.redis_url else f" and databases under {settings.home}"
    console.say(f"starting Teller{begun}")
    servers = Servers.start(
        settings.home, mongodb_uri=settings.mongodb_uri, redis_url=settings.redis_url, lock=lock
    )
    for child in plan.server_children(servers):
        loop.adopt(child)

    env = plan.environment(settings, servers)
    if plan.wants_sandbox(settings):
        spec, url = plan.sandbox(settings, env)
        loop.wait_ready([loop.start(spec)], console.say)
        env["TELLER_SANDBOX_URL"] = url
        servers.note(sandbox_url=url)

    welcome = settings.home / "run" / "welcome.txt"
    welcome.unlink(missing_ok=True)
    if code := loop.wait_end(loop.start(plan.prepare(env)), console.say):
        raise ConfigError(f"The preparation failed (exit code {code}); its lines above say why.")

    children = [loop.start(spec) for spec in plan.service(settings, env)]
    loop.wait_ready(children, console.say)
    if welcome.exists():
        console.say(welcome.read_text(encoding="utf-8").rstrip("\n"))
    console.say(f"ready: {plan.local_url(settings)}")


def _refuse(fault: ConfigError) -> int:
    for sentence in fault.faults:
        print(sentence, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
