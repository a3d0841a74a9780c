"""AI governance: what models and rules run, who answers for them, what was changed, that they can be stopped.

systems    what runs, read off the process and its files
register   owner, risk and last review of each, in versions; the log of changes; drills
drill      the kill switch exercised on a web account, and how soon it took effect
"""
