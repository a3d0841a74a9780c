"""MongoDB, one file a noun: schema (indexes), accounts, events, threads,
conversations, outbox, staff, audit. Only these files, the vault and `kb.store` know pymongo."""
