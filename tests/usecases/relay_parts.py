"""The worker's part of relayed messages over a day without any, for tests of the rest of its work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from security_service.domain.incoming import HandlerAnswer, HandlerSilent, KeptIncoming
from security_service.domain.limits import LimitReached
from security_service.domain.ports import Clock, Gateway, Jobs, Meter, Tenants
from security_service.domain.secret import KeyRing, Msisdn
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver
from security_service.usecases.hand_on_reply import HandOnReply
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.relay_message import RelayMessage
from security_service.usecases.report_message import ReportMessage
from security_service.usecases.take_message import TakeMessage
from tests.fakes.receipts import MemoryInbox
from tests.fakes.relay import IdleRelay, MemoryReports
from tests.fakes.routing import FirstChance
from tests.fakes.sealed import OpenSealer
from tests.fakes.sim import OLD_SIM, ScriptedSim
from tests.fakes.store import MemoryStore, SetHealth
from tests.fakes.tally import NoTally
from tests.usecases.behind_the_scenes import OnePolicy

_IMSIS, _CODES = KeyRing({1: b"i" * 32}), KeyRing({1: b"c" * 32})


class NoReplies:
    """The IncomingById port of a day on which nobody wrote."""

    def get(self, tenant: str, number: int) -> KeptIncoming | None:
        return None


class NoWideLimits:
    """The WideLimits port of a tenant without any."""

    def take(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> LimitReached | None:
        return None

    def give_back(self, tenant: Tenant, number: Msisdn, source: str, keys: Sequence[str]) -> None:
        pass


def silent(url: str, message: KeptIncoming, within_s: float) -> HandlerAnswer:
    return HandlerSilent()


@dataclass(frozen=True)
class IdleRelayParts:
    """Four use cases that WorkJobs needs, over one idle relay."""

    tenants: Tenants
    deliver: Deliver
    jobs: Jobs
    gateways: Mapping[str, Gateway]
    clock: Clock
    meter: Meter

    def all(self) -> tuple[RelayMessage, PollReceipt, ReportMessage, HandOnReply]:
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
            HandOnReply(self.tenants, NoReplies(), silent, self._take(relay), self.jobs, self.meter),
        )

    def _take(self, relay: IdleRelay) -> TakeMessage:
        return TakeMessage(
            relay,
            relay,
            NoWideLimits(),
            SetHealth(MemoryStore()),
            OpenSealer(),
            FirstChance(),
            self.clock,
            self.meter,
            _CODES,
            640,
        )
