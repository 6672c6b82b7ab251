"""Ban the SIM of a fraud, list the banned ones and lift a ban; the gate refuses what is banned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.ban_ports import BanBook
from security_service.domain.bans import Ban, ban_name
from security_service.domain.cases import Case
from security_service.domain.jobs import Job, JobKind
from security_service.domain.ports import Jobs

_DUE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class BanLifted:
    """The SIM may be trusted again."""

    ban: Ban


@dataclass(frozen=True, slots=True)
class NoSuchBan:
    """No ban has this name, or more than one has."""


@dataclass(frozen=True, slots=True)
class MayNotLift:
    """Only a lead lifts bans."""


LiftOutcome = BanLifted | NoSuchBan | MayNotLift


@dataclass(frozen=True, slots=True)
class KeepBans:
    """A closed case bans at once; the job that was written with its end makes sure of it after a crash."""

    book: BanBook
    jobs: Jobs

    def ban(self, case: Case, actor: str, request_id: str) -> bool:
        """Ban the SIM of a case that was closed as fraud; False where it is so. Raises StoreUnavailable."""
        ban = Ban(case.tenant, case.imsi, case.number, case.id, actor)
        facts: dict[str, Json] = {"actor": actor, "reason": "fraud", "request_id": request_id}
        return self.book.put(ban, Event(EventKind.IMSI_BANNED, facts))

    def job(self, case: Case, actor: str, token: str) -> Job:
        """Give the job that bans the SIM of a case, should nobody else come to it; `token` makes its id."""
        data = (("actor", actor), ("case", case.id), ("imsi", case.imsi))
        return Job(f"b{token}", JobKind.BAN, case.tenant, case.number, data, _DUE_S)

    def attempt(self, job: Job) -> None:
        """Do one BAN job; done twice it does nothing. Raises StoreUnavailable, after which it comes back."""
        ban = Ban(job.tenant, job.get("imsi"), job.number, job.get("case"), job.get("actor"))
        facts: dict[str, Json] = {"actor": ban.by, "reason": "fraud", "request_id": job.id}
        self.book.put(ban, Event(EventKind.IMSI_BANNED, facts))
        self.jobs.finish(job, ())

    def every(self, tenant: str) -> Sequence[Ban]:
        """Give a tenant's bans, newest first. Raises StoreUnavailable."""
        return self.book.every(tenant)

    def lift(self, tenant: str, actor: Actor, name: str, reason: str, request_id: str) -> LiftOutcome:
        """Lift the ban of that name (`ban_name`, or the whole token). Raises StoreUnavailable."""
        if not actor.may(Role.LEAD):
            return MayNotLift()
        named = [ban for ban in self.book.every(tenant) if name in {ban.imsi, ban_name(ban.imsi)}]
        if len(named) != 1:
            return NoSuchBan()
        facts: dict[str, Json] = {"actor": actor.name, "reason": reason, "request_id": request_id}
        is_lifted = self.book.lift(named[0], Event(EventKind.IMSI_UNBANNED, facts))
        return BanLifted(named[0]) if is_lifted else NoSuchBan()
