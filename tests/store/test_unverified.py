"""Sends without a SIM answer are counted for a number over its last 24 hours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.codes import Admitted, Opened, Settlement
from security_service.domain.operation import Operation
from tests.store.rig import DAY_MS, OTHER, Draft, StoreRig, subject


def unverified(rig: StoreRig) -> int:
    """What the next call for the number is told."""
    admitted = rig.admit(subject(operation=Operation("asks")), rig.caller())
    assert isinstance(admitted, Admitted)
    return admitted.unverified_today


def send(rig: StoreRig, purpose: str, *, is_unverified: bool = True) -> Draft:
    whom, caller, digits = subject(operation=Operation(purpose)), rig.caller(), rig.digits()
    rig.admit(whom, caller)
    code = rig.new_code(whom, digits)
    request = replace(rig.request(whom, caller, code), unverified=is_unverified)
    assert rig.codes.open(request) == Opened()
    return Draft(whom, caller, code, digits)


def test_a_send_is_counted_for_a_day_to_the_millisecond(rig: StoreRig) -> None:
    rig.settle(send(rig, "one"))
    rig.advance(3600)
    rig.settle(send(rig, "other"))
    assert unverified(rig) == 2
    rig.advance(ms=DAY_MS - 3_600_001)
    assert unverified(rig) == 2
    rig.advance(ms=1)
    assert unverified(rig) == 1
    rig.advance(3600)
    assert unverified(rig) == 0


def test_a_send_with_a_sim_answer_is_not_counted(rig: StoreRig) -> None:
    rig.settle(send(rig, "one", is_unverified=False))
    assert unverified(rig) == 0


def test_sends_of_another_number_are_not_counted(rig: StoreRig) -> None:
    rig.settle(send(rig, "one"))
    admitted = rig.admit(subject(OTHER), rig.caller())
    assert isinstance(admitted, Admitted)
    assert admitted.unverified_today == 0


@pytest.mark.parametrize(
    ("settlement", "counted"),
    [(Settlement.ACCEPTED, 1), (Settlement.UNKNOWN, 1), (Settlement.NOT_SENT, 0)],
)
def test_what_surely_did_not_leave_is_not_counted(
    rig: StoreRig, settlement: Settlement, counted: int
) -> None:
    rig.settle(send(rig, "one"), settlement)
    assert unverified(rig) == counted
