"""The whole of WorkJobs over fakes, for the tests of it and of the loop that drives it."""

from __future__ import annotations

from collections.abc import Callable

from security_service.domain.jobs import Job
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver
from security_service.usecases.fall_back import FallBack
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.send_notice import SendNotice
from security_service.usecases.work_jobs import WorkJobs
from tests.fakes.cases import MemoryBans
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults, MemoryJobs, MemorySlots
from tests.fakes.receipts import MemoryInbox
from tests.fakes.routing import FirstChance, FreePace, MemoryArrivals, MemoryBreakers
from tests.fakes.sealed import MemorySealedTexts, OpenSealer
from tests.fakes.sim import OLD_SIM, ScriptedSim
from tests.fakes.store import MemoryStore
from tests.usecases.behind_the_scenes import (
    TENANT,
    CountingMeter,
    MemorySubscribers,
    MemoryTenants,
    OnePolicy,
    ScriptedGateway,
)
from tests.usecases.relay_parts import IdleRelayParts


class NoCap:
    """The NoticeCap port of a day that is never full."""

    def take(self, tenant: Tenant) -> bool:
        return True


class WholeWork:
    """Everything behind the scenes; REVERIFY goes to `reverify`."""

    def __init__(self, reverify: Callable[[Job], None] = lambda _: None) -> None:
        self.clock = HandClock()
        self.meter = CountingMeter()
        self.faults = Faults()
        self.jobs = MemoryJobs(self.clock, self.faults)
        self.slots = MemorySlots(self.jobs)
        self.gateway = ScriptedGateway(self.clock)
        tenants = MemoryTenants(TENANT)
        gateways = {"sms": self.gateway}
        subscribers = MemorySubscribers(self.jobs.events, self.faults)
        deliver = Deliver(
            gateways,
            MemoryBreakers(),
            FreePace(),
            MemoryArrivals(),
            FirstChance(),
            self.clock,
            self.meter,
        )
        self.work = WorkJobs(
            self.jobs,
            self.slots,
            LookBehind(tenants, subscribers, ScriptedSim(OLD_SIM), OnePolicy(), self.jobs, self.meter),
            reverify,
            SendNotice(tenants, NoCap(), deliver, self.jobs, self.meter),
            PollReceipt(gateways, self.slots, self.jobs, MemoryInbox(), frozenset(), self.clock, self.meter),
            FallBack(
                tenants,
                subscribers,
                ScriptedSim(OLD_SIM),
                OnePolicy(),
                MemorySealedTexts(self.clock, self.faults),
                OpenSealer(),
                deliver,
                self.jobs,
                self.clock,
                self.meter,
            ),
            *IdleRelayParts(tenants, deliver, self.jobs, gateways, self.clock, self.meter).all(),
            KeepBans(MemoryBans(MemoryStore()), self.jobs),
            self.meter,
        )
