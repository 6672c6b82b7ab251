"""The worker's part of relayed messages over a day without any, for tests of the rest of its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from security_service.domain.ports import Clock, Gateway, Jobs, Meter, Tenants
from security_service.domain.secret import KeyRing
from security_service.usecases.deliver import Deliver
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.relay_message import RelayMessage
from security_service.usecases.report_message import ReportMessage
from tests.fakes.receipts import MemoryInbox
from tests.fakes.relay import IdleRelay, MemoryReports
from tests.fakes.routing import FirstChance
from tests.fakes.sealed import OpenSealer
from tests.fakes.sim import OLD_SIM, ScriptedSim
from tests.fakes.tally import NoTally
from tests.usecases.behind_the_scenes import OnePolicy

_IMSIS, _CODES = KeyRing({1: b"i" * 32}), KeyRing({1: b"c" * 32})


@dataclass(frozen=True)
class IdleRelayParts:
    """Three use cases that WorkJobs needs, over one idle relay."""

    tenants: Tenants
    deliver: Deliver
    jobs: Jobs
    gateways: Mapping[str, Gateway]
    clock: Clock
    meter: Meter

    def all(self) -> tuple[RelayMessage, PollReceipt, ReportMessage]:
        relay, tally = IdleRelay(), NoTally()
        gate = PassGate(ScriptedSim(OLD_SIM), OnePolicy(), tally, FirstChance(), self.clock, _IMSIS, _CODES)
        return (
            RelayMessage(
                self.tenants,
                relay,
                gate,
                self.deliver,
                OpenSealer(),
                tally,
                self.jobs,
                self.clock,
                self.meter,
            ),
            PollReceipt(self.gateways, relay, self.jobs, MemoryInbox(), frozenset(), self.clock, self.meter),
            ReportMessage(relay, MemoryReports(), self.jobs),
        )
