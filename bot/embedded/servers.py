"""Both embedded servers of one TELLER_HOME, and the note (run/servers.json) by which commands find them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Protocol, Self

from bot.embedded import files, processes
from bot.embedded.lock import HomeLock
from bot.embedded.mongod import Mongod
from bot.embedded.redis_server import RedisServer
from bot.errors import ConfigError


class Server(Protocol):
    """What a supervisor needs: `spawn` starts it anew on the same folder and port."""

    name: str
    port: int
    stop_patience: float

    @property
    def uri(self) -> str: ...

    def prepare(self) -> None: ...

    def spawn(self) -> subprocess.Popen[bytes]: ...

    def settle(self, process: subprocess.Popen[bytes]) -> None: ...

    def end_stale(self) -> list[int]: ...


class Servers:
    """Running servers. `processes` are by name; `mongodb_uri` and `redis_url` hold passwords."""

    def __init__(self, home: Path, mongodb_uri: str | None, redis_url: str | None) -> None:
        self.home = home
        self.mongodb_uri = mongodb_uri or ""
        self.redis_url = redis_url or ""
        self.servers: dict[str, Server] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._extra: dict[str, str] = {}
        self._lock: HomeLock | None = None

    @classmethod
    def start(
        cls,
        home: Path,
        *,
        mongodb_uri: str | None = None,
        redis_url: str | None = None,
        lock: HomeLock | None = None,
    ) -> Self:
        """Starts what is not given (here or by MONGODB_URI, REDIS_URL) and waits until it can be used.

        `home` is locked unless the caller holds its lock. Call from a thread that lives as long as the
        servers should: they stop when it ends. Raises ConfigError, with nothing left running.
        """
        home = home.resolve()
        files.folder(home)
        mine = cls(
            home, mongodb_uri or os.environ.get("MONGODB_URI"), redis_url or os.environ.get("REDIS_URL")
        )
        if lock is None:
            mine._lock = HomeLock.take(home)
        try:
            if not mine.mongodb_uri:
                mine.servers["mongod"] = Mongod(home)
            if not mine.redis_url:
                mine.servers["redis-server"] = RedisServer(home)
            for server in mine.servers.values():
                mine._bring_up(server)
            mine._settle()
        except BaseException:
            mine.stop()
            raise
        mine.note()
        return mine

    def restart(self, name: str) -> subprocess.Popen[bytes]:
        """Starts one again after it died: same folder, same port, same address. Does not wait for it."""
        process = self.servers[name].spawn()
        self.processes[name] = process
        self.note()
        return process

    def note(self, **extra: str) -> None:
        """Writes run/servers.json (0600): addresses with credentials, pids, what else commands need."""
        self._extra.update(extra)
        found: dict[str, object] = {
            "mongodb_uri": self.mongodb_uri,
            "redis_url": self.redis_url,
            **self._extra,
        }
        found["pids"] = {name: process.pid for name, process in self.processes.items()}
        files.write_private(self._note_path(self.home), json.dumps(found, indent=1))

    @staticmethod
    def forget(home: Path) -> None:
        """Removes the note, which a killed owner leaves behind."""
        Servers._note_path(home).unlink(missing_ok=True)

    def stop(self) -> None:
        """Stops what was started, Redis first, and removes the note. Safe to call twice."""
        for name in reversed(self.processes):
            processes.stop(self.processes[name], self.servers[name].stop_patience)
        self.processes.clear()
        self.forget(self.home)
        if self._lock:
            self._lock.release()

    @staticmethod
    def _note_path(home: Path) -> Path:
        return home / "run" / "servers.json"

    def _bring_up(self, server: Server) -> None:
        server.end_stale()
        server.prepare()
        self.processes[server.name] = server.spawn()

    def _settle(self) -> None:
        for name, server in self.servers.items():
            try:
                server.settle(self.processes[name])
            except ConfigError:
                if not self._second_try(server):
                    raise
        if "mongod" in self.servers:
            self.mongodb_uri = self.servers["mongod"].uri
        if "redis-server" in self.servers:
            self.redis_url = self.servers["redis-server"].uri

    def _second_try(self, server: Server) -> bool:
        """Whether it came up after all: on another port if ours was taken, Redis on an empty folder."""
        if self.processes[server.name].poll() is None:
            return False
        before = server.port
        server.prepare()
        if server.port == before and not (isinstance(server, RedisServer) and server.put_aside()):
            return False
        self.processes[server.name] = server.spawn()
        server.settle(self.processes[server.name])
        return True
