"""MongoDB, one file a noun: schema (indexes), accounts, events, threads, notes, hours, desks, customers, links,
conversations, outbox, staff, sessions, factors,
amended (edited and taken back), chain (the one hash of all records), chains (reading them for verification), seals,
exporting (for an examiner's pack), packs (those ordered on the page),
quality (the weekly audit), proofs (of what the bot said), governance,
retention (terms' statements, restrictions), restricted (in queries), holds, purging,
cases (their values case_values, what they do to others case_effects),
audit (its events; audit_kinds, concerned: whom they are about), trail (who saw whom),
backup, invitations, staff_requests, reveals, policies, figures. Only these files, the vault and `kb.store` know
pymongo."""
