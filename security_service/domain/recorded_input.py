"""The gate's whole input as facts of an event and back, so that history can be decided again; reads none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from security_service.domain.audit import Json
from security_service.domain.gate import GateInput, MalformedImsi
from security_service.domain.imsi import (
    Candidate,
    Grade,
    ImsiMember,
    Reference,
    ReferenceMember,
    SealedImsi,
    SimAnswer,
    SimState,
    equal_imsi,
)
from security_service.domain.lookup import NoData
from security_service.domain.operation import Operation
from security_service.domain.policy import Policy, Traffic
from security_service.domain.step_up import StepUpMeans
from security_service.domain.subscriber import Mode, Override, Subscriber

_NOWHERE_ELSE: Final = ImsiMember(0, "", b"")
"""An IMSI that can be compared with none."""


@dataclass(frozen=True, slots=True)
class NotReplayable:
    """The event holds less than the gate decided on, or something that no gate ever wrote."""


def input_facts(facts: GateInput) -> dict[str, Json]:
    """Give what the gate decides on as facts of an event, the policy's rules apart (design, section 4).

    Members that say nothing are left out: those of an override that is not there, of a candidate,
    of an `IMSICode` that was not given. IMSIs stand there as tokens, times as seconds.
    """
    operation, subscriber, sim = facts.operation, facts.subscriber, facts.sim
    members = subscriber.reference.members
    written: dict[str, Json] = {
        "amount": operation.minor,
        "caller_owns_reference": facts.caller_owns_reference,
        "can_step_up": facts.can_step_up,
        "country": facts.country,
        "currency": operation.currency,
        "imsi_passed_in": _passed_in_word(facts),
        "looks_first": facts.looks_first,
        "messaged": subscriber.messaged,
        "mode": subscriber.mode_at(facts.now).value,
        "now": facts.now,
        "purpose": operation.purpose,
        "reference": [_member_facts(member, facts.now) for member in members],
        "sim": _sim_facts(sim, members),
        "step_up": facts.step_up.value,
        "tenant_ceiling_reached": facts.tenant_ceiling_reached,
        "traffic": facts.traffic.value,
        "unverified_today": facts.unverified_today,
    }
    if isinstance(facts.passed_in, SealedImsi):
        written["imsi_equal"] = None if sim.imsi is None else equal_imsi(sim.imsi, facts.passed_in)
    if subscriber.candidate is not None:
        written["candidate"] = subscriber.candidate.imsi.token()
    return written | _override_facts(facts)


def gate_input(written: Mapping[str, Any], policy: Policy) -> GateInput | NotReplayable:
    """Read the facts of a decision back for another decision, under any policy.

    The gate gives for it what it gave for the input that was written: the same verdict, reason and
    rule where the policy is the same. An event from before the whole input was kept is not guessed at.
    """
    try:
        return _read(written, policy)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return NotReplayable()


# --- written ----------------------------------------------------------------------------------


def _passed_in_word(facts: GateInput) -> str:
    if facts.passed_in is None:
        return "no"
    return "malformed" if isinstance(facts.passed_in, MalformedImsi) else "yes"


def _override_facts(facts: GateInput) -> dict[str, Json]:
    """What an override in force adds: whether it is bound, to which IMSI, and whether that was seen."""
    override = facts.subscriber.override_at(facts.now)
    if override is None:
        return {"mode_actor": ""}
    written: dict[str, Json] = {"mode_actor": override.actor, "mode_bound": override.bound}
    if override.evidence is not None:
        written["mode_imsi"] = override.evidence.token()
        written["mode_imsi_seen"] = facts.sim.imsi is not None and facts.sim.imsi.equals(override.evidence)
    return written


def _member_facts(member: ReferenceMember, now: int) -> Json:
    return {
        "age_s": now - member.first_seen,
        "age_waived": member.age_waived,
        "grade": member.grade.word,
        "imsi": member.imsi.token(),
        "mcc_mnc": member.imsi.mcc_mnc,
    }


def _sim_facts(sim: SimAnswer, members: tuple[ReferenceMember, ...]) -> Json:
    """The SIM answer; `matched` is the place of the reference's member that it equals, from 0 on."""
    return {
        "answer": sim.token(),
        "banned": sim.banned,
        "country": sim.country,
        "detail": sim.detail,
        "eased": sim.eased,
        "imsi": "" if sim.imsi is None else sim.imsi.newest().token(),
        "learning": sim.learning,
        "matched": next((place for place, member in enumerate(members) if member == sim.matched), None),
        "mcc_mnc": sim.mcc_mnc,
        "roaming": sim.roaming,
        "source": sim.source,
        "swapped_at": sim.swapped_at,
        "swapped_from": sim.swapped_from,
    }


