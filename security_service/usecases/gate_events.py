"""The facts of the gate's events: its full input, so that history can be replayed."""

from __future__ import annotations

from collections.abc import Sequence

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.codes import Caller
from security_service.domain.gate import Decision, GateInput, case_of
from security_service.domain.ports import LookupTrace
from security_service.domain.recorded_input import input_facts
from security_service.domain.sim_change import change_of


def decided(
    caller: Caller,
    facts: GateInput,
    decision: Decision,
    traces: Sequence[LookupTrace],
    code_id: str,
    message_id: str = "",
    shadow: Decision | None = None,
) -> Event:
    """Give the event of one verdict (design, section 4); it is of a code or of a relayed message.

    `shadow` is what a policy on trial says of the same facts.
    """
    written = input_facts(facts)
    written |= {
        "band": case_of(facts).amount,
        "code_id": code_id,
        "lookups": [
            {"milliseconds": trace.milliseconds, "outcome": trace.outcome, "source": trace.source}
            for trace in traces
        ],
        "message_id": message_id,
        "policy": decision.policy_version,
        "policy_verdict": decision.policy_verdict.value,
        "reason": decision.reason,
        "request_id": caller.request_id,
        "rule": decision.rule,
        "source": caller.source,
        "subscriber_changed": decision.subscriber is not None,
        "verdict": decision.verdict.value,
    }
    if shadow is not None:
        written["shadow"] = {
            "policy": shadow.policy_version,
            "reason": shadow.reason,
            "rule": shadow.rule,
            "verdict": shadow.verdict.value,
        }
    return Event(EventKind.GATE_DECIDED, written)


def follow_ups(facts: GateInput, decision: Decision, code_id: str = "") -> list[Event]:
    """Give the events of what a verdict brings about besides itself; `code_id` is that of a code sent."""
    events: list[Event] = []
    if decision.case_opened and facts.sim.imsi is not None:
        token = facts.sim.imsi.newest().token()
        change = change_of(facts.subscriber.reference, facts.sim.mcc_mnc)
        seen: dict[str, Json] = {"change": change.value, "imsi": token, "source": facts.sim.source}
        events.append(Event(EventKind.CANDIDATE_SEEN, seen))
        events.append(_case(facts, decision, token, code_id))
    return events + _learnt(facts, decision)


def _case(facts: GateInput, decision: Decision, token: str, code_id: str) -> Event:
    """A case with what is at stake: `amount` in minor units, `band` as the policy bands it."""
    operation = facts.operation
    return Event(
        EventKind.CASE_OPENED,
        {
            "amount": operation.minor,
            "band": case_of(facts).amount,
            "code_id": code_id,
            "currency": operation.currency,
            "imsi": token,
            "operator": facts.sim.mcc_mnc,
            "purpose": operation.purpose,
            "reason": decision.reason,
        },
    )


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
