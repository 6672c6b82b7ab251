from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from security_service.domain.codes import KeyedDigest, NewCode, Subject
from security_service.domain.errors import StoreUnavailable
from security_service.domain.fallback import Fallback
from security_service.domain.imsi import Grade, learnt
from security_service.domain.jobs import JobKind
from security_service.domain.lookup import NoData
from security_service.domain.messages import (
    Accepted,
    Channel,
    Failed,
    OutcomeUnknown,
    Refused,
    SendOutcome,
)
from security_service.domain.operation import Operation
from security_service.domain.routing import Leg, Route
from security_service.domain.secret import MessageText
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver
from security_service.usecases.fall_back import FallBack
from security_service.usecases.sealed_message import plan_fallback
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults, MemoryJobs
from tests.fakes.routing import FirstChance, FreePace, MemoryArrivals, MemoryBreakers
from tests.fakes.sealed import MemorySealedTexts, OpenSealer
from tests.fakes.sim import NEW_SIM, OLD_SIM, Line, ScriptedSim, sealed
from tests.usecases.behind_the_scenes import (
    NOW,
    NUMBER,
    TENANT,
    CountingMeter,
    MemorySubscribers,
    MemoryTenants,
    ScriptedGateway,
    ShippedPolicies,
    kinds,
)

TEXT = "Код 481516, никому не говорите"
CALLING = replace(TENANT, fallback_channels=(Channel.VOICE,), fallback_after_s=30)
KNOWN = replace(NEW_SUBSCRIBER, reference=learnt(sealed(OLD_SIM), NOW - 900, Grade.DATED), messaged=True)
PAYMENT = Operation("default", 150_000, "RUB", "OOO Romashka")


@dataclass(slots=True)
class Scene:
    """A code that left by SMS half a minute ago, and all that its fallback needs, in memory."""

    tenant: Tenant = CALLING
    subscriber: Subscriber = KNOWN
    sim: Line = OLD_SIM
    operation: Operation = field(default_factory=Operation)
    life_s: float = 300.0
    faults: Faults = field(default_factory=Faults)
    clock: HandClock = field(default_factory=HandClock)
    meter: CountingMeter = field(default_factory=CountingMeter)
    asked: ScriptedSim = field(init=False)
    subscribers: MemorySubscribers = field(init=False)
    texts: MemorySealedTexts = field(init=False)
    sms: ScriptedGateway = field(init=False)
    voice: ScriptedGateway = field(init=False)
    jobs: MemoryJobs = field(init=False)
    fallback: Fallback = field(init=False)
    use_case: FallBack = field(init=False)

    def __post_init__(self) -> None:
        self.sms = ScriptedGateway(self.clock, "sms")
        self.voice = ScriptedGateway(self.clock, "voice", channel=Channel.VOICE)
        self.asked = ScriptedSim(self.sim)
        self.jobs = MemoryJobs(self.clock, self.faults)
        self.texts = MemorySealedTexts(self.clock, self.faults)
        deliver = Deliver(
            {"sms": self.sms, "voice": self.voice},
            MemoryBreakers(),
            FreePace(),
            MemoryArrivals(),
            FirstChance(),
            self.clock,
            self.meter,
        )
        self.subscribers = MemorySubscribers(self.jobs.events, self.faults, self.subscriber)
        self.use_case = FallBack(
            MemoryTenants(self.tenant),
            self.subscribers,
            self.asked,
            ShippedPolicies(),
            self.texts,
            OpenSealer(),
            deliver,
            self.jobs,
            self.clock,
            self.meter,
        )
        planned = plan_fallback(
            OpenSealer(), Subject(CALLING, NUMBER, self.operation), code(), MessageText(TEXT)
        )
        assert planned is not None
        self.fallback = planned
        self.texts.put(planned, self.life_s)
        self.jobs.add(planned.job)
        self.clock.move(30.0)

    def run(self) -> None:
        for claimed in self.jobs.claim(1, 60.0):
            try:
                self.use_case.attempt(claimed)
            except StoreUnavailable:
                continue

    def run_after_the_lease(self) -> None:
        self.clock.move(60.0)
        self.run()

    @property
    def facts(self) -> dict[str, object]:
        (event,) = self.jobs.events
        return dict(event.facts)

    @property
    def log(self) -> list[str]:
        return kinds(self.jobs.events)

    @property
    def is_over(self) -> bool:
        return self.jobs.due_in("fc1") is None


def code() -> NewCode:
    digest = KeyedDigest(1, b"d" * 16)
    return NewCode("c1", digest, (digest,), 300, 15.0, operator="25001")


def override(mode: Mode) -> Subscriber:
    return replace(KNOWN, override=Override(mode, "olga", "asked", NOW - 100, NOW + 100))


