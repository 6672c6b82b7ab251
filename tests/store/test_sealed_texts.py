"""Texts that wait, sealed, for another channel: there while the code is of use, given out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import CheckAccepted, SentBy, Settlement
from security_service.domain.fallback import NoText, TextTaken
from security_service.domain.jobs import Job, JobKind
from security_service.domain.messages import ReceiptState
from security_service.domain.operation import Operation
from tests.store.rig import FREE, NUMBER, PAYMENT, START_MS, Draft, StoreRig, fallback, messaged, subject

SEALED: Final = b"\x01 sealed \x00 \xff"
RESENDING: Final = replace(FREE, resend_after_s=1)
CHANGED: Final = [Event(EventKind.LATE_CHANGE, {})]


def waiting(rig: StoreRig, life_s: int = 300) -> Draft:
    """A code that a gateway took, and whose text waits for another channel."""
    draft = rig.begin(subject(tenant=RESENDING), life_s=life_s)
    rig.settle(draft, gateway="sms", fallback=fallback(draft, SEALED))
    assert rig.sealed(draft.subject) == draft.code.id.encode() + b":" + SEALED
    return draft


def take(rig: StoreRig, draft: Draft) -> TextTaken | NoText:
    return rig.waiting_texts.take(fallback(draft).job)


def receipt(rig: StoreRig, draft: Draft, state: ReceiptState, code_id: str = "") -> None:
    """A final receipt; its job is written with a record, as any job may be."""
    data = (("code", code_id or draft.code.id), ("purpose", "default"))
    job = Job("r1", JobKind.RECEIPT, "demo", NUMBER, data, 3600.0)
    stored = rig.subscribers.get("demo", NUMBER).stored
    assert rig.subscribers.swap("demo", NUMBER, stored, messaged(), [], [job])
    assert rig.slots.apply_receipt(job, state, Event(EventKind.RECEIPT, {}))


def kill(rig: StoreRig, code: str) -> None:
    stored = rig.subscribers.get("demo", NUMBER).stored
    assert rig.subscribers.swap("demo", NUMBER, stored, messaged(), CHANGED, kill_code=code)


def supersede(rig: StoreRig, draft: Draft) -> None:
    rig.advance(1)
    rig.begin(draft.subject)


def expire(rig: StoreRig, draft: Draft) -> None:
    """The store's own clock is not the test's: an expired code's text is gone with the next code at last."""
    rig.advance(300)
    rig.begin(draft.subject)


def fail_over(rig: StoreRig, draft: Draft) -> None:
    rig.master = "another"
    rig.check(draft.subject, draft.digits)


ENDS: Final[dict[str, Callable[[StoreRig, Draft], object]]] = {
    "accepted": lambda rig, draft: rig.check(draft.subject, draft.digits),
    "matched": lambda rig, draft: rig.check(draft.subject, draft.digits, pinned=True),
    "burnt": lambda rig, draft: rig.guess(draft.subject, 5),
    "another operation": lambda rig, draft: rig.check(subject(operation=PAYMENT), draft.digits),
    "failed over": fail_over,
    "superseded": supersede,
    "expired": expire,
    "delivered": lambda rig, draft: receipt(rig, draft, ReceiptState.DELIVERED),
    "undelivered": lambda rig, draft: receipt(rig, draft, ReceiptState.UNDELIVERED),
    "the SIM changed": lambda rig, draft: kill(rig, f"default:{draft.code.id}"),
}
STAYS: Final[dict[str, Callable[[StoreRig, Draft], object]]] = {
    "four wrong guesses": lambda rig, draft: rig.guess(draft.subject, 4),
    "a refused call": lambda rig, draft: rig.open(draft.subject, rig.caller(), None),
    "a call that finds it": lambda rig, draft: rig.admit(subject(), rig.caller()),
    "another purpose": lambda rig, _: rig.generate(subject(operation=Operation("other"))),
    "another code's receipt": lambda rig, draft: receipt(rig, draft, ReceiptState.UNDELIVERED, "c2"),
    "another code's SIM": lambda rig, _: kill(rig, "default:c2"),
    "a change of the record": lambda rig, _: kill(rig, ""),
}


@pytest.mark.parametrize("end", ENDS)
def test_every_end_of_a_code_deletes_its_text(rig: StoreRig, end: str) -> None:
    draft = waiting(rig)
    ENDS[end](rig, draft)
    assert rig.sealed(draft.subject) is None
    assert take(rig, draft) is NoText.NOT_NEEDED


@pytest.mark.parametrize("event", STAYS)
def test_what_does_not_end_the_code_leaves_its_text(rig: StoreRig, event: str) -> None:
    draft = waiting(rig)
    STAYS[event](rig, draft)
    assert take(rig, draft) == TextTaken(SEALED, 300.0)


