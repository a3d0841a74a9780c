"""Another process that reads with a warm key all the time: says so, and then at what Unix time the key was gone.
Arguments: MongoDB's URI, Redis's, the master keys by provider and the ciphertext in hex."""

from __future__ import annotations

import json
import sys
import time

from bot.live import Live
from bot.mongo import Mongo
from bot.queue import JobQueue
from bot.retention.warm import follow
from bot.vault import ERASED, Vault


def main(uri: str, redis: str, keys: str, sealed: str) -> None:
    vault = Vault(Mongo(uri), {name: {"key": bytes.fromhex(key)} for name, key in json.loads(keys).items()})
    follow(vault, Live(redis, JobQueue(redis), lambda: False))
    assert vault.read(bytes.fromhex(sealed)) != ERASED
    # The subscription is there.
    time.sleep(0.3)
    print("warm", flush=True)
    while vault.read(bytes.fromhex(sealed)) != ERASED:
        time.sleep(0.01)
    print(time.time(), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
