"""How strictly people sign in: two profiles, and the firm's own sign-in where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.settings_read import integer, json_object, one_of

PROFILES = ("owasp", "strict")
ROLES = ("agent", "senior", "supervisor", "compliance", "admin", "auditor")
ABSOLUTE_HOURS = 12
SHORTEST_LABEL = 4


@dataclass(frozen=True, slots=True)
class Security:
    """`owasp`: back-off, 30 idle minutes, no forced change of passwords. `strict`: what Taiwan's rules for electronic
    payment ask for (lock after 5 failures, 90 days, 10 idle minutes). `production` makes second factors a duty.
    """

    profile: str = "owasp"
    production: bool = False
    reveals_per_hour: int = 20
    """How many masked fields one person may see in full within an hour."""
    opens_per_hour: int = 60
    """How many conversations outside one's own queue one person opens within an hour before it is an alert."""
    context_words: tuple[str, ...] = ()
    """Names of the firm, its products and this system: no new password may contain one."""

    @property
    def strict(self) -> bool:
        return self.profile == "strict"

    @property
    def idle_minutes(self) -> int:
        return 10 if self.strict else 30

    @property
    def password_days(self) -> int | None:
        return 90 if self.strict else None

    def needs_second_factor(self, role: str) -> bool:
        return self.production and (self.strict or role in ("compliance", "admin"))


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The firm's OpenID provider. `roles` maps a value of `role_claim` to one of ours; empty: roles stay ours.

    `strong` are values of `amr` or `acr` that count as a second factor; empty: nothing does.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    role_claim: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    strong: tuple[str, ...] = ()


def security(values: Mapping[str, str], production: bool, public_url: str, faults: list[str]) -> Security:
    profile = one_of(values, "TELLER_SECURITY", PROFILES, "owasp", faults)
    reveals = integer(values, "TELLER_REVEALS_PER_HOUR", 20, 1, 1000, faults)
    opens = integer(values, "TELLER_OPENS_PER_HOUR", 60, 1, 10_000, faults)
    return Security(profile, production, reveals, opens, _context_words(values, public_url, faults))


def _context_words(values: Mapping[str, str], public_url: str, faults: list[str]) -> tuple[str, ...]:
    """What the firm lists, and the parts of this system's own address but for the last."""
    listed = [" ".join(one.split()) for one in (values.get("TELLER_FIRM_NAMES") or "").split(",")]
    named = [one for one in listed if one]
    if any(sum(map(str.isalnum, one)) < (3 if one.isascii() else 2) for one in named):
        faults.append("TELLER_FIRM_NAMES must be names of three letters or more, with commas between.")
    host = (urlsplit(public_url).hostname or "").split(".")[:-1]
    return (*named, *(one for one in host if len(one) >= SHORTEST_LABEL and not one.isdigit()))


def oidc_settings(values: Mapping[str, str], production: bool, faults: list[str]) -> OidcSettings | None:
    issuer = values.get("TELLER_OIDC_ISSUER") or ""
    client_id = values.get("TELLER_OIDC_CLIENT_ID") or ""
    client_secret = values.get("TELLER_OIDC_CLIENT_SECRET") or ""
    role_claim = values.get("TELLER_OIDC_ROLE_CLAIM") or None
    roles = json_object(values, "TELLER_OIDC_ROLES", faults)
    strong = tuple(
        filter(None, (word.strip() for word in (values.get("TELLER_OIDC_STRONG") or "").split(",")))
    )
    if not issuer:
        return None
    if not client_id or not client_secret:
        faults.append(
            "TELLER_OIDC_CLIENT_ID and TELLER_OIDC_CLIENT_SECRET must be set with TELLER_OIDC_ISSUER."
        )
    parts = urlsplit(issuer)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        faults.append("TELLER_OIDC_ISSUER must be an address such as https://login.example.com.")
    elif production and parts.scheme != "https":
        faults.append("TELLER_OIDC_ISSUER must be https in production: people sign in there.")
    known = {key: str(role) for key, role in roles.items()}
    if set(known.values()) - set(ROLES):
        faults.append(f"TELLER_OIDC_ROLES may only name these roles: {', '.join(ROLES)}.")
    if role_claim and not known:
        faults.append('TELLER_OIDC_ROLES must map values of the claim, such as {"cs-agents": "agent"}.')
    return OidcSettings(issuer, client_id, client_secret, role_claim, known, strong)
