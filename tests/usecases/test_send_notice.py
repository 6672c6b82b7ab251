from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import JobKind
from security_service.domain.messages import Accepted, Failed, OutcomeUnknown, Refused, SendOutcome
from security_service.domain.tenants import Tenant
from security_service.usecases.deliver import Deliver
from security_service.usecases.send_notice import SendNotice
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults, MemoryJobs
from tests.fakes.routing import FirstChance, FreePace, MemoryArrivals, MemoryBreakers
from tests.usecases.behind_the_scenes import (
    NUMBER,
    TENANT,
    CountingMeter,
    MemoryTenants,
    ScriptedGateway,
    job,
    kinds,
)

NOTICE = job(JobKind.NOTICE, reason="sim_changed")


class DayCap:
    """The NoticeCap port: so many a tenant, in a day that does not end."""

    def __init__(self, faults: Faults) -> None:
        self.taken: dict[str, int] = {}
        self._faults = faults

    def take(self, tenant: Tenant) -> bool:
        self._faults.check("take")
        if self.taken.get(tenant.id, 0) >= tenant.notices_a_day:
            return False
        self.taken[tenant.id] = self.taken.get(tenant.id, 0) + 1
        return True


@dataclass(slots=True)
class Scene:
    """A notice that is due, two gateways, and the queue."""

    tenant: Tenant = TENANT
    faults: Faults = field(default_factory=Faults)
    clock: HandClock = field(default_factory=HandClock)
    meter: CountingMeter = field(default_factory=CountingMeter)
    first: ScriptedGateway = field(init=False)
    second: ScriptedGateway = field(init=False)
    cap: DayCap = field(init=False)
    jobs: MemoryJobs = field(init=False)
    notice: SendNotice = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.second = ScriptedGateway(self.clock, "first"), ScriptedGateway(self.clock, "second")
        self.cap = DayCap(self.faults)
        self.jobs = MemoryJobs(self.clock, self.faults)
        deliver = Deliver(
            {"first": self.first, "second": self.second},
            MemoryBreakers(),
            FreePace(),
            MemoryArrivals(),
            FirstChance(),
            self.clock,
            self.meter,
        )
        self.notice = SendNotice(MemoryTenants(self.tenant), self.cap, deliver, self.jobs, self.meter)
        self.jobs.add(NOTICE)

    def run(self) -> None:
        for claimed in self.jobs.claim(1, 60.0):
            try:
                self.notice.attempt(claimed)
            except StoreUnavailable:
                continue

    def run_after_the_lease(self) -> None:
        self.clock.move(60.0)
        self.run()

    @property
    def sent(self) -> int:
        return len(self.first.sent) + len(self.second.sent)

    @property
    def facts(self) -> dict[str, object]:
        (event,) = self.jobs.events
        return dict(event.facts)

    @property
    def log(self) -> list[str]:
        return kinds(self.jobs.events)


def test_a_notice_is_the_tenants_own_text_with_a_day_to_live() -> None:
    scene = Scene()
    scene.run()
    ((message, within_s),) = scene.first.sent
    assert message.text.reveal() == "Мы не отправили код."
    assert (message.to, message.sender, message.life_s) == (NUMBER, "ETALON", 86_400)
    assert message.reference == NOTICE.id
    assert within_s == 10.0


def test_a_notice_that_left_is_told_with_its_gateway_and_message_ids() -> None:
    scene = Scene()
    scene.run()
    assert scene.log == ["notice_sent"]
    assert scene.facts == {
        "gateway": "first",
        "message_ids": ["m1"],
        "reason": "",
        "refusal": "sim_changed",
        "tried": [{"gateway": "first", "outcome": "accepted"}],
    }
    assert scene.jobs.due_in(NOTICE.id) is None


