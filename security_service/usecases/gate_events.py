"""The facts of the gate's events: its full input, so that history can be replayed."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.codes import Caller
from security_service.domain.gate import Decision, GateInput, MalformedImsi
from security_service.domain.imsi import Reference, SimAnswer
from security_service.domain.ports import LookupTrace
from security_service.domain.sim_change import change_of


def decided(
    caller: Caller,
    facts: GateInput,
    decision: Decision,
    traces: Sequence[LookupTrace],
    code_id: str,
) -> Event:
    """Give the event of one verdict (design, section 4)."""
    operation = facts.operation
    override = facts.subscriber.override_at(facts.now)
    return Event(
        EventKind.GATE_DECIDED,
        {
            "amount": operation.minor,
            "code_id": code_id,
            "country": facts.country,
            "currency": operation.currency,
            "imsi_passed_in": _passed_in(facts),
            "lookups": [
                {"milliseconds": trace.milliseconds, "outcome": trace.outcome, "source": trace.source}
                for trace in traces
            ],
            "mode": facts.subscriber.mode_at(facts.now).value,
            "mode_actor": override.actor if override else "",
            "policy": decision.policy_version,
            "policy_verdict": decision.policy_verdict.value,
            "purpose": operation.purpose,
            "reason": decision.reason,
            "reference": _reference(facts.subscriber.reference, facts.now),
            "request_id": caller.request_id,
            "rule": decision.rule,
            "sim": _sim(facts.sim),
            "source": caller.source,
            "subscriber_changed": decision.subscriber is not None,
            "traffic": facts.traffic.value,
            "unverified_today": facts.unverified_today,
            "tenant_ceiling_reached": facts.tenant_ceiling_reached,
            "verdict": decision.verdict.value,
        },
    )


def follow_ups(facts: GateInput, decision: Decision) -> list[Event]:
    """Give the events of what a verdict brings about besides itself."""
    events: list[Event] = []
    if decision.case_opened and facts.sim.imsi is not None:
        token = facts.sim.imsi.newest().token()
        change = change_of(facts.subscriber.reference, facts.sim.mcc_mnc)
        seen: dict[str, Json] = {"change": change.value, "imsi": token, "source": facts.sim.source}
        events.append(Event(EventKind.CANDIDATE_SEEN, seen))
        events.append(Event(EventKind.CASE_OPENED, {"imsi": token, "reason": decision.reason}))
    return events + _learnt(facts, decision)


def _learnt(facts: GateInput, decision: Decision) -> list[Event]:
    """A first reference, or one that the caller's word put in place of another."""
    before = facts.subscriber.reference
    has_new = decision.reason == "caller_owns_reference" or not before
    if decision.subscriber is None or not decision.subscriber.reference or not has_new:
        return []
    learnt = decision.subscriber.reference.members[0]
    return [
        Event(
            EventKind.REFERENCE_LEARNT,
            {
                "grade": learnt.grade.word,
                "imsi": learnt.imsi.token(),
                "reason": decision.reason,
                "replaced": [member.imsi.token() for member in before.members],
                "source": facts.sim.source,
            },
        )
    ]


def _passed_in(facts: GateInput) -> str:
    if facts.passed_in is None:
        return "no"
    return "malformed" if isinstance(facts.passed_in, MalformedImsi) else "yes"


def _reference(reference: Reference, now: int) -> list[Json]:
    return [
        {
            "age_s": now - member.first_seen,
            "grade": member.grade.word,
            "imsi": member.imsi.token(),
            "mcc_mnc": member.imsi.mcc_mnc,
        }
        for member in reference.members
    ]


def _sim(sim: SimAnswer) -> Json:
    return {
        "answer": sim.token(),
        "country": sim.country,
        "detail": sim.detail,
        "eased": sim.eased,
        "imsi": "" if sim.imsi is None else sim.imsi.newest().token(),
        "mcc_mnc": sim.mcc_mnc,
        "roaming": sim.roaming,
        "learning": sim.learning,
        "source": sim.source,
        "swapped_at": sim.swapped_at,
        "swapped_from": sim.swapped_from,
    }
