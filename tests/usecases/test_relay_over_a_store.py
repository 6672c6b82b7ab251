"""A message in the bank's own words from its taking to its report, over a real store, time by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.audit import Event, EventKind
from security_service.domain.codes import Subject
from security_service.domain.imsi import Grade, learnt
from security_service.domain.jobs import Job, JobKind
from security_service.domain.limits import Limits, Window
from security_service.domain.messages import (
    Failed,
    Message,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
    SendOutcome,
)
from security_service.domain.operation import Operation
from security_service.domain.policy import Traffic
from security_service.domain.relay import (
    MessageState,
    MessageView,
    NoSuchMessage,
    NotTaken,
    Refusal,
    Submission,
    Taken,
    message_id_of,
    message_of,
    segment_ids,
    shard_of,
)
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.tenants import Tenant
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.store.messages import StoredMessages, StoredRelayQueue
from security_service.store.reports import StoredReports
from security_service.usecases.deliver import Deliver
from security_service.usecases.pass_gate import PassGate
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.relay_message import RelayMessage
from security_service.usecases.report_message import ClaimReports, ReportMessage
from security_service.usecases.take_message import TakeMessage
from security_service.usecases.view_message import ViewMessage, Withdrawal, WithdrawMessage
from tests.fakes.clock import HandClock
from tests.fakes.receipts import MemoryInbox
from tests.fakes.routing import FreePace, MemoryArrivals, MemoryBreakers
from tests.fakes.sim import NEW_SIM, OLD_SIM, ScriptedSim, sealed
from tests.fakes.store import MemoryStore, SetHealth
from tests.fakes.tally import NoTally
from tests.store.rig import RING, START_MS, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, MemoryTenants, ScriptedGateway, ShippedPolicies

NUMBER: Final = Msisdn("79161112211")
BANK: Final = Tenant(
    "bank",
    gateways=("sms",),
    senders=("SHOP",),
    notices={"ru": "Обратитесь в банк."},
    limits=Limits(messages=(Window("messages_minute", 3, 60),)),
)
TEXT: Final = "Списано 150 рублей"


class DiedError(Exception):
    """Stands for the end of the process while the gateway was being asked."""


class FragileGateway(ScriptedGateway):
    """A gateway in whose middle the process may die."""

    dies = False

    def send(self, message: Message, within_s: float) -> SendOutcome:
        if self.dies:
            raise DiedError
        return super().send(message, within_s)


class Relay:
    """A bank's face and the worker over one store and one gateway."""

    def __init__(self, rig: StoreRig, tenant: Tenant = BANK) -> None:
        self.rig, self.clock, self.meter, self.tenant = (
            rig,
            HandClock(START_MS / 1000 - 1_700_000_000),
            CountingMeter(),
            tenant,
        )
        self.sms, self.sim = FragileGateway(self.clock, "sms"), ScriptedSim(OLD_SIM)
        gateways = {"sms": self.sms}
        chance, tally, sealer = SystemChance(), NoTally(), TextSealer(RING)
        queue, messages = StoredRelayQueue(rig.frame), StoredMessages(rig.frame)
        reports = StoredReports(rig.frame, 7, 1000)
        self.queue, self.messages = queue, messages
        deliver = Deliver(
            gateways, MemoryBreakers(), FreePace(), MemoryArrivals(), chance, self.clock, self.meter
        )
        gate = PassGate(self.sim, ShippedPolicies(), tally, chance, self.clock, RING, RING)
        self.take_message = TakeMessage(
            queue, messages, rig.wide, SetHealth(MemoryStore()), sealer, chance, self.clock, self.meter, RING,
            640,
        )  # fmt: skip
        self.relay = RelayMessage(
            MemoryTenants(tenant), queue, gate, deliver, sealer, tally, rig.jobs, self.clock, self.meter
        )
        self.receipts = PollReceipt(
            gateways, messages, rig.jobs, MemoryInbox(), frozenset(), self.clock, self.meter
        )
        self.report = ReportMessage(messages, reports, rig.jobs)
        self.claims = ClaimReports(reports)
        self.view, self.withdraw = ViewMessage(messages), WithdrawMessage(messages)

    def submission(self, text: str = TEXT, **changed: Any) -> Submission:  # noqa: ANN401 - any field
        given = Submission(self.tenant, NUMBER, MessageText(text), "smpp", "acc", "", reference="r1")
        return replace(given, wants_report=True, **changed)

    def take(self, text: str = TEXT, **changed: Any) -> str:  # noqa: ANN401 - any field
        taken = self.take_message.run(self.submission(text, **changed), self.rig.token())
        assert isinstance(taken, Taken), taken
        return taken.message_id

    def wait(self, seconds: float) -> None:
        self.rig.advance(seconds)
        self.clock.move(seconds)

    def work(self) -> list[JobKind]:
        """Do all that is due; gives what was done."""
        claimed = self.rig.jobs.claim(99, 60)
        for job in claimed:
            match job.kind:
                case JobKind.RELAY:
                    self.relay.attempt(job)
                case JobKind.RELAY_RECEIPT:
                    self.receipts.attempt(job)
                case JobKind.REPORT:
                    self.report.attempt(job)
                case _:
                    self.rig.jobs.finish(job, ())
        return [job.kind for job in claimed]

    def state(self, message_id: str) -> MessageState:
        view = self.view.run("bank", message_id)
        assert isinstance(view, MessageView)
        return view.state

    def trust(self, imsi: str) -> None:
        """Let the subscriber have a reference."""
        reference = learnt(sealed(imsi), self.rig.now_ms // 1000 - 90 * 86_400, Grade.CONFIRMED)
        subscriber = Subscriber(reference, messaged=True)
        learning = Event(EventKind.REFERENCE_LEARNT, {})
        assert self.rig.subscribers.swap("bank", NUMBER, b"", subscriber, [learning])

    def facts(self, kind: str) -> list[dict[str, Any]]:
        subject = Subject(self.tenant, NUMBER, Operation())
        return [event["facts"] for event in self.rig.events(subject) if event["kind"] == kind]


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def bank(rig: StoreRig) -> Relay:
    return Relay(rig)


def test_a_message_is_taken_passes_the_gate_leaves_once_and_is_reported(bank: Relay) -> None:
    message_id = bank.take()
    assert bank.state(message_id) is MessageState.QUEUED
    assert bank.work() == [JobKind.RELAY]
    assert [message.text.reveal() for message, _ in bank.sms.sent] == [TEXT]
    assert bank.state(message_id) is MessageState.SENT
    bank.sms.receipts = {"m1": Receipt(ReceiptState.DELIVERED, "0")}
    bank.wait(3)
    assert bank.work() == [JobKind.RELAY_RECEIPT]
    assert bank.work() == [JobKind.REPORT]
    reports = bank.claims.claim("acc", 10, 30.0)
    assert [(one.message_id, one.reference, one.state) for one in reports] == [
        (message_id, "r1", MessageState.DELIVERED)
    ]
    bank.claims.done(reports[0])
    assert bank.claims.claim("acc", 10, 30.0) == []
    assert bank.facts("gate_decided")[0]["message_id"] == message_id
    assert bank.facts("gate_decided")[0]["traffic"] == Traffic.RELAYED.value


def test_a_swapped_sim_gets_nothing_and_the_account_is_told(bank: Relay) -> None:
    bank.trust(NEW_SIM)
    message_id = bank.take()
    done = bank.work()
    assert bank.sms.sent == []
    assert bank.state(message_id) is MessageState.REFUSED
    assert done[0] is JobKind.RELAY
    bank.work()
    told = bank.claims.claim("acc", 10, 30.0)
    assert [(one.state, one.reason) for one in told] == [(MessageState.REFUSED, "sim_changed")]
    assert len(bank.facts("notice_queued")) + len(bank.facts("case_opened")) >= 1


def test_the_text_lies_in_the_store_sealed_and_goes_with_the_message(bank: Relay, rig: StoreRig) -> None:
    message_id = bank.take("тайна банка")
    key = next(key for key in rig.redis.scan_iter() if message_id.encode() in key)
    assert rig.redis.hget(key, "txt") is not None
    for name in rig.redis.scan_iter():
        if rig.redis.type(name) == b"hash":
            assert "тайна" not in str(
                {k: v.decode(errors="replace") for k, v in rig.redis.hgetall(name).items()}
            )
    bank.work()
    assert rig.redis.hget(key, "txt") is None


def test_a_deferred_message_passes_the_gate_when_it_leaves(bank: Relay, rig: StoreRig) -> None:
    message_id = bank.take(send_at_s=rig.now_ms // 1000 + 3600)
    assert bank.state(message_id) is MessageState.DEFERRED
    assert bank.work() == []
    bank.trust(NEW_SIM)
    bank.wait(3600)
    assert bank.work()[0] is JobKind.RELAY
    assert bank.sms.sent == []
    assert bank.state(message_id) is MessageState.REFUSED
    assert bank.facts("gate_decided")[0]["traffic"] == Traffic.DEFERRED.value


def test_what_no_gateway_took_is_offered_again_until_its_validity_ends(bank: Relay) -> None:
    bank.sms.outcome = Failed("sms", "down")
    message_id = bank.take(validity_s=60)
    bank.work()
    assert bank.state(message_id) is MessageState.QUEUED
    for _ in range(3):
        bank.wait(60)
        bank.work()
    assert bank.state(message_id) is MessageState.EXPIRED
    bank.work()
    assert [one.state for one in bank.claims.claim("acc", 9, 9.0)] == [MessageState.EXPIRED]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Refused("sms", "bad"), MessageState.FAILED), (OutcomeUnknown("sms", "silent"), MessageState.UNKNOWN)],
)
def test_a_final_refusal_and_an_unknown_outcome_are_never_sent_again(
    bank: Relay, outcome: Refused | OutcomeUnknown, state: MessageState
) -> None:
    bank.sms.outcome = outcome
    message_id = bank.take()
    bank.work()
    assert bank.state(message_id) is state
    bank.wait(86_400)
    bank.work()
    assert len(bank.sms.sent) == 1


