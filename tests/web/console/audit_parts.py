"""The audit log of the console's tests: events of the store, a sealed log of its own, what takes them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from security_service.domain.log_file import Leaf
from security_service.domain.ports import Clock
from security_service.links.signing import LogSigner
from security_service.store.log_journal import StoredLogJournal
from security_service.usecases.audit_desk import AuditDesk
from security_service.usecases.check_log import CheckLog
from security_service.usecases.export_audit import ExportAudit
from security_service.usecases.make_evidence import MakeEvidence
from security_service.usecases.prove_log import ProveLog
from security_service.usecases.seal_log import SealLog
from security_service.usecases.search_audit import SearchAudit
from tests.domain.log_attack import AT, SIGNER, TRUSTED
from tests.fakes.clock import HandClock
from tests.fakes.sealing import HeldHeads, HeldLog, Place
from tests.store.rig import StoreRig
from tests.usecases.behind_the_scenes import CountingMeter
from tests.usecases.evidence_rig import events


class TimedLog(HeldLog):
    """A log each part of which takes `seconds` to read."""

    def __init__(self, held: Sequence[str], clock: HandClock) -> None:
        super().__init__(held)
        self.clock, self.seconds = clock, 0.0

    def leaves(self, first: int, end: int) -> Iterator[Leaf]:
        self.clock.move(self.seconds)
        return super().leaves(first, end)


class SealedLog:
    """A sealed log with one code in it, which a test may tamper with, and a place where heads stand."""

    def __init__(self, signer: LogSigner | None = SIGNER) -> None:
        self.clock = HandClock()
        self.log = TimedLog([text for _, text in events()], self.clock)
        self.heads, self.place = HeldHeads(), Place()
        self.signer = signer

    def desk(self, store: StoreRig, clock: Clock) -> AuditDesk:
        """Everything that people do with the audit log."""
        journal = StoredLogJournal(store.frame)
        search = SearchAudit(store.log, clock)
        seal = SealLog(
            self.log,
            self.heads,
            self.signer,
            journal,
            publishers=[self.place],
            installation="i1",
            now=lambda: AT,
            meter=CountingMeter(),
        )
        return AuditDesk(
            search=search,
            export=ExportAudit(search, journal, clock),
            seal=seal,
            prove=ProveLog(seal, self.log, self.log, journal),
            check=CheckLog(seal, self.log, self.heads, TRUSTED.check, self.clock),
            evidence=MakeEvidence(seal, self.log, self.log, journal, self.signer, lambda: AT),
            public_pem="" if self.signer is None else self.signer.public_pem(),
        )