def test_nothing_is_planned_for_a_tenant_without_channels_to_fall_back_to() -> None:
    whom = Subject(TENANT, NUMBER, Operation())
    assert plan_fallback(OpenSealer(), whom, code(), MessageText(TEXT)) is None


def test_the_job_of_a_fallback_holds_names_and_neither_code_nor_amount() -> None:
    scene = Scene(operation=PAYMENT)
    job = scene.fallback.job
    assert job.data == (("code", "c1"), ("operator", "25001"), ("purpose", "default"))
    assert job.due_in_s == 30.0
    assert "481516" not in repr(scene.fallback)


def test_the_same_text_leaves_by_the_other_channel_for_what_is_left_of_the_codes_life() -> None:
    scene = Scene()
    scene.run()
    ((message, within_s),) = scene.voice.sent
    assert message.text.reveal() == TEXT
    assert (message.to, message.sender, message.life_s) == (NUMBER, "ETALON", 270)
    assert message.reference == "fc1"
    assert within_s == 10.0
    assert scene.sms.sent == []


def test_a_fallback_that_left_is_told_without_its_text() -> None:
    scene = Scene()
    scene.run()
    assert scene.log == ["fallback_sent"]
    assert scene.facts == {
        "code_id": "c1",
        "gateway": "voice",
        "lookups": [{"milliseconds": 12, "outcome": "seen", "source": "sandbox"}],
        "message_ids": ["m1"],
        "purpose": "default",
        "reason": "",
        "sim": "same",
        "tried": [{"gateway": "voice", "outcome": "accepted"}],
    }
    assert scene.is_over
    assert ("fallback", "fallback_sent") in scene.meter.events


def test_the_route_of_the_numbers_operator_is_taken() -> None:
    routes = (
        Route((Leg("nobody"),), operators=("25002",)),
        Route((Leg("sms"), Leg("voice")), operators=("25001",)),
    )
    scene = Scene(replace(CALLING, routes=routes))
    scene.run()
    assert scene.log == ["fallback_sent"]


@pytest.mark.parametrize(
    ("outcome", "told", "reason"),
    [
        (Failed("voice", "connect_failed"), "fallback_failed", "connect_failed"),
        (Refused("voice", "argument_invalid"), "fallback_failed", "argument_invalid"),
        (OutcomeUnknown("voice", "timeout"), "fallback_unknown", "timeout"),
    ],
)
def test_what_did_not_leave_and_what_may_have_left_are_told_and_not_sent_again(
    outcome: SendOutcome, told: str, reason: str
) -> None:
    scene = Scene()
    scene.voice.outcome = outcome
    scene.run()
    scene.run_after_the_lease()
    assert (scene.log, scene.facts["reason"]) == ([told], reason)
    assert len(scene.voice.sent) == 1


def test_a_code_that_ended_or_was_delivered_needs_no_fallback_and_tells_nothing() -> None:
    scene = Scene()
    scene.texts.end(scene.fallback.job)
    scene.run()
    assert (scene.log, scene.voice.sent, scene.asked.asked) == ([], [], [])
    assert scene.is_over
    assert scene.meter.events == [("fallback", "not_needed")]


def test_with_less_than_a_minute_left_nothing_is_sent() -> None:
    scene = Scene(life_s=89.9)
    scene.run()
    assert (scene.log, scene.facts["reason"], scene.voice.sent) == (["fallback_failed"], "too_late", [])


@pytest.mark.parametrize(("life_s", "told"), [(93.9, "fallback_failed"), (94.0, "fallback_sent")])
def test_the_time_that_the_look_takes_counts(life_s: float, told: str) -> None:
    scene = Scene(life_s=life_s)
    scene.asked.meanwhile = lambda: scene.clock.move(4.0)
    scene.run()
    assert scene.log == [told]
    assert [message.life_s for message, _ in scene.voice.sent] == [60] * (told == "fallback_sent")


def test_a_job_that_was_given_out_before_is_not_sent_again() -> None:
    scene = Scene()
    assert scene.jobs.claim(1, 60.0)
    scene.run_after_the_lease()
    assert (scene.log, scene.facts["reason"], scene.voice.sent) == (["fallback_unknown"], "worker_lost", [])
    assert scene.is_over


@pytest.mark.parametrize("lost", ["take", "get", "finish"])
def test_a_store_that_goes_away_on_the_way_never_makes_it_two_messages(lost: str) -> None:
    scene = Scene(faults=Faults(next=[lost]))
    scene.run()
    scene.run_after_the_lease()
    assert scene.log == ["fallback_unknown"]
    assert len(scene.voice.sent) == (lost == "finish")