# --- read -------------------------------------------------------------------------------------


def _read(written: Mapping[str, Any], policy: Policy) -> GateInput:
    now = _whole(written["now"])
    reference = Reference(tuple(_member(one, now) for one in written["reference"]))
    override = _override(written, now)
    is_seen = "mode_imsi" in written and _flag(written["mode_imsi_seen"])
    sim = _sim(written["sim"], reference, override.evidence if override and is_seen else None)
    candidate = written.get("candidate", "")
    return GateInput(
        subscriber=Subscriber(
            reference=reference,
            candidate=Candidate(_imsi(candidate), now, now) if candidate else None,
            override=override,
            messaged=_flag(written["messaged"]),
        ),
        passed_in=_passed_in(written, sim),
        sim=sim,
        operation=Operation(written["purpose"], _whole_or_none(written["amount"]), written["currency"]),
        country=written["country"],
        policy=policy,
        now=now,
        traffic=Traffic(written["traffic"]),
        looks_first=_flag(written["looks_first"]),
        caller_owns_reference=_flag(written["caller_owns_reference"]),
        unverified_today=_whole(written["unverified_today"]),
        tenant_ceiling_reached=_flag(written["tenant_ceiling_reached"]),
        can_step_up=_flag(written["can_step_up"]),
        step_up=StepUpMeans(written["step_up"]),
    )


def _member(written: Mapping[str, Any], now: int) -> ReferenceMember:
    first_seen = now - _whole(written["age_s"])
    grade = Grade[written["grade"].upper()]
    imsi = _imsi(written["imsi"], written["mcc_mnc"])
    return ReferenceMember(imsi, first_seen, first_seen, grade, _flag(written["age_waived"]))


def _sim(written: Mapping[str, Any], reference: Reference, evidence: ImsiMember | None) -> SimAnswer:
    state, _, kind = written["answer"].partition(":")
    place = _whole_or_none(written["matched"])
    matched = None if place is None else reference.members[place]
    if (matched is None) == (state == SimState.SAME):
        raise ValueError(state)
    return SimAnswer(
        SimState(state),
        NoData(kind) if kind else None,
        source=written["source"],
        detail=written["detail"],
        imsi=_seen(written["imsi"], matched, evidence),
        matched=matched,
        mcc_mnc=written["mcc_mnc"],
        country=written["country"],
        roaming=None if written["roaming"] is None else _flag(written["roaming"]),
        swapped_at=_whole_or_none(written["swapped_at"]),
        swapped_from=_whole_or_none(written["swapped_from"]),
        learning=_flag(written["learning"]),
        eased=_flag(written["eased"]),
        banned=_flag(written["banned"]),
    )


def _seen(token: str, matched: ReferenceMember | None, evidence: ImsiMember | None) -> SealedImsi | None:
    """The IMSI seen: under the newest key as it was written, and as the members that it equals."""
    if not token:
        return None
    equal = (None if matched is None else matched.imsi, evidence)
    return SealedImsi((_imsi(token), *(one for one in equal if one is not None)))


def _passed_in(written: Mapping[str, Any], sim: SimAnswer) -> SealedImsi | MalformedImsi | None:
    """An `IMSICode` that compares with the IMSI seen as the one of the request did."""
    match written["imsi_passed_in"]:
        case "no":
            return None
        case "malformed":
            return MalformedImsi()
        case "yes":
            equal = written["imsi_equal"]
        case other:
            raise ValueError(other)
    if sim.imsi is None or equal is None:
        return SealedImsi((_NOWHERE_ELSE,))
    newest = sim.imsi.newest()
    return SealedImsi((newest if _flag(equal) else replace(newest, digest=b""),))


def _override(written: Mapping[str, Any], now: int) -> Override | None:
    mode, actor = Mode(written["mode"]), written["mode_actor"]
    if "mode_bound" not in written:
        if mode is not Mode.CHECK:
            raise ValueError(mode)
        return None
    evidence = _imsi(written["mode_imsi"]) if "mode_imsi" in written else None
    return Override(mode, actor, "", now, now + 1, evidence, _flag(written["mode_bound"]))


def _imsi(token: str, mcc_mnc: str = "") -> ImsiMember:
    version, _, rest = token.partition(":")
    representation, _, digest = rest.rpartition(":")
    return ImsiMember(int(version), representation, bytes.fromhex(digest), mcc_mnc)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _whole_or_none(value: object) -> int | None:
    return None if value is None else _whole(value)
