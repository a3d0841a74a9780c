"""MongoDB, one file a noun: schema (indexes), accounts, events, threads, notes, hours, desks, customers, links,
conversations, outbox, staff, sessions, factors,
chain (the one hash of all records), chains (reading them for verification), seals,
retention (terms' statements, restrictions), restricted (in queries), holds, purging,
backup, invitations, staff_requests, audit, reveals, policies, figures. Only these files, the vault and `kb.store` know
pymongo."""
