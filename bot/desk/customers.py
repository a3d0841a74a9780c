"""One customer over all identities: what people may see and do, each act with its audit entry."""

from __future__ import annotations

from dataclasses import dataclass

from bot.mongo import Mongo
from bot.store.audit import AuditStore
from bot.store.customers import CustomerStore
from bot.store.links import LinkStore


@dataclass(frozen=True, slots=True)
class Customers:
    """Methods raise PyMongoError where MongoDB is away."""

    mongo: Mongo
    store: CustomerStore
    links: LinkStore
    audit: AuditStore

    def verified_as(self, customer_id: str) -> str | None:
        """The firm's own id of this customer, where that identity or one tied to it by proof has proven it.

        None also where proofs lead to two customers of the firm's: an account that both have linked proves neither.
        """
        proven = set(self.store.firm_ids(self.links.proven(customer_id)).values())
        return proven.pop() if len(proven) == 1 else None
