"""What tickets, authenticators, freezes and unlocks do in the life of a slot: rules for its state machine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import Admitted, Caller, Opened, RecordMoved, Subject
from security_service.domain.operation import Operation
from security_service.domain.secret import Msisdn
from security_service.domain.step_up import TicketFound, TicketProof
from security_service.domain.tenants import Tenant
from tests.store import tickets
from tests.store.code_model import CodeModel
from tests.store.rig import PAYMENT, Draft, StoreRig
from tests.store.slot_model import SlotModel

OPERATIONS: Final = {
    "login": Operation(),
    "pay": PAYMENT,
    "pay more": replace(PAYMENT, minor=PAYMENT.minor + 1 if PAYMENT.minor else 1),
}
sources = st.sampled_from(["", "a", "b"])
operations = st.sampled_from(sorted(OPERATIONS))
named = st.sampled_from([True, True, True, False])


@dataclass(slots=True, repr=False)
class Call:
    """A GenerateCode call under way: what it read, and once it is opened, its code."""

    caller: Caller
    operation: str
    stored: bytes
    draft: Draft | None = None


class TicketRules(RuleBasedStateMachine):
    """What a slot's life holds beside its codes."""

    rig: StoreRig
    model: SlotModel
    tenant: Tenant

    def __init__(self) -> None:
        super().__init__()
        self.number = Msisdn("79990000000")
        self.calls: list[Call] = []
        self.record = b""
        self.asked: list[tuple[str, Caller, str, str]] = []

    def whom(self, operation: str) -> Subject:
        """Whom a call is about."""
        return Subject(self.tenant, self.number, OPERATIONS[operation])

    # --- tickets

    @rule(
        source=sources, operation=operations, steps=st.lists(st.sampled_from([None, 0, 1, 1, 1]), max_size=5)
    )
    def generate_and_step_up(self, source: str, operation: str, steps: list[int | None]) -> None:
        """A whole call that the gate steps up, and what is typed for it."""
        if not self.model.authenticator and not self.model.budget.frozen:
            self.enrol()
        caller = self.rig.caller(source)
        whom = self.whom(operation)
        expected = self.model.admit(caller.request_id, source, operation)
        admission = self.rig.admit(whom, caller)
        if not isinstance(admission, Admitted):
            assert admission == expected
            return
        named = admission.authenticator
        assert (named.id if named else "") == self.model.authenticator
        call = Call(caller, operation, admission.stored)
        self.calls.append(call)
        if named is not None:
            self._step_up(call)
        for step in steps:
            self.asked.clear()
            self._ask(source, operation, is_named=True)
            if self.asked:
                self._prove(self.asked.pop(), step)

    @precondition(lambda self: any(call.draft is None for call in self.calls) and self.model.authenticator)
    @rule(data=st.data())
    def step_up(self, data: st.DataObject) -> None:
        """The gate refuses, and that may be stepped up."""
        call = data.draw(st.sampled_from([call for call in self.calls if call.draft is None]))
        self._step_up(call)

    def _step_up(self, call: Call) -> None:
        whom = self.whom(call.operation)
        ticket = tickets.new_ticket(self.rig, whom, self.model.authenticator)
        opening = tickets.open_ticket(self.rig, whom, ticket, call.caller, call.stored)
        if call.stored != self.record:
            assert isinstance(opening, RecordMoved)
            call.stored = opening.stored
            return
        now = self.model.now
        modelled = CodeModel(
            ticket.id,
            "",
            call.operation,
            now,
            now + 300_000,
            now,
            "ticket",
            authenticator=ticket.authenticator,
        )
        expected = self.model.open(call.caller.request_id, modelled)
        assert opening == (expected or Opened())
        self.calls.remove(call)

    @precondition(lambda self: self.model.code is not None and self.model.code.authenticator)
    @rule(source=sources, operation=operations, differs=st.sampled_from([False, False, True]), named=named)
    def ask(self, source: str, operation: str, *, differs: bool, named: bool) -> None:
        """The first call about a ticket; what it answers may be judged much later."""
        code = self.model.code
        assert code is not None
        self._ask(source, operation if differs else code.operation, is_named=named)

    def _ask(self, source: str, operation: str, *, is_named: bool) -> None:
        caller = self.rig.caller(source)
        expected = self.model.check(caller.request_id, source, "000000", operation, named=is_named)
        found = tickets.ask(self.rig, self.whom(operation), caller, named=is_named)
        assert found == expected
        if isinstance(found, TicketFound):
            self.asked.append((found.id, caller, source, operation))

    @precondition(lambda self: bool(self.asked))
    @rule(data=st.data(), step=st.sampled_from([None, 0, 1, 1, 1]))
    def prove(self, data: st.DataObject, step: int | None) -> None:
        """The second call about a ticket: no step's code, one of a step taken before, or a new one."""
        one = data.draw(st.sampled_from(self.asked))
        self.asked.remove(one)
        self._prove(one, step)

    def _prove(self, one: tuple[str, Caller, str, str], step: int | None) -> None:
        ticket, caller, source, operation = one
        proof = TicketProof(ticket, None if step is None else self.model.last_step + step)
        expected = self.model.check(caller.request_id, source, "000000", operation, named=True, proof=proof)
        assert tickets.ask(self.rig, self.whom(operation), caller, proof) == expected

    # --- people

    @precondition(lambda self: not self.model.authenticator and not self.model.budget.frozen)
    @rule()
    def enrol(self) -> None:
        step = self.model.last_step + 1
        self.model.enrol(tickets.enrol(self.rig, self.whom("login"), step=step), step)

    @precondition(lambda self: self.model.authenticator)
    @rule(sure=st.integers(0, 3))
    def remove_authenticator(self, sure: int) -> None:
        if sure == 0:
            assert self.rig.authenticators.remove("demo", self.number, tickets.REMOVED)
            self.model.remove()

    @rule(sure=st.integers(0, 9), unlocks=st.sampled_from([True] * 4 + [False]))
    def freeze(self, sure: int, *, unlocks: bool) -> None:
        if sure == 0:
            expected = self.model.freeze()
            assert self.rig.subscribers.freeze("demo", self.number, [tickets.FROZEN]) is expected
            if unlocks:
                self.unlock()

    @precondition(lambda self: self.model.budget.total > 3 or self.model.budget.frozen)
    @rule()
    def unlock(self) -> None:
        event = Event(EventKind.SUBSCRIBER_UNLOCKED, {})
        assert self.rig.subscribers.unlock("demo", self.number, event) is self.model.unlock()
