"""Facts for the gate as its tests write them down: SIMs by number, a day for now, the shipped policies."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from security_service.domain.gate import GateInput, MalformedImsi
from security_service.domain.imsi import (
    NOT_ASKED,
    Grade,
    ImsiForm,
    Reference,
    ReferenceMember,
    SealedImsi,
    SimAnswer,
    compare,
    no_data,
    seal,
)
from security_service.domain.lookup import Liveness, NoData, SimSeen
from security_service.domain.operation import Operation
from security_service.domain.policy import Policy, Traffic
from security_service.domain.policy_document import PolicyFaults, parse_policy
from security_service.domain.secret import Imsi, KeyRing
from security_service.domain.subscriber import Mode, Override, Subscriber

POLICIES = Path(__file__).parents[2] / "policies"
HOUR = 3600
DAY = 24 * HOUR
NOW = 1_750_000_000
LONG_AGO = NOW - 400 * DAY
OLD_SIM = "250011234567890"
NEW_SIM = "250019876543210"
THIRD_SIM = "250995550001112"
KEYS = KeyRing({1: b"k" * 32})
PAYMENT = Operation("transfer", 150_000, "RUB", "ООО Ромашка")
PLAIN = Operation()


@cache
def shipped(name: str) -> Policy:
    policy = parse_policy((POLICIES / f"{name}.toml").read_text(encoding="utf-8"))
    assert not isinstance(policy, PolicyFaults), policy
    return policy


def sealed(imsi: str, keys: KeyRing = KEYS, form: ImsiForm = ImsiForm.DIGITS) -> SealedImsi:
    return seal(Imsi(imsi), "imsi", imsi[:5], keys, form)


def member(
    imsi: str, *, first_seen: int = LONG_AGO, grade: Grade = Grade.FIRST_SEEN, age_waived: bool = False
) -> ReferenceMember:
    return ReferenceMember(sealed(imsi).newest(), first_seen, first_seen, grade, age_waived)


def known(*imsis: str, first_seen: int = LONG_AGO, grade: Grade = Grade.FIRST_SEEN) -> Subscriber:
    """A subscriber with a reference who was written to before."""
    members = tuple(member(imsi, first_seen=first_seen, grade=grade) for imsi in imsis or (OLD_SIM,))
    return Subscriber(reference=Reference(members), messaged=True)


def overridden(mode: Mode, *, bound_to: str = "", until: int = NOW + DAY) -> Override:
    evidence = sealed(bound_to).newest() if bound_to else None
    return Override(mode, "o.petrova", "called back", NOW - HOUR, until, evidence, bound=bool(bound_to))


def sees(
    imsi: str, subscriber: Subscriber, *, swapped_at: int | None = None, form: ImsiForm = ImsiForm.DIGITS
) -> SimAnswer:
    """The SIM answer of a source that names this IMSI."""
    seen = SimSeen("imsi_soap", Imsi(""), Liveness.LIVE, mcc_mnc=imsi[:5], swapped_at=swapped_at)
    return compare(subscriber.reference, seen, sealed(imsi, form=form))


def gives(kind: NoData) -> SimAnswer:
    """The SIM answer of a source that names none."""
    return no_data(kind, source="imsi_soap", detail="told")


def facts(
    subscriber: Subscriber,
    sim: SimAnswer = NOT_ASKED,
    *,
    policy: str | Policy = "standard",
    operation: Operation = PLAIN,
    passed_in: SealedImsi | MalformedImsi | None = None,
    now: int = NOW,
    traffic: Traffic = Traffic.CODE,
    looks_first: bool = True,
    caller_owns_reference: bool = False,
    unverified_today: int = 0,
    tenant_ceiling_reached: bool = False,
    can_step_up: bool = True,
) -> GateInput:
    return GateInput(
        subscriber=subscriber,
        passed_in=passed_in,
        sim=sim,
        operation=operation,
        country="RU",
        policy=shipped(policy) if isinstance(policy, str) else policy,
        now=now,
        traffic=traffic,
        looks_first=looks_first,
        caller_owns_reference=caller_owns_reference,
        unverified_today=unverified_today,
        tenant_ceiling_reached=tenant_ceiling_reached,
        can_step_up=can_step_up,
    )
