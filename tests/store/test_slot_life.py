"""The life of a slot, whatever comes in whatever order, against a plain model of the documents."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    Admitted,
    Caller,
    FinaliseRequest,
    NewCode,
    Opened,
    RecordMoved,
    Settlement,
)
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import GuessBudget, Limits, Window
from security_service.domain.messages import ReceiptState
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import PendingReverify, Subscriber
from security_service.domain.tenants import UnknownIs
from security_service.store.keys import NEVER_EXPIRE
from security_service.store.records import pack
from tests.store.code_model import UNSPENT, CodeModel, sealed_text
from tests.store.rig import FREE, UNLIMITED, Draft, StoreRig, fallback
from tests.store.slot_model import SlotModel
from tests.store.ticket_rules import Call, TicketRules, operations, sources

NUMBERS: Final = count(79_880_000_000)
BUDGET: Final = GuessBudget(3, (60, 300), lifetime_warning=7, lifetime_cap=9, known_for=3600)
WINDOWS: Final = Limits(
    requests=(Window("requests", 9, 60),),
    checks=(Window("checks", 9, 60),),
    sends=(Window("sends_minute", 3, 60), Window("sends_hour", 6, 3600)),
)
TENANTS: Final = {
    f"{name}, resend after {pause} s, unknown is {unknown_is}": replace(
        FREE, guesses=BUDGET, limits=limits, resend_after_s=pause, unknown_is=unknown_is
    )
    for name, limits in (("unlimited", UNLIMITED), ("limited", WINDOWS))
    for pause in (0, 30)
    for unknown_is in UnknownIs
}
ENDS: Final = [*[Settlement.ACCEPTED] * 4, Settlement.UNKNOWN, Settlement.UNKNOWN, Settlement.NOT_SENT]


class SlotLife(TicketRules):
    """Calls, checks, workers and people on one slot."""

    def __init__(self) -> None:
        super().__init__()
        self.number = Msisdn(str(next(NUMBERS)))
        self.matched: list[tuple[str, Caller, str]] = []
        self.changes = 0

    @initialize(tenant=st.sampled_from(sorted(TENANTS)))
    def begin(self, tenant: str) -> None:
        self.tenant = TENANTS[tenant]
        self.model = SlotModel(self.tenant, self.rig.now_ms)

    # --- GenerateCode

    @rule(source=sources, operation=operations, end=st.sampled_from([*ENDS, None]))
    def generate(self, source: str, operation: str, end: Settlement | None) -> None:
        """A whole call, or one that dies before it says how it ended."""
        before = len(self.calls)
        self.admit(source, operation)
        if len(self.calls) == before:
            return
        self._open(self.calls[-1], 60, 15.0)
        call = self.calls[-1]
        if end is not None and len(self.calls) > before and call.draft is not None:
            asks_receipt = falls_back = end is Settlement.ACCEPTED
            self._settle(call, end, asks_receipt=asks_receipt, falls_back=falls_back)

    @rule(source=sources, operation=operations)
    def admit(self, source: str, operation: str) -> None:
        caller = self.rig.caller(source)
        expected = self.model.admit(caller.request_id, source, operation)
        admission = self.rig.admit(self.whom(operation), caller)
        if expected is None:
            assert isinstance(admission, Admitted)
            assert admission.stored == self.record
            self.calls.append(Call(caller, operation, admission.stored))
        else:
            assert admission == expected

    @precondition(lambda self: any(call.draft is None for call in self.calls))
    @rule(data=st.data(), life=st.sampled_from([60, 300]), lease=st.sampled_from([6.0, 15.0]))
    def open(self, data: st.DataObject, life: int, lease: float) -> None:
        self._open(
            data.draw(st.sampled_from([call for call in self.calls if call.draft is None])), life, lease
        )

    def _open(self, call: Call, life: int, lease: float) -> None:
        whom, digits = self.whom(call.operation), self.rig.digits()
        code = self.rig.new_code(whom, digits, life_s=life, lease_s=lease)
        opening = self.rig.open(whom, call.caller, code, call.stored)
        if call.stored != self.record:
            assert isinstance(opening, RecordMoved)
            call.stored = opening.stored
            assert call.stored == self.record
            return
        expected = self.model.open(call.caller.request_id, self._modelled(code, digits, call.operation))
        if expected is None:
            assert opening == Opened()
            call.draft = Draft(whom, call.caller, code, digits)
        else:
            assert opening == expected
            self.calls.remove(call)

    def _modelled(self, code: NewCode, digits: str, operation: str) -> CodeModel:
        now = self.model.now
        lease = now + int(code.lease_s * 1000)
        return CodeModel(code.id, digits, operation, now, now + code.life_s * 1000, lease)

    @precondition(lambda self: any(call.draft is None for call in self.calls))
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([call for call in self.calls if call.draft is None]))
        opening = self.rig.open(self.whom(call.operation), call.caller, None, call.stored)
        if call.stored != self.record:
            assert isinstance(opening, RecordMoved)
            call.stored = opening.stored
            return
        assert opening == Opened()
        self.model.refuse()
        self.calls.remove(call)

    @precondition(lambda self: any(call.draft is None for call in self.calls))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        call = data.draw(st.sampled_from([call for call in self.calls if call.draft is None]))
        self.rig.codes.release(self.whom(call.operation), call.caller)
        self.model.sends.give_back(call.caller.request_id)
        self.calls.remove(call)

    @precondition(lambda self: any(call.draft is not None for call in self.calls))
    @rule(
        data=st.data(),
        settlement=st.sampled_from(Settlement),
        asks_receipt=st.booleans(),
        falls_back=st.booleans(),
    )
    def settle(
        self, data: st.DataObject, settlement: Settlement, *, asks_receipt: bool, falls_back: bool
    ) -> None:
        call = data.draw(st.sampled_from([call for call in self.calls if call.draft is not None]))
        self._settle(call, settlement, asks_receipt=asks_receipt, falls_back=falls_back)

    def _settle(self, call: Call, settlement: Settlement, *, asks_receipt: bool, falls_back: bool) -> None:
        assert call.draft is not None
        code_id, keep = call.draft.code.id, self.tenant.unknown_is is UnknownIs.SENT
        self.model.settle(call.caller.request_id, code_id, settlement, keep=keep, fallback=falls_back)
        jobs = []
        if asks_receipt and settlement is Settlement.ACCEPTED:
            pairs = (("code", code_id), ("purpose", "default"))
            jobs = [Job(f"r{code_id}", JobKind.RECEIPT, "demo", self.number, pairs, 2.0)]
            self.model.jobs[f"r{code_id}"] = self.model.now + 2000
        later = fallback(call.draft, sealed_text(code_id)) if falls_back else None
        self.rig.settle(call.draft, settlement, keep=keep, jobs=jobs, fallback=later)
        self.calls.remove(call)

    @precondition(lambda self: bool(self.calls))
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        """The process that made a call is killed: nobody will say how it ended."""
        self.calls.remove(data.draw(st.sampled_from(self.calls)))

    # --- CheckCode

    @precondition(lambda self: self.model.code is not None)
    @rule(data=st.data(), source=sources, operation=operations, pinned=st.booleans())
    def check(self, data: st.DataObject, source: str, operation: str, *, pinned: bool) -> None:
        code = self.model.code
        assert code is not None
        digits = data.draw(st.sampled_from([code.digits, *(one for one, _ in self.model.stones)]))
        if data.draw(st.booleans()):
            operation = code.operation
        caller = self.rig.caller(source)
        expected = self.model.check(caller.request_id, source, digits, operation, pinned=pinned)
        outcome = self.rig.check(self.whom(operation), digits, caller, pinned=pinned)
        assert outcome == expected
        if pinned and self.model.accepted[-1:] == [code.id] and code.state == "spent":
            self.matched.append((code.id, caller, source))

    @precondition(lambda self: self.model.code is not None)
    @rule(source=sources, times=st.integers(1, 4))
    def guess(self, source: str, times: int) -> None:
        for _ in range(times):
            caller = self.rig.caller(source)
            expected = self.model.check(caller.request_id, source, "000000", "login", pinned=False)
            assert self.rig.check(self.whom("login"), "000000", caller) == expected

    @precondition(lambda self: bool(self.matched))
    @rule(accepted=st.booleans())
    def finalise(self, *, accepted: bool) -> None:
        code_id, caller, source = self.matched.pop()
        self.matched = [one for one in self.matched if one[0] != code_id]
        event = Event(EventKind.CHECK_FINALISED, {})
        request = FinaliseRequest(self.whom("login"), caller, code_id, accepted=accepted, event=event)
        expected = self.model.finalise(code_id, source, accepted=accepted)
        assert self.rig.checks.finalise(request) is expected

    # --- time, workers, people

    @rule(ms=st.sampled_from([1, 1000, 30_000, 60_000, 300_000]))
    def wait(self, ms: int) -> None:
        self._pass(ms)

    @precondition(lambda self: bool(self.model.edges()))
    @rule(data=st.data(), early=st.sampled_from([0, 0, 1]))
    def wait_for_an_edge(self, data: st.DataObject, early: int) -> None:
        self._pass(data.draw(st.sampled_from(self.model.edges())) - early - self.model.now)

    def _pass(self, ms: int) -> None:
        self.rig.advance(ms=ms, match=f"*{self.number.digits}*")
        self.model.now = self.rig.now_ms
        if any(at + 43_200_000 < self.model.now for at in self.model.jobs.values()):
            self.work(negative=False)  # a worker is never away for a day

    @rule(negative=st.booleans())
    def work(self, *, negative: bool) -> None:
        """A worker does all that is due."""
        state = ReceiptState.UNDELIVERED if negative else ReceiptState.DELIVERED
        due = [job for job in self.rig.jobs.claim(500, 1) if job.number == self.number]
        assert {job.id for job in due} == self.model.due()
        for job in due:
            if job.kind is JobKind.LEASE:
                keep = self.tenant.unknown_is is UnknownIs.SENT
                expected = self.model.end_lease(job.id, job.get("code"), keep=keep)
                assert self.rig.slots.end_lease(job) is expected
            elif job.kind is JobKind.REFUSALS:
                self.model.count_refusals(job.id, job.get("window"))
                assert self.rig.slots.count_refusals(job)
            elif job.kind is JobKind.FALLBACK:
                taken = self.model.take(job.id, job.get("code"))
                assert self.rig.waiting_texts.take(job) == taken
                assert self.rig.jobs.finish(job, ())
            else:
                self.model.receive(job.id, job.get("code"), negative=negative)
                assert self.rig.slots.apply_receipt(job, state, Event(EventKind.RECEIPT, {}))

    @precondition(lambda self: self.model.code is not None and self.model.code.state in UNSPENT)
    @rule()
    def change_sim(self) -> None:
        """A look that was late finds another SIM: the record changes and the code of that look dies."""
        code = self.model.code
        assert code is not None
        self.changes += 1
        changed = Subscriber(pending=PendingReverify("x", "y", self.changes, 1), messaged=True)
        event = Event(EventKind.LATE_CHANGE, {})
        assert self.rig.subscribers.swap(
            "demo", self.number, self.record, changed, [event], kill_code=f"default:{code.id}"
        )
        self.record = pack(changed)
        self.model.change_sim(code.id)

    # --- what always holds

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        whom = self.whom("login")
        assert self.rig.state(whom) == (self.model.code.state if self.model.code else "")
        seen = self.rig.subscribers.get("demo", self.number)
        budget = self.model.budget
        assert (seen.failures, seen.frozen) == (budget.total, budget.frozen)
        assert seen.disabled is (budget.disabled or budget.frozen)
        locks = [until for until in budget.locks.values() if until > self.model.now]
        assert seen.locked_until_ms == max(locks, default=0)

    @invariant()
    def a_sealed_text_lies_there_as_long_as_it_is_of_use(self) -> None:
        if not hasattr(self, "model"):
            return
        code = self.model.code
        if code is not None and code.state in UNSPENT and self.model.now >= code.expires:
            return  # its key expires by the store's own clock, which is not the test's
        lies_there = self.rig.sealed(self.whom("login")) is not None
        assert lies_there is self.model.is_waiting()

    @invariant()
    def every_change_has_its_event(self) -> None:
        if hasattr(self, "model"):
            told = [(event["kind"], event["outcome"]) for event in self.rig.events(self.whom("login"))]
            assert told == self.model.told

    @invariant()
    def no_code_is_accepted_twice(self) -> None:
        if hasattr(self, "model"):
            assert len(self.model.accepted) == len(set(self.model.accepted))

    def teardown(self) -> None:
        """After all that is due was done nothing holds the slot, and all that is left goes away."""
        if not hasattr(self, "model"):
            return
        self._pass(7_200_000)
        self.work(negative=False)
        self.unlock()
        self.rig.begin(self.whom("login"))
        seqs = [int(text.split(b'"seq":')[1].split(b",")[0]) for text in self._texts()]
        assert seqs == list(range(1, len(seqs) + 1))
        for key in self.rig.redis.scan_iter(match=f"*{self.number.digits}*", count=10_000):
            if not any(part in key.decode() for part in NEVER_EXPIRE):
                assert self.rig.redis.pttl(key) > 0, key
        keys = self.rig.keys(self.whom("login"))
        self.rig.redis.delete(keys.of_shard("queue"), keys.of_shard("bodies"))

    def _texts(self) -> list[bytes]:
        return self.rig.texts(self.rig.keys(self.whom("login")).shard)


def test_a_slot_lives_as_the_documents_say(lasting_rig: StoreRig) -> None:
    class Here(SlotLife):
        rig = lasting_rig

    run_state_machine_as_test(
        Here, settings=settings(max_examples=150, stateful_step_count=40, deadline=None)
    )
