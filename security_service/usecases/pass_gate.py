"""Lead one message through the gate: gather facts, ask the SIM where needed, put the verdict in writing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admitted,
    Caller,
    NewCode,
    NewTicket,
    OpenRequest,
    RecordMoved,
    Subject,
)
from security_service.domain.gate import (
    Decision,
    GateInput,
    MalformedImsi,
    decide,
    needs_answer,
)
from security_service.domain.imsi import NOT_ASKED, SealedImsi, SimAnswer, rejudged, seal_passed_in
from security_service.domain.jobs import Job, JobKind, look_pause_s
from security_service.domain.phone import country_of
from security_service.domain.policy import Policy, Traffic
from security_service.domain.policy_ports import PoliciesInForce
from security_service.domain.ports import (
    Chance,
    Clock,
    LookupTrace,
    SendTally,
    SimCheck,
)
from security_service.domain.secret import KeyRing
from security_service.domain.signed_verdict import decision_text
from security_service.domain.step_up import EnrolledAuthenticator, StepUpMeans, means_of
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import FirstContact, Tenant
from security_service.usecases import gate_events

_SHORTEST_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Passage:
    """One message on its way through the gate, with what has been learnt so far.

    `message_id` is of a relayed message; a code gets its id when the verdict is known. `shadow` is
    a policy on trial, whose word is written down and decides nothing.
    """

    subject: Subject
    passed_in: SealedImsi | MalformedImsi | None
    policy: Policy
    subscriber: Subscriber
    stored: bytes
    now: int
    unverified_today: int
    traffic: Traffic = Traffic.CODE
    message_id: str = ""
    sim: SimAnswer = NOT_ASKED
    traces: tuple[LookupTrace, ...] = ()
    shadow: Policy | None = None
    authenticator: EnrolledAuthenticator | None = None


@dataclass(slots=True)
class PassGate:
    """Facts in, verdict out; the only asker of the SIM on the way of a message."""

    sim_check: SimCheck
    policies: PoliciesInForce
    tally: SendTally
    chance: Chance
    clock: Clock
    imsi_keys: KeyRing
    code_keys: KeyRing

    def begin(self, subject: Subject, imsi_code: str | None, admitted: Admitted) -> Passage:
        """Start with what `admit` read. An empty `IMSICode` counts as none given."""
        return Passage(
            subject,
            self._passed_in(subject.tenant, imsi_code),
            self.policies.get(subject.tenant.policy),
            admitted.subscriber,
            admitted.stored,
            admitted.now_ms // 1000,
            admitted.unverified_today,
            shadow=self.policies.shadow(subject.tenant.policy),
            authenticator=admitted.authenticator,
        )

    def again(self, passage: Passage, moved: RecordMoved) -> Passage:
        """Go back to a record that moved; an answer in hand is held against the new reference."""
        return replace(
            passage,
            subscriber=moved.subscriber,
            stored=moved.stored,
            sim=rejudged(passage.sim, moved.subscriber.reference),
        )

    def judge(self, passage: Passage, ends: float) -> tuple[GateInput, Decision, Passage]:
        """Ask where the gate needs an answer, then decide; `ends` is a monotonic second.

        An unverified send takes a place in the tenant's hour first; where there is none left
        the gate decides again with the ceiling reached.
        """
        facts = _facts(passage)
        if passage.sim is NOT_ASKED and needs_answer(facts):
            tenant = passage.subject.tenant
            within = min(tenant.lookup_deadline_s, ends - self.clock.monotonic())
            finding = self.sim_check.ask(
                tenant, passage.subject.number, passage.subscriber, max(within, _SHORTEST_LOOK_S)
            )
            passage = replace(passage, sim=finding.answer, traces=finding.traces)
            facts = _facts(passage)
        decision = decide(facts)
        if decision.unverified:
            ceiling = passage.policy.ceiling
            within_ceiling = self.tally.take_unverified(
                passage.subject.tenant.id, ceiling.tenant_hour_floor, ceiling.tenant_hour_percent
            )
            if not within_ceiling:
                facts = replace(facts, tenant_ceiling_reached=True)
                decision = decide(facts)
        return facts, decision, passage

    def write_up(
        self,
        caller: Caller,
        passage: Passage,
        facts: GateInput,
        decision: Decision,
        code: NewCode | None,
        ticket: NewTicket | None = None,
    ) -> OpenRequest:
        """Put together what the second script writes: record, code or ticket, events, jobs."""
        subject = passage.subject
        code_id = code.id if code else ""
        events = [
            gate_events.decided(
                caller,
                facts,
                decision,
                passage.traces,
                ticket.id if ticket else code_id,
                passage.message_id,
                in_shadow(passage, facts),
            )
        ]
        events += gate_events.follow_ups(facts, decision, code_id)
        if decision.incident and self.tally.raises_incident(subject.tenant.id, "unverified_ceiling"):
            events.append(Event(EventKind.INCIDENT, {"what": "unverified_ceiling"}))
        notice, notice_key = self._notice(subject, facts, decision)
        return OpenRequest(
            subject=subject,
            caller=caller,
            stored=passage.stored,
            subscriber=decision.subscriber,
            code=code,
            events=events,
            jobs=self._look(subject, facts, decision, code_id),
            notice=notice,
            notice_key=notice_key,
            unverified=decision.unverified,
            ticket=ticket,
            decided_by=decision_text(decision, facts.sim) if code or ticket else "",
        )

    def _passed_in(self, tenant: Tenant, imsi_code: str | None) -> SealedImsi | MalformedImsi | None:
        if not imsi_code:
            return None
        return seal_passed_in(imsi_code, self.imsi_keys, tenant.imsi_form) or MalformedImsi()

    def _look(self, subject: Subject, facts: GateInput, decision: Decision, code_id: str) -> tuple[Job, ...]:
        """The job that goes on asking behind the scenes; at once where nothing was asked yet."""
        if not decision.relook:
            return ()
        pause = 0 if facts.sim is NOT_ASKED else None
        if facts.sim.no_data is not None:
            pause = look_pause_s(facts.sim.no_data, 0)
        if pause is None:
            return ()
        data = (("code", code_id), ("purpose", subject.operation.purpose))
        job_id = f"l{self.chance.token()}"
        return (Job(job_id, JobKind.LOOK, subject.tenant.id, subject.number, data, float(pause)),)

    def _notice(self, subject: Subject, facts: GateInput, decision: Decision) -> tuple[Job | None, str]:
        if not decision.notice or not subject.tenant.notices:
            return None, ""
        seen = "" if facts.sim.imsi is None else facts.sim.imsi.newest().token()
        key = self.code_keys.digest(self.code_keys.newest, "notice", decision.reason, seen).hex()
        data = (("reason", decision.reason),)
        job_id = f"n{self.chance.token()}"
        return Job(job_id, JobKind.NOTICE, subject.tenant.id, subject.number, data), key


def in_shadow(passage: Passage, facts: GateInput) -> Decision | None:
    """Give what the policy on trial says of the same facts; pure, and None where there is none."""
    return None if passage.shadow is None else decide(replace(facts, policy=passage.shadow))


def _facts(passage: Passage) -> GateInput:
    tenant = passage.subject.tenant
    step_up = means_of(passage.authenticator, passage.sim, passage.subscriber, passage.now)
    return GateInput(
        subscriber=passage.subscriber,
        passed_in=passage.passed_in,
        sim=passage.sim,
        operation=passage.subject.operation,
        country=country_of(passage.subject.number),
        policy=passage.policy,
        now=passage.now,
        traffic=passage.traffic,
        looks_first=tenant.first_contact is FirstContact.LOOK_THEN_SEND,
        caller_owns_reference=tenant.caller_owns_reference,
        unverified_today=passage.unverified_today,
        can_step_up=step_up is StepUpMeans.READY,
        step_up=step_up,
    )
