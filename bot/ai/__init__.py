"""The firm's own model, optional. It checks, refuses and suggests; no word it writes reaches a customer by itself.

Read in this order: `adviser` (what it is asked), `advice` (what came of it), `advised` (where its word counts),
`prompts`, `model` (one question), `embedding` (which of those found is nearest), `guard` (each call: deadline, breaker,
budget), `wire` (the official client), `outgoing` (what may leave), `ledger` and `prices`, `breaker`.
Nothing here runs, and `openai` is not imported, unless OPENAI_API_KEY is set. docs/how-to/own-model.md: setting it up.
"""

from __future__ import annotations
