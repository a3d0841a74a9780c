"""Local stand-ins of the LINE, Messenger, Telegram and OpenAI APIs, and of the firm's own system: as strict as the
real ones, and able to fail on purpose.

Read in this order:
- `server.py`     one WSGI process: routing, faults, recording
- `line*.py`, `messenger.py`, `telegram*.py`, `openai_api.py`   one platform each
- `firm.py`       the firm's own system: how applications stand, as docs/openapi/application-status.yaml has it
- `faults.py`     failures on purpose
- `state.py`      accounts, what was received, faults to come; `wire.py` request and answer
- `control.py`    `/_control/...`: what tests, `flask simulate` and the page at `/` drive it with
- `firing.py`, `outbound.py`   make events and post them to the bot, as the platforms do
- `events/`       pure builders of signed webhook payloads, for tests and benches too
- `client.py`     `Sandbox.start(...)`: the helper for fixtures

It imports nothing of the product, so a mistake in the product cannot hide itself here.
"""
