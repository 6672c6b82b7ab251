"""A swap that is seen only behind a message: the look a minute later kills the code; time moves by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from security_service.domain.jobs import JobKind
from security_service.domain.tenants import Tenant
from security_service.usecases.answers import Answered
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.intake import Request
from tests.e2e.callers import Operator, new_number
from tests.e2e.inside import Inside
from tests.e2e.parts import HOME, Parts, all_parts

PAUSE_OF_A_LOOK_S = 60


class MovedTime:
    """The service within this process, over a real store and a real operator, at any time of the test's."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.ahead_s = 0.0
        self.inside: Inside
        self._tenant: Tenant | None = None

    def now(self) -> str:
        """Give the store's time: what it is, and what the test has moved it by."""
        return str(round((time.time() + self.ahead_s) * 1000))

    def enter(self, inside: Inside) -> None:
        """Take the service that runs by this time, and make its tenant."""
        self.inside = inside
        inside.tenant(HOME)

    def generate(self, number: str) -> Answered:
        """Call GenerateCode."""
        result = self.inside.service.generate_code.run(GenerateCodeRequest(self._request(number)))
        assert isinstance(result, Answered)
        return result

    def check(self, number: str, code: str) -> Answered:
        """Call CheckCode."""
        result = self.inside.service.check_code.run(CheckCodeRequest(self._request(number), code))
        assert isinstance(result, Answered)
        return result

    def work(self) -> list[JobKind]:
        """Do all jobs that are due, and give their kinds."""
        work = self.inside.service.work_jobs
        jobs = work.claim(100, 60)
        for job in jobs:
            work.run(job)
        return [job.kind for job in jobs]

    def _request(self, number: str) -> Request:
        tenant = self.inside.service.tenants.get(HOME)
        assert tenant is not None
        return Request(tenant, self.inside.service.chance.token(), number)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MovedTime]:
    with ExitStack() as undo:
        folder = tmp_path_factory.mktemp("late")
        parts = undo.enter_context(all_parts(Parts(folder), web=False, worker=False))
        service = MovedTime(parts.operator)
        service.enter(undo.enter_context(Inside.of_config(parts.config, service.now)))
        yield service


def code_sent_unseen(moved: MovedTime, number: str) -> str:
    """A code that left while nobody could say whose SIM it goes to, though its reference is known."""
    assert moved.generate(number).code == 0
    assert moved.check(number, moved.operator.code(number)).code == 0
    moved.operator.fault("imsi", "error")
    assert moved.generate(number) == Answered(0, "sent")
    moved.operator.heal()
    decided = moved.inside.events(HOME, number, "gate_decided")[-1]
    assert decided["facts"]["reason"] == "unavailable"
    return moved.operator.code(number)


def test_a_change_that_is_seen_later_kills_the_code_that_was_sent_unseen(moved: MovedTime) -> None:
    number = new_number()
    code = code_sent_unseen(moved, number)
    moved.operator.swap(number)
    assert JobKind.LOOK not in moved.work()
    moved.ahead_s += PAUSE_OF_A_LOOK_S + 1
    assert JobKind.LOOK in moved.work()

    assert moved.check(number, code) == Answered(5, "dead")
    kinds = [event["kind"] for event in moved.inside.events(HOME, number)]
    for kind in ("late_change", "code_killed", "candidate_seen", "case_opened", "look_finished"):
        assert kinds.count(kind) == 1, kind
    assert moved.generate(number).verdict == "deny"


def test_a_code_that_was_sent_unseen_lives_on_where_the_sim_is_the_same(moved: MovedTime) -> None:
    number = new_number()
    code = code_sent_unseen(moved, number)
    moved.ahead_s += PAUSE_OF_A_LOOK_S + 1
    assert JobKind.LOOK in moved.work()
    assert moved.check(number, code) == Answered(0, "valid")
    (finished,) = moved.inside.events(HOME, number, "look_finished")
    assert finished["facts"]["reason"] == "same"


def test_a_code_lives_as_long_as_its_tenant_says_and_then_has_run_out(moved: MovedTime) -> None:
    number = new_number()
    assert moved.generate(number).code == 0
    code = moved.operator.code(number)
    moved.ahead_s += 299
    assert moved.generate(number).code == 7
    moved.ahead_s += 2
    assert moved.check(number, code) == Answered(6, "expired")
    assert moved.generate(number).code == 0
