from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job, JobKind
from security_service.domain.messages import NoReceipt, Push, Receipt, ReceiptAnswer, ReceiptState
from security_service.usecases.poll_receipt import PollReceipt
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults, MemoryJobs, MemorySlots
from tests.fakes.receipts import MemoryInbox
from tests.usecases.behind_the_scenes import CountingMeter, ScriptedGateway, job, kinds

PENDING = Receipt(ReceiptState.PENDING, "-1")
REPORTED_MS = 1_377_761_466_000
DELIVERED = Receipt(ReceiptState.DELIVERED, "0", REPORTED_MS)
UNDELIVERED = Receipt(ReceiptState.UNDELIVERED, "42", REPORTED_MS)
EXPIRED = Receipt(ReceiptState.EXPIRED, "69", REPORTED_MS)
UNKNOWN = Receipt(ReceiptState.UNKNOWN, "?")
SILENT = NoReceipt("timeout")


def receipt_job(messages: str = "m1 m2", gateway: str = "sms") -> Job:
    return job(JobKind.RECEIPT, code="c1", gateway=gateway, messages=messages, purpose="default")


@dataclass(slots=True)
class Scene:
    """One message of two segments at one gateway."""

    faults: Faults = field(default_factory=Faults)
    clock: HandClock = field(default_factory=HandClock)
    meter: CountingMeter = field(default_factory=CountingMeter)
    gateway: ScriptedGateway = field(init=False)
    jobs: MemoryJobs = field(init=False)
    slots: MemorySlots = field(init=False)
    poll: PollReceipt = field(init=False)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    brings: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.gateway = ScriptedGateway(self.clock)
        self.jobs = MemoryJobs(self.clock, self.faults)
        self.slots = MemorySlots(self.jobs)
        self.poll = PollReceipt(
            {"sms": self.gateway},
            self.slots,
            self.jobs,
            self.inbox,
            self.brings,
            self.clock,
            self.meter,
        )

    def answer(self, *answers: ReceiptAnswer) -> None:
        self.gateway.receipts = {f"m{number}": answer for number, answer in enumerate(answers, 1)}

    def run(self, given: Job | None = None) -> None:
        if given is not None:
            self.jobs.add(given)
        for claimed in self.jobs.claim(1, 60.0):
            try:
                self.poll.attempt(claimed)
            except StoreUnavailable:
                continue

    @property
    def facts(self) -> dict[str, object]:
        (event,) = self.jobs.events
        return dict(event.facts)


@pytest.mark.parametrize(
    ("answers", "state", "provider_code"),
    [
        ((DELIVERED, DELIVERED), ReceiptState.DELIVERED, "0"),
        ((DELIVERED, UNDELIVERED), ReceiptState.UNDELIVERED, "42"),
        ((EXPIRED, DELIVERED), ReceiptState.EXPIRED, "69"),
        ((PENDING, EXPIRED), ReceiptState.EXPIRED, "69"),
        ((SILENT, UNDELIVERED), ReceiptState.UNDELIVERED, "42"),
    ],
)
def test_the_worst_segment_speaks_for_the_message(
    answers: tuple[ReceiptAnswer, ...], state: ReceiptState, provider_code: str
) -> None:
    scene = Scene()
    scene.answer(*answers)
    scene.run(receipt_job())
    assert scene.slots.receipts == [("c1", state)]
    assert scene.facts == {
        "code_id": "c1",
        "gateway": "sms",
        "message_id": "",
        "messages": 2,
        "provider_code": provider_code,
        "reason": "",
        "reported_at_ms": REPORTED_MS,
        "state": state.value,
    }
    assert scene.jobs.due_in("j1") is None


@pytest.mark.parametrize(
    "answers",
    [(DELIVERED, PENDING), (PENDING, DELIVERED), (DELIVERED, SILENT), (UNKNOWN, DELIVERED), (SILENT, SILENT)],
)
def test_a_message_of_which_a_segment_is_open_is_asked_for_again(answers: tuple[ReceiptAnswer, ...]) -> None:
    scene = Scene()
    scene.answer(*answers)
    scene.run(receipt_job())
    assert (scene.slots.receipts, scene.jobs.events) == ([], [])
    assert scene.jobs.due_in("j1") == 2.0


