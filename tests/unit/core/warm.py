"""Another process with a warm key: says so, and then after how many seconds the key was gone. Arguments: MongoDB's
URI, Redis's, the master key and the ciphertext in hex."""

from __future__ import annotations

import sys
import time

from bot.live import Live
from bot.mongo import Mongo
from bot.queue import JobQueue
from bot.retention.warm import follow
from bot.vault import ERASED, Vault


def main(uri: str, redis: str, key: str, sealed: str) -> None:
    vault = Vault(Mongo(uri), {"local": {"key": bytes.fromhex(key)}})
    follow(vault, Live(redis, JobQueue(redis), lambda: False))
    assert vault.read(bytes.fromhex(sealed)) != ERASED
    time.sleep(0.3)
    # stdin says when the key is destroyed.
    print("warm", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    while vault.read(bytes.fromhex(sealed)) != ERASED:
        time.sleep(0.02)
    print(time.monotonic() - began, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
