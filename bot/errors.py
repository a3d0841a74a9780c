"""Every error Teller raises on purpose; each carries what the caller has to decide.

    ServiceError
    ├── ConfigError      settings or machine do not fit: the process refuses to start
    ├── BadSignature     401  a webhook that its platform did not sign
    ├── BadPayload       400  not the platform's format, or bad user input
    ├── NotFound         404  unknown or disabled
    ├── NotAllowed       403  the role may not
    ├── Conflict         409  somebody was quicker: reload
    ├── AdviceWarning    409  a reply that reads as advice, without a reason: ask for one
    ├── TooMany          429  more than one person may do within an hour
    ├── TooLarge         413  a body beyond the limit
    ├── Unavailable      503  a server we need is away; the sender should retry
    └── SendError             a platform did not take a message; says whether to try again

Mapped to HTTP in `bot/app.py` and to a delivery status in `bot/delivery.py`, nowhere else.
"""

from __future__ import annotations


class ServiceError(Exception):
    """Base of all; `str(error)` is one sentence that says what to do and holds no personal data."""

    http_status = 500


class ConfigError(ServiceError):
    """Settings that do not fit, all faults at once: `faults` has a sentence for each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class BadSignature(ServiceError):
    http_status = 401


class BadPayload(ServiceError):
    http_status = 400


class NotFound(ServiceError):
    http_status = 404


class NotAllowed(ServiceError):
    http_status = 403


class Conflict(ServiceError):
    http_status = 409


class AdviceWarning(ServiceError):
    """A person's reply that reads as personalised advice and came without a reason; nothing was sent.

    `evidence` are ids of rules and holds no word of the reply.
    """

    http_status = 409

    def __init__(self, sentence: str, evidence: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.evidence = evidence


class TooMany(ServiceError):
    http_status = 429


class TooLarge(ServiceError):
    http_status = 413


class Unavailable(ServiceError):
    http_status = 503


class SendError(ServiceError):
    """A message the platform did not confirm.

    `code` is short and stable (`rate_limited`, `blocked`, `window_closed` ...), `retryable` says whether the same
    call may succeed later, `outcome_known` is False where the message may have gone out all the same, and
    `retry_after` is the platform's own wish in seconds.
    """

    http_status = 502

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retryable: bool,
        outcome_known: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.outcome_known = outcome_known
        self.retry_after = retry_after
