"""The LogJournal port: what is done with the log stands in the log, among what is managed."""

from __future__ import annotations

from security_service.domain.audit import Event, canonical
from security_service.domain.secret import Msisdn
from security_service.store.frame import MANAGED, StoreFrame, subject_text
from security_service.store.keys import MANAGEMENT, shard_key
from security_service.store.scripts import load


class StoredLogJournal:
    """Writes single events. Raises StoreUnavailable."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._tell = load("tell_managed")

    def tell(self, tenant: str, number: Msisdn | None, event: Event) -> None:
        """Write an event about a tenant's number, about a tenant, or about neither."""
        if number is None:
            subject = canonical({"tenant": tenant} if tenant else {})
        else:
            subject = subject_text(tenant, number)
        self._frame.run_ours(
            self._tell,
            [shard_key(MANAGEMENT, "events"), shard_key(MANAGEMENT, "seq")],
            MANAGED,
            [self._frame.now(), subject, MANAGEMENT, event.kind.value, canonical(event.facts)],
        )
