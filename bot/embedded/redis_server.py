"""A real redis-server with a password and an append-only file; what it loses is found again in MongoDB."""

from __future__ import annotations

import secrets
import subprocess
import time
from pathlib import Path

import redis

from bot.embedded import files, processes
from bot.embedded.binaries import binary
from bot.errors import ConfigError

PATIENCE = 60.0


class RedisServer:
    """One redis-server on `home`/db/redis. `spawn` starts it on `port`; `settle` waits for it."""

    name = "redis-server"
    stop_patience = 10.0

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "db" / "redis"
        self._conf = home / "run" / "redis.conf"
        self._log = home / "logs" / "redis-server.log"
        self._binary = binary("redis-server")
        self._password = files.secret(home / "keys" / "redis.password", lambda: secrets.token_urlsafe(32))
        self.port = files.remembered_port(home, self.name)

    @property
    def uri(self) -> str:
        """With credentials."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Makes sure that the port is still free, or takes another."""
        self.port = files.remembered_port(self._home, self.name)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Starts it on the same folder and port."""
        files.folder(self._data)
        # The password goes by file: a command line is for everybody to read.
        files.write_private(self._conf, self._configuration())
        with files.open_log(self._log) as log:
            return processes.spawn([str(self._binary), str(self._conf)], output=log)

    def end_stale(self) -> list[int]:
        """Ends a redis-server that an earlier, killed owner left on our folder; returns its pid, if any."""
        candidates = processes.every_pid()
        pid_file = self._home / "run" / "redis-server.pid"
        if pid_file.exists():
            candidates += [
                int(word) for word in pid_file.read_text("ascii", "replace").split() if word.isdigit()
            ]
        return processes.end_stale(candidates, self._is_ours, self.stop_patience)

    def settle(self, process: subprocess.Popen[bytes]) -> None:
        """Waits until it answers. Raises ConfigError with where to look."""
        until = time.monotonic() + PATIENCE
        with redis.Redis.from_url(self.uri, socket_timeout=2, socket_connect_timeout=2) as client:
            while time.monotonic() < until:
                if process.poll() is not None:
                    raise ConfigError(f"redis-server ended at its start; the reason is in {self._log}.")
                try:
                    client.ping()
                    return
                except redis.RedisError:  # not listening yet, or still loading
                    time.sleep(0.02)
        raise ConfigError(f"redis-server was not ready within {PATIENCE:.0f} s; its log is {self._log}.")

    def put_aside(self) -> bool:
        """Moves a damaged append-only file away, as nothing in it must last; False where there is none."""
        damaged = self._data / "appendonlydir"
        if not damaged.exists():
            return False
        damaged.rename(self._data / f"appendonlydir.damaged-{time.time_ns()}")
        return True

    def _is_ours(self, pid: int) -> bool:
        words = processes.command_line(pid)
        return bool(words) and Path(words[0]).name == "redis-server" and str(self._conf) in words

    def _configuration(self) -> str:
        lines = (
            f"bind 127.0.0.1\nport {self.port}\nprotected-mode yes",
            f"requirepass {self._password}",
            f'dir "{self._data}"\npidfile "{self._home / "run" / "redis-server.pid"}"',
            "daemonize no\nset-proc-title no",  # the original command line is how a stale one is recognised
            'appendonly yes\nappendfsync everysec\nsave ""',
            "auto-aof-rewrite-min-size 16mb",
            "maxmemory 256mb\nmaxmemory-policy noeviction",
            # Nothing a client sent may reach a log, not even from a crash.
            "crash-log-enabled no\ncrash-memcheck-enabled no\nhide-user-data-from-log yes",
            "slowlog-log-slower-than -1\nlatency-tracking no",
        )
        return "\n".join(lines) + "\n"
