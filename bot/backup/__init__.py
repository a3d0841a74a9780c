"""Backups, a module a line: stream (the encrypted file), keys (the key of backups), making (a backup of data, one of
keys), restoring (into an empty database, erasures applied before it opens)."""
