"""A SIM check that answers as scripted, held against the reference as the real one holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from security_service.domain.imsi import IMSI_DIGITS, ImsiForm, SealedImsi, compare, no_data, seal
from security_service.domain.lookup import Liveness, NoData, SimSeen
from security_service.domain.ports import LookupTrace, SimFinding
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant

OLD_SIM = "250011234567890"
NEW_SIM = "250029876543210"
THIRD_SIM = "250990123456789"

Line = str | NoData | Exception

_KEYS = KeyRing({1: b"k" * 32})


def sealed(imsi: str, keys: KeyRing = _KEYS) -> SealedImsi:
    """The sealed form in which the scripted check gives an IMSI."""
    return seal(Imsi(imsi), IMSI_DIGITS, imsi[:5], keys, ImsiForm.DIGITS)


class ScriptedSim:
    """The SimCheck port. Each question takes the next line of the script; the last one stays.

    A line is an IMSI, a class of no data, or what is raised. `meanwhile` is called before the
    answer is given: what others do while the SIM is being asked. `swapped_at` dates each SIM seen;
    `banned` are the IMSIs that every tenant banned.
    """

    def __init__(self, *script: Line, meanwhile: Callable[[], None] | None = None) -> None:
        self.script = list(script)
        self.meanwhile = meanwhile
        self.swapped_at: int | None = None
        self.banned: set[str] = set()
        self.asked: list[tuple[Msisdn, float]] = []

    def ask(self, tenant: Tenant, number: Msisdn, subscriber: Subscriber, within_s: float) -> SimFinding:
        self.asked.append((number, within_s))
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if self.meanwhile is not None:
            self.meanwhile()
        if isinstance(line, Exception):
            raise line
        if isinstance(line, NoData):
            trace = LookupTrace("sandbox", line.value, 12)
            return SimFinding(no_data(line, source="sandbox"), (trace,))
        seen = SimSeen("sandbox", Imsi(""), Liveness.LIVE, mcc_mnc=line[:5], swapped_at=self.swapped_at)
        answer = compare(subscriber.reference, seen, sealed(line))
        answer = replace(answer, banned=line in self.banned)
        return SimFinding(answer, (LookupTrace("sandbox", "seen", 12),))
