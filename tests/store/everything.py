"""One run through all that the store can do: every script, and every event that a script writes."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.arrivals import Pair, PairState, Tally, ripened
from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import FinaliseRequest, Settlement
from security_service.domain.fallback import TextTaken
from security_service.domain.imsi import ImsiMember
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import GuessBudget, Limits, Window
from security_service.domain.messages import ReceiptState
from security_service.domain.operation import Operation
from security_service.domain.secret import KeyRing, Msisdn, Secret
from security_service.links.operating_system import SystemChance
from security_service.store.arrivals import StoredArrivalBook, StoredArrivals
from security_service.store.flights import StoredFlights
from security_service.store.pace import StoredPace
from security_service.store.people import StoredSessions
from security_service.store.tenants import StoredTenants
from security_service.store.wide_limits import StoredSendTally
from tests.fakes.clock import HandClock
from tests.store import tickets
from tests.store.people import RULES, SESSION, do_all
from tests.store.relayed import do_relayed
from tests.store.rig import FREE, OTHER, PAYMENT, UNLIMITED, StoreRig, fallback, messaged, subject

BUDGET = GuessBudget(lifetime_warning=4, lifetime_cap=6)
PIN = ImsiMember(1, "imsi", b"s" * 16)
TENANT = replace(
    FREE,
    guesses=BUDGET,
    limits=replace(UNLIMITED, requests=(Window("requests", 9, 60),), tenant=(Window("wide", 9, 60),)),
)


def do_everything(rig: StoreRig, text: str = "готово") -> None:
    """Bring every script to run and every event about; `text` goes into the facts of all that take some."""
    whom, other = subject(tenant=TENANT), subject(OTHER, tenant=TENANT)
    _live_codes(rig, text)
    _guesses(rig, text)
    _jobs(rig, text)
    rig.codes.release(whom, rig.caller())
    assert rig.wide.take(TENANT, whom.number, "a", ()) is None
    narrow = replace(TENANT, limits=Limits(tenant=(Window("narrow", 1, 60),)))
    assert [rig.wide.take(narrow, whom.number, "a", ()) is None for _ in range(2)] == [True, False]
    rig.wide.give_back(TENANT, whom.number, "a", ())
    clock = HandClock()
    tally = StoredSendTally(rig.frame)
    tally.sent("demo")
    tally.flush()
    route(rig, clock)
    assert tally.take_unverified("demo", 1, 1)
    flights = StoredFlights(rig.frame, clock, SystemChance())
    flight = flights.join("demo", other.number, 9.0)
    flights.land("demo", other.number, flight, text)
    _step_up(rig, text)
    tenants = StoredTenants(rig.frame, KeyRing({1: b"k" * 32}), clock)
    tenants.save(replace(TENANT, name="Банк"), text)
    first = tenants.issue_key("demo", Secret("a key of the bank"), "first", text)
    do_relayed(rig, text)
    do_all(rig)
    assert StoredSessions(rig.frame, RULES).end(SESSION)
    assert tenants.end_key(first, 0, text)


def _step_up(rig: StoreRig, text: str) -> None:
    whom = subject(Msisdn("79035550001"), tenant=replace(TENANT, limits=UNLIMITED), operation=PAYMENT)
    name = tickets.enrol(rig, whom)
    tickets.step_up(rig, whom, name)
    tickets.answer(rig, whom, tickets.FIRST_STEP + 1)
    rig.authenticators.get("demo", whom.number)
    assert rig.authenticators.remove("demo", whom.number, tickets.REMOVED)
    tickets.enrol(rig, whom)
    caller = rig.caller()
    rig.admit(whom, caller)
    frozen = Event(EventKind.SUBSCRIBER_FROZEN, {"reason": text})
    assert rig.subscribers.freeze("demo", whom.number, [frozen])
    rig.open(whom, caller, rig.new_code(whom, rig.digits()))
    assert rig.subscribers.unlock("demo", whom.number, Event(EventKind.SUBSCRIBER_UNLOCKED, {"reason": text}))


def _live_codes(rig: StoreRig, text: str) -> None:
    whom, paying = subject(tenant=TENANT), subject(tenant=TENANT, operation=PAYMENT)
    first = rig.begin(whom, rig.caller("a", "key"))
    receipt = Job("r1", JobKind.RECEIPT, "demo", whom.number, (("purpose", "default"), ("text", text)))
    rig.settle(first, jobs=[receipt])
    rig.admit(whom, rig.caller())
    rig.generate(paying)
    assert rig.slots.apply_receipt(receipt, ReceiptState.DELIVERED, Event(EventKind.RECEIPT, {"of": text}))
    killed = rig.settle(rig.begin(subject(tenant=TENANT, operation=Operation("killed"))), Settlement.UNKNOWN)
    late = [Event(EventKind.LATE_CHANGE, {"payee": text, "nested": [{"z": 1, "a": text}], "n": 2**53 - 1})]
    assert rig.subscribers.swap(
        "demo", whom.number, b"", messaged(), late, kill_code=f"killed:{killed.code.id}"
    )
    pinned, caller = subject(tenant=TENANT, operation=Operation("pinned")), rig.caller("known", "check")
    draft = rig.generate(pinned, None, PIN)
    rig.check(pinned, draft.digits, caller, pinned=True)
    looked = Event(EventKind.CHECK_FINALISED, {"reason": text})
    rig.checks.finalise(FinaliseRequest(pinned, caller, draft.code.id, accepted=True, event=looked))
    falling = subject(tenant=TENANT, operation=Operation("falling"))
    draft = rig.begin(falling)
    waiting = fallback(draft, f"sealed {text}".encode())
    rig.settle(draft, fallback=waiting)
    taken = rig.waiting_texts.take(waiting.job)
    assert isinstance(taken, TextTaken)
    assert taken.sealed == waiting.sealed
    sent = Event(EventKind.FALLBACK_SENT, {"reason": text})
    assert rig.jobs.finish(waiting.job, [sent])
    good = subject(tenant=TENANT, operation=Operation("good"))
    draft = rig.generate(good)
    rig.check(good, draft.digits, rig.caller("", "good"))


def _guesses(rig: StoreRig, text: str) -> None:
    whom = subject(Msisdn("79035550000"), tenant=replace(TENANT, limits=UNLIMITED))
    unlocked = Event(EventKind.SUBSCRIBER_UNLOCKED, {"reason": text})
    rig.check(whom, "1")
    rig.generate(whom)
    rig.guess(whom, 8)
    rig.advance(60)
    rig.generate(whom)
    rig.guess(whom, 2)
    assert rig.subscribers.unlock("demo", whom.number, unlocked)
    limits = Limits(requests=(), checks=(Window("checks", 1, 60),), sends=())
    rig.guess(replace(whom, tenant=replace(TENANT, limits=limits)), 4)


def _jobs(rig: StoreRig, text: str) -> None:
    whom = subject(OTHER, tenant=TENANT)
    request = rig.request(whom, rig.caller(), None)
    notice = Job("n1", JobKind.NOTICE, "demo", OTHER, (("reason", text),))
    look = Job("l1", JobKind.LOOK, "demo", OTHER)
    rig.codes.open(replace(request, notice=notice, notice_key="k", jobs=(look,)))
    draft = rig.begin(whom)
    rig.codes.open(
        replace(rig.request(whom, rig.caller(), draft.code, b""), unverified=True, subscriber=None)
    )
    rig.begin(replace(whom, operation=Operation("unverified")))
    rig.advance(60)
    for job in rig.jobs.claim(99, 9):
        match job.kind:
            case JobKind.LEASE:
                rig.slots.end_lease(job)
            case JobKind.REFUSALS:
                rig.slots.count_refusals(job)
            case JobKind.NOTICE:
                assert rig.jobs.finish(job, [Event(EventKind.NOTICE_SENT, {"text": text})])
            case JobKind.LOOK:
                assert rig.jobs.retry(job, 60.0, [Event(EventKind.INCIDENT, {"what": text})])
            case (
                JobKind.RECEIPT
                | JobKind.REVERIFY
                | JobKind.FALLBACK
                | JobKind.BAN
                | JobKind.RELAY
                | JobKind.RELAY_RECEIPT
                | JobKind.REPORT
                | JobKind.HAND_ON
            ):
                raise AssertionError(job)
    caller = rig.caller()
    rig.admit(whom, caller)
    code = rig.new_code(whom, rig.digits())
    rig.codes.open(replace(rig.request(whom, caller, code), unverified=True))


def route(rig: StoreRig, clock: HandClock) -> None:
    """Cohorts of codes, a pair that falls away, and a provider's pace."""
    arrivals, book = StoredArrivals(rig.frame, clock), StoredArrivalBook(rig.frame, clock)
    for _ in range(20):
        arrivals.sent("sms", "25001")
    arrivals.flush()
    clock.move(60.0)
    assert book.ripe() == {("sms", "25001"): Tally(20, 0)}
    before = Pair(baseline=Tally(100, 80))
    pair, move = ripened(before, Tally(20, 0), 1_700_000_000)
    book.save("sms", "25001", pair, move)
    assert arrivals.state("sms", "25001") is PairState.AWAY
    assert StoredPace(rig.frame, clock, {"sms": 10.0}).take("sms", 1.0)