def test_a_worker_that_died_while_sending_leaves_an_unknown_outcome_and_no_second_message(
    bank: Relay, rig: StoreRig
) -> None:
    message_id = bank.take()
    job = rig.jobs.claim(1, 60)[0]

    bank.sms.dies = True
    with pytest.raises(DiedError):
        bank.relay.attempt(job)
    bank.sms.dies = False
    bank.relay.attempt(job)
    assert bank.state(message_id) is MessageState.SENDING
    bank.wait(120)
    bank.work()
    assert bank.state(message_id) is MessageState.UNKNOWN
    assert bank.sms.sent == []


def test_two_workers_with_one_job_send_one_message(bank: Relay, rig: StoreRig) -> None:
    bank.take()
    job = rig.jobs.claim(1, 60)[0]
    again: list[Job] = [job]

    def the_other() -> None:
        if again:
            bank.relay.attempt(again.pop())

    bank.sim.meanwhile = the_other
    bank.relay.attempt(job)
    assert len(bank.sms.sent) == 1


def test_a_message_can_be_withdrawn_until_it_leaves(bank: Relay, rig: StoreRig) -> None:
    waiting = bank.take(send_at_s=rig.now_ms // 1000 + 60)
    assert bank.withdraw.run("bank", waiting, "ivanova", "mistake") is Withdrawal.WITHDRAWN
    assert bank.withdraw.run("bank", waiting, "ivanova", "mistake") is Withdrawal.TOO_LATE
    assert bank.withdraw.run("other", waiting, "ivanova", "mistake") is Withdrawal.UNKNOWN
    bank.wait(60)
    bank.work()
    assert bank.sms.sent == []


def test_the_window_of_a_number_refuses_the_message_after_its_limit(bank: Relay) -> None:
    for _ in range(3):
        bank.take()
    refused = bank.take_message.run(bank.submission(), bank.rig.token())
    assert refused == NotTaken(Refusal.LIMIT, 60)
    assert len(bank.facts("limit_reached")) == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"text": MessageText("")}, Refusal.NO_TEXT),
        ({"text": MessageText("я" * 67 * 16)}, Refusal.TOO_LONG),
        ({"sender": "THIEF"}, Refusal.SENDER),
        ({"validity_s": 59}, Refusal.TIME),
        ({"validity_s": 8 * 86_400}, Refusal.TIME),
        ({"send_at_s": 1 << 40}, Refusal.TIME),
        ({"reference": "r" * 201}, Refusal.TOO_LONG),
    ],
)
def test_what_cannot_be_relayed_is_refused_and_leaves_nothing(
    bank: Relay, rig: StoreRig, changed: dict[str, Any], reason: Refusal
) -> None:
    before = set(rig.redis.scan_iter())
    assert bank.take_message.run(replace(bank.submission(), **changed), rig.token()) == NotTaken(reason)
    assert set(rig.redis.scan_iter()) == before


def test_another_tenant_sees_nothing_of_a_message(bank: Relay) -> None:
    message_id = bank.take()
    assert bank.view.run("other", message_id) == NoSuchMessage()
    assert bank.view.run("bank", "17") == NoSuchMessage()
    assert bank.view.run("bank", "x") == NoSuchMessage()


def test_a_further_sender_of_the_tenant_is_borne(bank: Relay) -> None:
    bank.take(sender="SHOP")
    bank.work()
    assert bank.sms.sent[0][0].sender == "SHOP"


def test_a_store_of_another_installation_takes_nothing(bank: Relay, rig: StoreRig) -> None:
    for key in rig.redis.scan_iter("*:installation"):
        rig.redis.delete(key)
    refused = bank.take_message.run(bank.submission(), rig.token())
    assert refused == NotTaken(Refusal.OTHER_STORE)


@given(st.integers(0, 63), st.floats(0, 1, exclude_max=True), st.integers(1, 15))
def test_ids_of_segments_lead_back_to_their_message(shard: int, share: float, segments: int) -> None:
    message_id = message_id_of(shard, share)
    assert 0 < int(message_id) < 2**63
    assert shard_of(message_id) == shard
    assert {message_of(one) for one in segment_ids(message_id, segments)} == {message_id}
