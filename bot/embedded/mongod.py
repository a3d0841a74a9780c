"""A real mongod as a replica set of one (transactions need that), with a key file and a password."""

from __future__ import annotations

import base64
import secrets
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from bot.embedded import files, processes
from bot.embedded.binaries import binary
from bot.errors import ConfigError

REPLICA_SET = "teller"
USER = "teller"
# After a change of port it asks whoever has the old one whether that is itself, for 30 s if nobody answers.
PATIENCE = 90.0
_UNAUTHORISED, _WRONG_PASSWORD, _USER_EXISTS = 13, 18, 51003
_Client = MongoClient[dict[str, Any]]


class Mongod:
    """One mongod on `home`/db/mongo. `spawn` starts it on `port`; `settle` waits until it can be used.

    After the first `settle`, a new `spawn` alone is enough: it elects itself again within two seconds.
    """

    name = "mongod"
    stop_patience = 30.0

    def __init__(self, home: Path) -> None:
        self._home = home
        self._data = home / "db" / "mongo"
        self._log = home / "logs" / "mongod.log"
        self._key = home / "keys" / "mongo.key"
        self._binary = binary("mongod")
        files.secret(self._key, lambda: base64.b64encode(secrets.token_bytes(756)).decode("ascii"))
        self._password = files.secret(home / "keys" / "mongo.password", lambda: secrets.token_urlsafe(32))
        self.port = files.remembered_port(home, self.name)

    @property
    def uri(self) -> str:
        """With credentials. No directConnection: a driver that knows the set waits for its primary."""
        query = f"replicaSet={REPLICA_SET}&authSource=admin"
        return f"mongodb://{USER}:{self._password}@127.0.0.1:{self.port}/?{query}"

    def spawn(self) -> subprocess.Popen[bytes]:
        """Starts it on the same folder and port."""
        files.folder(self._data)
        with files.open_log(self._log) as log:
            return processes.spawn(self._command(), output=log)

    def end_stale(self) -> list[int]:
        """Ends a mongod that an earlier, killed owner left on our folder; returns its pid, if any."""
        candidates = processes.every_pid()
        lock = self._data / "mongod.lock"
        if lock.exists():
            candidates += [int(word) for word in lock.read_text("ascii", "replace").split() if word.isdigit()]
        return processes.end_stale(candidates, self._is_ours, self.stop_patience)

    def settle(self, process: subprocess.Popen[bytes]) -> None:
        """Waits until it is primary and our user exists. Raises ConfigError with the reason from its log."""
        until = time.monotonic() + PATIENCE
        bare: _Client = self._client(f"mongodb://127.0.0.1:{self.port}/")
        ours: _Client = self._client(self.uri.replace(f"replicaSet={REPLICA_SET}&", ""))
        try:
            self._await_primary(process, bare, ours, until)
            self._ensure_user(bare, ours)
        finally:
            bare.close()
            ours.close()
        self._finished.touch(mode=0o600)

    def prepare(self) -> None:
        """Takes a free port; puts aside a folder whose first start was cut off before anyone could store."""
        if any(self._data.glob("*")) and not self._finished.exists():
            aside = self._data.with_name(f"mongo.unfinished-{time.time_ns()}")
            self._data.rename(aside)
        self.port = files.remembered_port(self._home, self.name)

    @property
    def _finished(self) -> Path:
        return self._data / "teller-set-up"

    def _command(self) -> list[str]:
        return [
            *(str(self._binary), "--dbpath", str(self._data)),
            *("--port", str(self.port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--oplogSize", "256", "--keyFile", str(self._key)),
            *("--wiredTigerCacheSizeGB", "0.25"),
            # Three journal files are made ahead: of 100 MB each where nobody says so.
            *("--wiredTigerEngineConfigString", "log=(file_max=16MB)"),
            # Slow operations are logged with filters and documents, that is with personal data: log none.
            *("--quiet", "--profile", "0", "--slowms", "2147483647", "--slowOpSampleRate", "0"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # The password has 256 bits, so stretching it buys nothing and costs each new connection 10 ms.
            *("--setParameter", "scramSHA256IterationCount=5000"),
            # There is nobody to hand over to.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        ]

    def _is_ours(self, pid: int) -> bool:
        words = processes.command_line(pid)
        return bool(words) and Path(words[0]).name == "mongod" and str(self._data) in words

    @staticmethod
    def _client(uri: str) -> _Client:
        return MongoClient(
            uri,
            directConnection=True,
            serverSelectionTimeoutMS=2000,
            connectTimeoutMS=2000,
            socketTimeoutMS=10000,
        )

    def _await_primary(
        self, process: subprocess.Popen[bytes], bare: _Client, ours: _Client, until: float
    ) -> None:
        why = "it did not answer"
        while time.monotonic() < until:
            if process.poll() is not None:
                raise ConfigError(f"mongod ended at its start; the reason is in {self._log}.")
            if files.is_free(self.port):  # cheaper than to let the driver find out
                time.sleep(0.02)
                continue
            try:
                hello = bare.admin.command("hello")
                if hello.get("isWritablePrimary"):
                    return
                why = str(hello.get("info") or "it is not primary yet")
                if "setName" not in hello:
                    self._join(bare, ours)
            except OperationFailure as fault:
                if fault.code == _WRONG_PASSWORD:
                    raise self._locked_out() from None
                why = f"it answered with error {fault.code}"
            except PyMongoError as fault:
                why = type(fault).__name__
            time.sleep(0.05)
        raise ConfigError(f"mongod was not ready within {PATIENCE:.0f} s ({why}); its log is {self._log}.")

    def _join(self, bare: _Client, ours: _Client) -> None:
        """Makes the set, or points it to the port we have now. Without a user only the first is allowed."""
        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        if not self._finished.exists():
            bare.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            return
        config: Mapping[str, Any] = ours.local["system.replset"].find_one() or {}
        if config and config["members"][0]["host"] != member["host"]:
            changed = {
                **config,
                "members": [{**config["members"][0], **member}],
                "version": config["version"] + 1,
            }
            ours.admin.command("replSetReconfig", changed, force=True)

    def _ensure_user(self, bare: _Client, ours: _Client) -> None:
        if not self._finished.exists():
            try:
                bare.admin.command("createUser", USER, pwd=self._password, roles=["root"])
            except OperationFailure as fault:
                if fault.code not in (_UNAUTHORISED, _USER_EXISTS):
                    raise
        try:
            ours.admin.command("ping")
        except OperationFailure:
            raise self._locked_out() from None

    def _locked_out(self) -> ConfigError:
        return ConfigError(
            f"The password in {self._home / 'keys'} does not open {self._data}: "
            f"bring back the keys folder that belongs to it, or move {self._data} away to start empty."
        )
