"""gunicorn for what is compared: bare of everything but what both need."""

from __future__ import annotations

control_socket_disable = True  # its socket has one place per user
accesslog = None
loglevel = "warning"
timeout = 60
graceful_timeout = 2