def test_a_text_goes_away_by_itself_when_the_code_ends(rig: StoreRig) -> None:
    draft = rig.begin(subject(), life_s=120)
    rig.advance(20)
    rig.settle(draft, fallback=fallback(draft))
    left = rig.redis.pttl(rig.keys(draft.subject).sealed("default"))
    assert 99_000 < left <= 100_000


def test_the_job_that_sends_it_is_due_in_its_time_and_holds_names_only(rig: StoreRig) -> None:
    draft = waiting(rig)
    rig.advance(ms=29_999)
    assert [job for job in rig.jobs.claim(9, 9) if job.kind is JobKind.FALLBACK] == []
    bodies = rig.redis.hgetall(rig.keys(draft.subject).of_shard("bodies"))
    body = bodies[f"f{draft.code.id}".encode()].decode()
    assert body == (
        f'm["fallback","demo","{NUMBER.digits}",'
        f'[["code","{draft.code.id}"],["operator","25001"],["purpose","default"]],0]'
    )
    rig.advance(ms=1)
    (job,) = (job for job in rig.jobs.claim(9, 9) if job.kind is JobKind.FALLBACK)
    assert job == replace(fallback(draft).job, due_in_s=0.0)


def test_a_fallback_that_was_given_out_before_says_so(rig: StoreRig) -> None:
    waiting(rig)
    rig.advance(30)
    (first,) = rig.jobs.claim(9, 5)
    rig.advance(5)
    (second,) = rig.jobs.claim(9, 5)
    assert (first.started, second.started) == (False, True)


@pytest.mark.parametrize("settlement", [Settlement.UNKNOWN, Settlement.NOT_SENT])
def test_what_no_gateway_took_leaves_neither_text_nor_job(rig: StoreRig, settlement: Settlement) -> None:
    draft = rig.begin(subject())
    rig.settle(draft, settlement, fallback=fallback(draft))
    rig.advance(30)
    assert (rig.sealed(draft.subject), rig.jobs.claim(9, 9)) == (None, [])


def test_a_code_that_was_spent_while_it_was_sent_leaves_neither_text_nor_job(rig: StoreRig) -> None:
    draft = rig.begin(subject())
    rig.check(draft.subject, draft.digits)
    rig.settle(draft, fallback=fallback(draft))
    rig.advance(30)
    assert (rig.sealed(draft.subject), rig.jobs.claim(9, 9)) == (None, [])


def test_a_code_that_expired_while_it_was_sent_leaves_neither_text_nor_job(rig: StoreRig) -> None:
    draft = rig.begin(subject(), life_s=60, lease_s=90)
    rig.advance(60)
    rig.settle(draft, fallback=fallback(draft))
    rig.advance(30)
    assert (rig.sealed(draft.subject), rig.jobs.claim(9, 9)) == (None, [])


def test_a_late_settlement_leaves_the_newer_codes_text_alone(rig: StoreRig) -> None:
    late = rig.begin(subject(tenant=RESENDING))
    rig.advance(15)
    newer = waiting(rig)
    rig.settle(late, fallback=fallback(late, b"of the earlier code"))
    assert take(rig, late) is NoText.NOT_NEEDED
    assert take(rig, newer) == TextTaken(SEALED, 300.0)


def test_a_text_is_given_out_once(rig: StoreRig) -> None:
    draft = waiting(rig)
    rig.advance(ms=30_500)
    assert take(rig, draft) == TextTaken(SEALED, 269.5)
    assert rig.sealed(draft.subject) is None
    assert take(rig, draft) is NoText.TAKEN_BEFORE


def test_with_less_than_a_minute_left_a_text_is_deleted_and_not_given_out(rig: StoreRig) -> None:
    exact, late = waiting(rig), replace(FREE, id="late")
    other = rig.begin(subject(tenant=late))
    rig.settle(other, fallback=fallback(other, SEALED))
    rig.advance(240)
    assert take(rig, exact) == TextTaken(SEALED, 60.0)
    rig.advance(ms=1)
    assert take(rig, other) is NoText.TOO_LATE
    assert rig.sealed(other.subject) is None
    assert take(rig, other) is NoText.TOO_LATE


def test_a_text_is_not_given_out_for_a_code_of_another_master(rig: StoreRig) -> None:
    draft = waiting(rig)
    rig.master = "another"
    assert take(rig, draft) is NoText.NOT_NEEDED


def test_a_code_that_left_by_two_channels_tells_of_neither_how_it_came(rig: StoreRig) -> None:
    draft = waiting(rig)
    assert rig.check(draft.subject, draft.digits) == CheckAccepted(
        draft.code.id, sent_by=SentBy("sms", "", START_MS)
    )
    draft = waiting(rig)
    take(rig, draft)
    assert rig.check(draft.subject, draft.digits) == CheckAccepted(draft.code.id)
