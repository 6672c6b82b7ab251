"""A sending whose outcome nobody knows: the code may still be right, but does not hold its slot for long."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import (
    CheckAccepted,
    CheckNotFound,
    CodeExists,
    NotFound,
    Settlement,
    Subject,
)
from security_service.domain.jobs import Job, JobKind
from security_service.domain.messages import ReceiptState
from security_service.domain.tenants import UnknownIs
from tests.store.rig import FREE, StoreRig, subject

WITHDRAWING = replace(FREE, unknown_is=UnknownIs.ERROR)


def lose_lease(rig: StoreRig) -> list[bool]:
    """What the worker does when it finds leases that ended."""
    return [rig.slots.end_lease(job) for job in rig.jobs.claim(9, 9) if job.kind is JobKind.LEASE]


def receipt(whom: Subject, code_id: str) -> Job:
    data = (("code", code_id), ("purpose", whom.operation.purpose))
    return Job(f"r{code_id}", JobKind.RECEIPT, whom.tenant.id, whom.number, data)


def told(rig: StoreRig, job: Job, state: ReceiptState) -> bool:
    return rig.slots.apply_receipt(job, state, Event(EventKind.RECEIPT, {"state": state.value}))


def test_an_unknown_outcome_holds_the_slot_for_a_minute_to_the_millisecond(rig: StoreRig) -> None:
    whom = subject()
    rig.settle(rig.begin(whom), Settlement.UNKNOWN)
    assert rig.admit(whom, rig.caller()) == CodeExists(60)
    rig.advance(ms=59_999)
    assert rig.admit(whom, rig.caller()) == CodeExists(1)
    rig.advance(ms=1)
    rig.generate(whom)


def test_it_holds_the_slot_no_longer_than_the_code_lives(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom, life_s=70, lease_s=60)
    rig.advance(50)
    rig.settle(draft, Settlement.UNKNOWN)
    assert rig.admit(whom, rig.caller()) == CodeExists(20)
    rig.advance(20)
    rig.generate(whom)


def test_its_code_stays_good_to_its_end(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.settle(rig.begin(whom), Settlement.UNKNOWN)
    rig.advance(ms=299_999)
    assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)


def test_the_next_code_supersedes_it(rig: StoreRig) -> None:
    whom = subject()
    first = rig.settle(rig.begin(whom), Settlement.UNKNOWN)
    rig.advance(60)
    second = rig.generate(whom)
    assert rig.check(whom, first.digits) == CheckNotFound(NotFound.SUPERSEDED)
    assert rig.check(whom, second.digits) == CheckAccepted(second.code.id)
    assert rig.kinds(whom).count("code_superseded") == 1


def test_it_is_withdrawn_at_once_where_the_tenant_takes_unknown_for_an_error(rig: StoreRig) -> None:
    whom = subject(tenant=WITHDRAWING)
    draft = rig.settle(rig.begin(whom), Settlement.UNKNOWN, keep=False, answer="5")
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.WITHDRAWN)
    rig.generate(whom)


def test_a_code_is_good_while_it_is_still_being_sent(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom)
    assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.SPENT)


@pytest.mark.parametrize("settlement", list(Settlement))
def test_an_outcome_that_comes_after_the_code_was_spent_leaves_it_spent(
    rig: StoreRig, settlement: Settlement
) -> None:
    whom = subject()
    draft = rig.begin(whom)
    rig.check(whom, draft.digits)
    rig.settle(draft, settlement)
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.SPENT)
    ends = {"code_sent", "send_refused", "send_unknown"}
    assert [one["outcome"] for one in rig.events(whom) if one["kind"] in ends] == [{"state": "spent"}]


def test_a_code_holds_its_slot_while_it_is_sent_and_no_longer_than_its_lease(rig: StoreRig) -> None:
    whom = subject()
    rig.begin(whom, lease_s=15.0)
    rig.advance(ms=14_999)
    assert isinstance(rig.admit(whom, rig.caller()), CodeExists)
    rig.advance(ms=1)
    rig.generate(whom)


def test_a_lost_lease_of_a_code_that_was_spent_meanwhile_leaves_its_event_and_nothing_else(
    rig: StoreRig,
) -> None:
    whom = subject()
    draft = rig.begin(whom)
    assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)
    rig.advance(15)
    assert lose_lease(rig) == [True]
    assert rig.state(whom) == "spent"
    lost = [event["outcome"] for event in rig.events(whom) if event["kind"] == "lease_lost"]
    assert lost == [{"code_id": draft.code.id, "state": "spent"}]


def test_a_lost_lease_frees_the_slot_at_once_and_keeps_the_code_good(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom)
    rig.advance(ms=14_999)
    assert lose_lease(rig) == []
    rig.advance(ms=1)
    assert lose_lease(rig) == [True]
    assert rig.state(whom) == "unknown"
    lost = [event["outcome"] for event in rig.events(whom) if event["kind"] == "lease_lost"]
    assert lost == [{"code_id": draft.code.id, "state": "unknown"}]
    assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)
    rig.generate(whom)


def test_a_lost_lease_withdraws_the_code_where_unknown_is_an_error(rig: StoreRig) -> None:
    whom = subject(tenant=WITHDRAWING)
    draft = rig.begin(whom)
    rig.advance(15)
    assert lose_lease(rig) == [True]
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.WITHDRAWN)


@pytest.mark.parametrize("settlement", list(Settlement))
def test_a_lease_that_was_settled_is_not_lost(rig: StoreRig, settlement: Settlement) -> None:
    whom = subject()
    rig.settle(rig.begin(whom), settlement)
    rig.advance(15)
    assert lose_lease(rig) == []
    assert "lease_lost" not in rig.kinds(whom)


@pytest.mark.parametrize(
    ("settlement", "state"),
    [
        (Settlement.ACCEPTED, "live"),
        (Settlement.NOT_SENT, "withdrawn"),
        (Settlement.UNKNOWN, "unknown"),
    ],
)
def test_an_outcome_that_comes_after_the_lease_was_lost_still_counts(
    rig: StoreRig, settlement: Settlement, state: str
) -> None:
    whom = subject()
    draft = rig.begin(whom)
    rig.advance(15)
    lose_lease(rig)
    rig.settle(draft, settlement)
    assert rig.state(whom) == state
    is_held = isinstance(rig.admit(whom, rig.caller()), CodeExists)
    assert is_held is (state == "live")


def test_an_outcome_that_comes_after_a_newer_code_leaves_that_alone(rig: StoreRig) -> None:
    whom = subject()
    late = rig.begin(whom)
    rig.advance(15)
    newer = rig.generate(whom)
    rig.settle(late, Settlement.NOT_SENT)
    assert lose_lease(rig) == []
    assert rig.events(whom)[-1]["outcome"] == {"state": "superseded"}
    assert rig.check(whom, newer.digits) == CheckAccepted(newer.code.id)


@pytest.mark.parametrize("state", [ReceiptState.UNDELIVERED, ReceiptState.EXPIRED])
def test_a_final_negative_receipt_frees_the_slot_once(rig: StoreRig, state: ReceiptState) -> None:
    whom = subject()
    draft = rig.begin(whom)
    job = receipt(whom, draft.code.id)
    rig.settle(draft, jobs=[job])
    assert told(rig, job, state)
    assert not told(rig, job, state)
    assert [one["outcome"] for one in rig.events(whom) if one["kind"] == "receipt"] == [{"slot_freed": True}]
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.WITHDRAWN)
    rig.generate(whom)


def test_a_good_receipt_leaves_the_code_as_it_is(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.begin(whom)
    job = receipt(whom, draft.code.id)
    rig.settle(draft, jobs=[job])
    assert told(rig, job, ReceiptState.DELIVERED)
    assert rig.events(whom)[-1]["outcome"] == {"slot_freed": False}
    assert rig.check(whom, draft.digits) == CheckAccepted(draft.code.id)


def test_a_negative_receipt_touches_neither_a_spent_code_nor_a_newer_one(rig: StoreRig) -> None:
    whom = subject()
    spent = rig.begin(whom)
    rig.settle(spent, jobs=[receipt(whom, spent.code.id)])
    rig.check(whom, spent.digits)
    assert told(rig, receipt(whom, spent.code.id), ReceiptState.UNDELIVERED)
    assert rig.state(whom) == "spent"
    old = rig.begin(whom)
    rig.settle(old, Settlement.UNKNOWN, jobs=[receipt(whom, old.code.id)])
    rig.advance(60)
    newer = rig.generate(whom)
    assert told(rig, receipt(whom, old.code.id), ReceiptState.UNDELIVERED)
    assert rig.check(whom, newer.digits) == CheckAccepted(newer.code.id)


def test_a_late_change_of_sim_kills_the_code_it_was_looked_up_for_and_no_other(rig: StoreRig) -> None:
    whom = subject()
    draft = rig.generate(whom)
    change = [Event(EventKind.LATE_CHANGE, {})]
    record = rig.subscribers.get("demo", whom.number)
    changed = replace(record.subscriber, messaged=True)
    assert rig.subscribers.swap("demo", whom.number, b"", changed, change, kill_code="default:another")
    assert rig.state(whom) == "live"
    stored = rig.subscribers.get("demo", whom.number).stored
    kill = f"default:{draft.code.id}"
    assert rig.subscribers.swap("demo", whom.number, stored, record.subscriber, change, kill_code=kill)
    assert rig.check(whom, draft.digits) == CheckNotFound(NotFound.DEAD)
    killed = [one["outcome"] for one in rig.events(whom) if one["kind"] == "code_killed"]
    assert killed == [{"code_id": draft.code.id, "reason": "sim_changed"}]
    assert rig.subscribers.page("demo", "", "", 10) == ([], "")
