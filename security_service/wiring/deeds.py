"""What people do about subscribers, cases and bans put together; every face takes it from here."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.archive.case_reader import CaseReader
from security_service.archive.engine import ArchiveDatabase
from security_service.archive.writer import EventWriter
from security_service.config.classes import Settings
from security_service.domain.ports import Meter
from security_service.store.case_desk import StoredCaseDesk
from security_service.store.event_streams import StoredEventStreams
from security_service.store.proposals import StoredProposals
from security_service.usecases.add_sim import AddSim
from security_service.usecases.carry_out import CarryOut
from security_service.usecases.four_eyes import FourEyes
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.move_events import MoveEvents
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.reverify import Reverify
from security_service.usecases.set_mode import SetMode
from security_service.usecases.unlock import Unlock
from security_service.usecases.work_cases import WorkCases
from security_service.wiring.shared import Core


@dataclass(frozen=True, slots=True)
class Deeds:
    """The deeds that open a way, cases and bans. `reverify` is for the worker, which goes on with those."""

    four_eyes: FourEyes
    work_cases: WorkCases
    keep_bans: KeepBans
    reverify: Reverify


@dataclass(frozen=True, slots=True)
class _EventsOnly:
    """The meter of a mover that moves one shard now and then: what it lags behind, the worker shows."""

    meter: Meter

    def moved(self, events: int) -> None:
        """Count nothing: see the class."""

    def lag(self, events: int, seconds: float) -> None:
        """Show nothing: see the class."""

    def event(self, name: str, label: str) -> None:
        """Count a gap, a conflict, an archive that is away."""
        self.meter.event(name, label)


def build_deeds(
    settings: Settings, core: Core, archive: ArchiveDatabase, policies: PolicyDesk, meter: Meter
) -> Deeds:
    """Put them together; store and archive are reached at their first use."""
    stored, frame = core.stored, core.stored.frame
    reverify = Reverify(stored.subscribers, core.sim_check, stored.tenants, stored.jobs, core.chance)
    carry_out = CarryOut(
        subscribers=stored.subscribers,
        modes=SetMode(stored.subscribers),
        references=reverify,
        sims=AddSim(stored.subscribers, core.sim_check),
        locks=Unlock(stored.subscribers),
        publishing=policies.publish,
        rolling_back=policies.roll_back,
    )
    mover = MoveEvents(
        StoredEventStreams(frame.scripts),
        EventWriter(archive, settings.installation_id, core.clock),
        core.clock,
        _EventsOnly(meter),
    )
    keep_bans = KeepBans(core.bans, stored.jobs)
    return Deeds(
        four_eyes=FourEyes(carry_out, StoredProposals(frame), stored.tenants, stored.tenants, core.chance),
        work_cases=WorkCases(CaseReader(archive), StoredCaseDesk(frame), mover, keep_bans, core.chance),
        keep_bans=keep_bans,
        reverify=reverify,
    )
