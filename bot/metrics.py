"""Counters and histograms for Prometheus; labels are fixed words, never ids of people."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

WEBHOOKS = Counter("teller_webhooks_total", "Webhook calls by answer", ["channel", "status"])
EVENTS = Counter("teller_events_total", "Events by what became of them", ["channel", "outcome"])
DECISIONS = Counter("teller_decisions_total", "Turns by handler and decision", ["handler", "decision"])
SENDS = Counter("teller_sends_total", "Calls at platforms by outcome", ["channel", "outcome"])
STUCK = Counter("teller_requeued_total", "Threads the clock had to wake again")
ASSIGNED = Counter("teller_assigned_total", "Conversations the router gave to somebody", ["why"])
RETURNED = Counter("teller_returned_total", "Conversations that went back to the queue", ["why"])
DECIDE_SECONDS = Histogram("teller_decide_seconds", "Time to decide a turn")
TURN_SECONDS = Histogram(
    "teller_turn_seconds",
    "From received to decided and stored",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
STATUS_SECONDS = Histogram(
    "teller_status_seconds",
    "Look-ups of applications at the firm's system",
    ["by", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)
HTTP_ERRORS = Counter("teller_http_errors_total", "Refused requests by status", ["status"])
MODEL_CALLS = Counter("teller_model_calls_total", "Calls of the firm's own model", ["purpose", "outcome"])
MODEL_SECONDS = Histogram(
    "teller_model_seconds", "Time a call of the model took, refused ones included", ["purpose"]
)
MODEL_WARNINGS = Counter(
    "teller_model_budget_warnings_total", "Months in which 80 % of the model's budget were spent"
)
MODEL_BUDGET = Gauge(
    "teller_model_budget_used", "Share of the month's budget that is spent", multiprocess_mode="mostrecent"
)
