"""The service, bottom up, a floor a line; `.importlinter` is the same as a rule.

errors, masking, neutral (holds are spoken of neutrally), passwords (which are too easy), pdf,
origin (from where and for what something is done)
hours (when people answer), hours_document, deadlines (terms in days)
settings_read, settings_keys, settings_status, settings_retention, settings_security, settings_records,
settings_transport,
settings_quality, settings,
model, logs, metrics, ready, shutdown, precedence (who goes first where cores are short),
tls (as gunicorn serves it), contracts
slots (places in approved notices), attached (files), reasons (why somebody did it)
mongo, vault, vault_keys (rotation of master keys), store, queue
records (seals, and the verification of every chain)
live, rendering, switch (the AI off and on), linking (identities that prove to be one), ai, turns
csat (how was it?)
desk (what people's work stands on)
aside (events to which nothing is said: echoes, edits, messages taken back)
webhooks, mailbox, pipeline, delivery, profiles, agent_actions, sweeper
applications (how they stand, from the firm's system)
link_invitations
webchat
retention (how long records are kept, and how they go), backup
cases (requests of data subjects and complaints, with the law's clocks), export (the examiner's pack)
labels, automation, policies, policies_live, wordings, gaps, replay, proposals, runs, imports, shared_phrasings,
phrasings, figures, assist, at_hand, attachments, verifications (of the records, from a page),
key_register (which keys there are, and when they are due)
governance (what models and rules run), quality (the weekly audit of what the bot says, and the proof of it)
accounts, encoding, rules_trial, advising
compose_kb, compose_governance, compose_quality, compose_records, compose_backup, house, compose
app, jobs, worker, clock
samples, prepare, supervisor, evaluation, cli
"""

import os

# Numerical libraries read these when they load: with several threads each, two of them fight over few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
