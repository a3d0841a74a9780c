"""MongoDB, one file a noun: schema (indexes), accounts, events, threads, notes, hours, desks, customers, links,
conversations, outbox, staff, sessions, factors,
invitations, staff_requests, audit, policies, figures. Only these files, the vault and `kb.store` know pymongo."""
