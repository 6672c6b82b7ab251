"""What the use cases of people's actions are tried with: one tenant, one number, a store in memory."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.imsi import Candidate, Grade, ImsiMember, learnt
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from security_service.usecases.actions import Action
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed
from tests.fakes.store import START

NUMBER = Msisdn("79161112211")
BANK = Tenant("bank")
DAY = 86_400
ACTION = Action(BANK, NUMBER, "olga", "the client called", "r1")


def member(imsi: str) -> ImsiMember:
    return sealed(imsi).newest()


def known(imsi: str = OLD_SIM, since: int = START - 30 * DAY) -> Subscriber:
    """A subscriber whose reference is one SIM."""
    return replace(NEW_SUBSCRIBER, reference=learnt(sealed(imsi), since, Grade.FIRST_SEEN), messaged=True)


def suspected(candidate: str = NEW_SIM, imsi: str = OLD_SIM) -> Subscriber:
    """A subscriber whose SIM was seen to change."""
    seen = START - 60
    return replace(known(imsi), candidate=Candidate(member(candidate), seen, seen))
