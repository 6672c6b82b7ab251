"""The worker killed inside its jobs: a message is never sent twice, and everything else is done again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest

from tests.e2e.callers import Backend, new_number
from tests.e2e.inside import Inside
from tests.e2e.parts import HOME, Parts, all_parts
from tests.e2e.waiting import wait_for

HANGS_S = 30.0
NOTICE = "We have not sent a code: please call your bank."


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What a killed worker left: a notice under way, and the first look at a number under way."""

    parts: Parts
    inside: Inside
    bank: Backend
    told: str
    looked_at: str


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interrupted]:
    with ExitStack() as undo:
        parts = undo.enter_context(all_parts(Parts(tmp_path_factory.mktemp("worker"))))
        inside = undo.enter_context(Inside.of_config(parts.config))
        bank = undo.enter_context(
            parts.backend(inside, first_contact="send_then_look", notices={"en": NOTICE})
        )
        told = refused_number(parts, inside, bank)
        looked_at = new_number()
        parts.operator.fault("imsi", "slow", HANGS_S)
        assert bank.generate(looked_at).code == 0
        wait_for("a look under way", partial(inside.is_looking, HOME, looked_at))
        parts.worker.kill()
        parts.operator.heal()
        parts.start(parts.worker)
        yield Interrupted(parts, inside, bank, told, looked_at)


def refused_number(parts: Parts, inside: Inside, bank: Backend) -> str:
    """Have a code refused to a swapped SIM while the gateway hangs, and wait until the notice is there."""
    number = new_number()
    assert bank.generate(number).code == 0
    wait_for("the reference", lambda: kinds(inside, number, "reference_learnt"))
    assert bank.check(number, parts.operator.code(number)).code == 0
    parts.operator.swap(number)
    parts.operator.fault("sms", "slow", HANGS_S)
    assert bank.generate(number).code == 6
    wait_for("the notice", lambda: parts.operator.texts(number)[-1] == NOTICE)
    parts.operator.fault("sms", "none")
    return number


def kinds(inside: Inside, number: str, kind: str) -> list[str]:
    return [event["kind"] for event in inside.events(HOME, number, kind)]


def test_a_notice_that_was_under_way_ends_as_unknown_and_is_not_sent_again(interrupted: Interrupted) -> None:
    inside, number = interrupted.inside, interrupted.told
    wait_for("the end of the notice", lambda: kinds(inside, number, "notice_unknown"))
    assert interrupted.parts.operator.texts(number).count(NOTICE) == 1
    (unknown,) = inside.events(HOME, number, "notice_unknown")
    assert unknown["facts"]["reason"] == "worker_lost"
    assert kinds(inside, number, "notice_sent") == []
    assert "notice" not in inside.jobs(HOME, number)


def test_a_look_that_was_under_way_is_done_again(interrupted: Interrupted) -> None:
    inside, number = interrupted.inside, interrupted.looked_at
    wait_for("the end of the look", lambda: kinds(inside, number, "look_finished"))
    assert kinds(inside, number, "reference_learnt") == ["reference_learnt"]
    (finished,) = inside.events(HOME, number, "look_finished")
    assert finished["facts"]["reason"] == "first_seen"
    assert "look" not in inside.jobs(HOME, number)
    shown = interrupted.parts.team.subscriber(number)
    assert [member["grade"] for member in shown["reference"]] == ["first_seen"]


def test_a_worker_that_is_asked_to_end_lets_its_jobs_end(interrupted: Interrupted) -> None:
    inside, worker = interrupted.inside, interrupted.parts.worker
    wait_for("the end of what was interrupted", lambda: kinds(inside, interrupted.told, "notice_unknown"))
    number = new_number()
    interrupted.parts.operator.fault("imsi", "slow", 1.0)
    assert interrupted.bank.generate(number).code == 0
    wait_for("a look under way", partial(inside.is_looking, HOME, number))
    assert worker.stop() == 0
    assert kinds(inside, number, "look_finished") == ["look_finished"]
    interrupted.parts.operator.heal()