def test_a_sim_that_was_swapped_meanwhile_gets_nothing_and_is_looked_at_at_once() -> None:
    scene = Scene(sim=NEW_SIM)
    scene.run()
    assert (scene.log, scene.voice.sent, scene.sms.sent) == (["fallback_refused"], [], [])
    assert (scene.facts["reason"], scene.facts["sim"]) == ("sim_changed", "changed")
    (look,) = scene.jobs.claim(9, 60.0)
    assert (look.kind, look.attempt, look.started) == (JobKind.LOOK, 0, False)
    assert (look.get("code"), look.get("purpose")) == ("c1", "default")


def test_one_that_is_frozen_gets_nothing_and_is_not_looked_at() -> None:
    scene = Scene()
    scene.subscribers.frozen = True
    scene.run()
    assert (scene.log, scene.voice.sent, scene.asked.asked) == (["fallback_refused"], [], [])
    assert scene.facts["reason"] == "frozen"


def test_a_tenant_that_only_observes_sends_and_has_the_change_looked_at_all_the_same() -> None:
    scene = Scene(replace(CALLING, policy="observe"), sim=NEW_SIM)
    scene.run()
    assert (scene.log, scene.facts["sim"]) == (["fallback_sent"], "changed")
    assert [job.kind for job in scene.jobs.claim(9, 60.0)] == [JobKind.LOOK]


@pytest.mark.parametrize(
    ("policy", "sim", "operation", "told"),
    [
        ("standard", NoData.UNAVAILABLE, Operation(), "fallback_sent"),
        ("standard", NoData.ABSENT, Operation(), "fallback_sent"),
        ("standard", NoData.ABSENT, PAYMENT, "fallback_refused"),
        ("standard", NoData.BARRED, Operation(), "fallback_refused"),
        ("strict", NoData.UNAVAILABLE, Operation(), "fallback_refused"),
    ],
)
def test_an_unanswered_look_is_decided_by_the_policy_and_the_codes_own_operation(
    policy: str, sim: NoData, operation: Operation, told: str
) -> None:
    scene = Scene(replace(CALLING, policy=policy), sim=sim, operation=operation)
    scene.run()
    assert (scene.log, scene.is_over) == ([told], True)


@pytest.mark.parametrize(
    ("mode", "told"), [(Mode.ALWAYS_ALLOW, "fallback_sent"), (Mode.ALWAYS_DENY, "fallback_refused")]
)
def test_a_persons_decision_holds_without_a_look(mode: Mode, told: str) -> None:
    scene = Scene(subscriber=override(mode), sim=NEW_SIM)
    scene.run()
    assert (scene.log, scene.asked.asked, scene.is_over) == ([told], [], True)


def test_without_a_reference_there_is_nothing_to_ask_about() -> None:
    scene = Scene(replace(CALLING, policy="strict"), subscriber=NEW_SUBSCRIBER, sim=NEW_SIM)
    scene.run()
    assert (scene.log, scene.facts["sim"], scene.asked.asked) == (["fallback_sent"], "not_asked", [])


def test_a_text_that_is_another_codes_is_not_sent() -> None:
    scene = Scene()
    other = replace(scene.fallback, sealed=scene.fallback.sealed.replace(b"c1", b"c2"))
    scene.texts.put(other, 300.0)
    scene.run()
    assert (scene.log, scene.facts["reason"], scene.voice.sent) == (["fallback_failed"], "not_opened", [])


@pytest.mark.parametrize(
    ("tenant", "reason"), [(TENANT, "switched_off"), (replace(CALLING, id="another"), "tenant_gone")]
)
def test_a_tenant_that_went_or_changed_its_mind_sends_nothing(tenant: Tenant, reason: str) -> None:
    scene = Scene(tenant)
    scene.run()
    assert (scene.log, scene.facts["reason"], scene.voice.sent) == (["fallback_failed"], reason, [])


def test_a_channel_that_no_gateway_of_the_route_carries_is_told() -> None:
    scene = Scene(replace(CALLING, fallback_channels=(Channel.VIBER,)))
    scene.run()
    assert (scene.log, scene.facts["tried"]) == (["fallback_failed"], [])
    assert scene.facts["reason"] == "no_gateway_for_this_route"


def test_channels_are_tried_in_their_order() -> None:
    scene = Scene(replace(CALLING, fallback_channels=(Channel.VOICE, Channel.SMS), gateways=("sms", "voice")))
    scene.voice.outcome = Failed("voice", "connect_failed")
    scene.sms.outcome = Accepted("sms", ("s1", "s2"))
    scene.run()
    assert scene.facts["message_ids"] == ["s1", "s2"]
    assert scene.facts["tried"] == [
        {"gateway": "voice", "outcome": "failed:connect_failed"},
        {"gateway": "sms", "outcome": "accepted"},
    ]