def test_a_negative_segment_decides_without_asking_for_the_others() -> None:
    scene = Scene()
    scene.answer(UNDELIVERED, DELIVERED)
    scene.run(receipt_job())
    assert scene.gateway.asked == ["m1"]


def test_an_open_receipt_is_asked_for_with_growing_pauses_and_given_up_as_unknown() -> None:
    scene = Scene()
    scene.answer(PENDING, PENDING)
    scene.run(receipt_job())
    pauses = []
    while (pause := scene.jobs.due_in("j1")) is not None:
        pauses.append(pause)
        scene.clock.move(pause)
        scene.run()
    assert pauses == [2, 3, 5, 10, 20, 40, 80, 160, 320]
    assert scene.facts["state"] == "unknown"
    assert (scene.facts["reason"], scene.facts["provider_code"]) == ("given_up", "-1")
    assert scene.slots.receipts == []


def test_a_receipt_that_comes_late_is_applied_when_it_comes() -> None:
    scene = Scene()
    scene.answer(PENDING, PENDING)
    scene.run(receipt_job())
    scene.answer(DELIVERED, DELIVERED)
    scene.clock.move(2)
    scene.run()
    assert scene.slots.receipts == [("c1", ReceiptState.DELIVERED)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [(receipt_job(messages=""), "no_message_ids"), (receipt_job(gateway="gone"), "gateway_gone")],
)
def test_a_message_that_nobody_can_be_asked_about_ends_as_unknown(given: Job, reason: str) -> None:
    scene = Scene()
    scene.run(given)
    assert (scene.facts["state"], scene.facts["reason"]) == ("unknown", reason)
    assert (scene.gateway.asked, scene.slots.receipts) == ([], [])


def test_segments_share_ten_seconds() -> None:
    scene = Scene()
    scene.gateway.takes_s = 6.0
    scene.run(receipt_job("m1 m2 m3"))
    assert scene.gateway.asked == ["m1", "m2"]
    assert scene.jobs.due_in("j1") == 2.0


@pytest.mark.parametrize("fault", ["apply_receipt", "finish", "retry"])
def test_a_crash_before_the_end_is_made_good_by_the_lease(fault: str) -> None:
    scene = Scene(Faults([fault]))
    scene.answer(DELIVERED, DELIVERED)
    given = receipt_job(messages="" if fault == "finish" else "m1 m2")
    if fault == "retry":
        scene.answer(PENDING, PENDING)
    scene.run(given)
    assert scene.jobs.due_in("j1") == 60.0
    scene.answer(DELIVERED, DELIVERED)
    scene.clock.move(60)
    scene.run()
    assert kinds(scene.jobs.events) == ["receipt"]


def test_two_workers_with_one_receipt_apply_it_once() -> None:
    scene = Scene()
    scene.answer(UNDELIVERED)
    scene.jobs.add(receipt_job("m1"))
    (claimed,) = scene.jobs.claim(1, 60.0)
    scene.poll.attempt(claimed)
    scene.poll.attempt(claimed)
    assert scene.slots.receipts == [("c1", ReceiptState.UNDELIVERED)]
    assert scene.meter.events.count(("receipt", "undelivered")) == 1


def test_a_receipt_that_the_provider_brought_is_not_asked_for() -> None:
    scene = Scene(brings=frozenset({"sms"}))
    scene.inbox.put("sms", [Push("m1", DELIVERED), Push("m2", UNDELIVERED)])
    scene.run(receipt_job())
    assert scene.slots.receipts == [("c1", ReceiptState.UNDELIVERED)]
    assert scene.gateway.asked == []


def test_a_provider_that_brought_nothing_final_yet_is_asked() -> None:
    scene = Scene(brings=frozenset({"sms"}))
    scene.inbox.put("sms", [Push("m1", PENDING)])
    scene.answer(DELIVERED, DELIVERED)
    scene.run(receipt_job())
    assert scene.gateway.asked == ["m1", "m2"]
    assert scene.slots.receipts == [("c1", ReceiptState.DELIVERED)]