@pytest.mark.parametrize(
    ("locale", "notices", "text"),
    [
        ("en", {"en": "no", "ru": "нет"}, "no"),
        ("ru", {"en": "no", "ru": "нет"}, "нет"),
        ("kk", {"ru": "нет", "en": "no"}, "no"),
        ("ru", {"az": "", "ru": "", "en": "no"}, "no"),
        ("ru", {"ru": "{code} stays as it is"}, "{code} stays as it is"),
    ],
)
def test_the_text_is_that_of_the_locale_or_else_of_the_first_one_by_name(
    locale: str, notices: dict[str, str], text: str
) -> None:
    scene = Scene(replace(TENANT, locale=locale, notices=notices))
    scene.run()
    assert [message.text.reveal() for message, _ in scene.first.sent] == [text]


@pytest.mark.parametrize("notices", [{}, {"ru": ""}])
def test_a_tenant_without_a_text_sends_none(notices: dict[str, str]) -> None:
    scene = Scene(replace(TENANT, notices=notices))
    scene.run()
    assert (scene.sent, scene.log, scene.facts["reason"]) == (0, ["notice_failed"], "no_text")
    assert scene.cap.taken == {}


def test_past_the_days_cap_no_notice_leaves() -> None:
    scene = Scene(replace(TENANT, notices_a_day=2))
    scene.jobs.add(*(replace(NOTICE, id=f"n{number}") for number in range(3)))
    for _ in range(4):
        scene.run()
    assert scene.sent == 2
    assert scene.log == ["notice_sent", "notice_sent", "notice_failed", "notice_failed"]
    assert scene.jobs.events[-1].facts["reason"] == "daily_cap"
    assert ("limit", "notices_a_day") in scene.meter.events


def test_a_tenant_that_is_gone_sends_none() -> None:
    scene = Scene(replace(TENANT, id="other"))
    scene.run()
    assert (scene.sent, scene.log, scene.facts["reason"]) == (0, ["notice_failed"], "tenant_gone")


@pytest.mark.parametrize(
    ("outcome", "kind", "reason", "sent"),
    [
        (Accepted("first", ("m1", "m2")), "notice_sent", "", 1),
        (Refused("first", "blocked"), "notice_failed", "blocked", 1),
        (OutcomeUnknown("first", "timeout"), "notice_unknown", "timeout", 1),
        (Failed("first", "refused_connection"), "notice_sent", "", 2),
    ],
)
def test_only_a_message_that_surely_did_not_leave_goes_to_the_next_gateway(
    outcome: SendOutcome, kind: str, reason: str, sent: int
) -> None:
    scene = Scene()
    scene.first.outcome = outcome
    scene.run()
    assert (scene.log, scene.facts["reason"], scene.sent) == ([kind], reason, sent)


def test_a_notice_that_no_gateway_took_is_told_as_failed_and_not_tried_again() -> None:
    scene = Scene()
    scene.first.outcome = scene.second.outcome = Failed("second", "down")
    scene.run()
    scene.run_after_the_lease()
    assert (scene.log, scene.facts["reason"], scene.sent) == (["notice_failed"], "down", 2)


def test_a_notice_whose_worker_was_lost_after_sending_is_never_sent_again() -> None:
    scene = Scene(faults=Faults(["finish"]))
    scene.run()
    assert scene.log == []
    scene.run_after_the_lease()
    assert (scene.sent, scene.log, scene.facts["reason"]) == (1, ["notice_unknown"], "worker_lost")


def test_a_notice_whose_worker_was_lost_before_sending_is_not_sent_either() -> None:
    scene = Scene()
    scene.jobs.claim(1, 60.0)
    scene.run_after_the_lease()
    assert (scene.sent, scene.log) == (0, ["notice_unknown"])


def test_a_cap_that_cannot_be_asked_lets_nothing_leave() -> None:
    scene = Scene(faults=Faults(["take"]))
    scene.run()
    scene.run_after_the_lease()
    assert (scene.sent, scene.log) == (0, ["notice_unknown"])


def test_the_text_stands_in_no_event() -> None:
    scene = Scene()
    scene.run()
    assert "отправили" not in repr(scene.jobs.events)
