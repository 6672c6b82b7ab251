"""The operator out of reach: what was not sent is said to be not sent, and the number is free at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.e2e.callers import Backend, new_number
from tests.e2e.inside import UNLIMITED, Inside
from tests.e2e.parts import HOME, Parts, all_parts
from tests.e2e.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Alone:
    """A service whose operator does not run."""

    parts: Parts
    inside: Inside
    bank: Backend


@pytest.fixture
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with ExitStack() as undo:
        parts = undo.enter_context(all_parts(Parts(tmp_path_factory.mktemp("alone")), worker=False))
        inside = undo.enter_context(Inside.of_config(parts.config))
        bank = undo.enter_context(parts.backend(inside))
        parts.sandbox.kill()
        yield Alone(parts, inside, bank)


def test_a_code_that_did_not_leave_is_refused_as_not_sent_and_leaves_the_number_free(alone: Alone) -> None:
    bank, inside, number = alone.bank, alone.inside, new_number()
    # One more than a minute's sends: what was not sent has taken no place.
    answers = [bank.generate(number) for _ in range(4)]
    assert [(reply.code, reply.status) for reply in answers] == [(5, 200)] * 4
    assert inside.slot(HOME, number)["st"] == "withdrawn"

    decided = inside.events(HOME, number, "gate_decided")
    assert {(one["facts"]["verdict"], one["facts"]["reason"]) for one in decided} == {("send", "unavailable")}
    refused = inside.events(HOME, number, "send_refused")
    assert len(refused) == 4
    assert {one["outcome"]["state"] for one in refused} == {"withdrawn"}
    assert inside.events(HOME, number, "reference_learnt") == []
    # The service itself can decide: what is down is not its own.
    assert bank.is_ready()

    alone.parts.start(alone.parts.sandbox)
    with alone.parts.backend(inside, "eager", limits=UNLIMITED) as eager:
        wait_for("a code that leaves", lambda: eager.generate(number).code == 0)
        assert eager.check(number, alone.parts.operator.code(number)).code == 0
