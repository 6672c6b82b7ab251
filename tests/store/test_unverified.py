"""Sends without a SIM answer are counted a number and day, and only where a message may have left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.codes import Admitted, Opened, Settlement, Subject
from tests.store.rig import Draft, StoreRig, subject


def unverified(rig: StoreRig, whom: Subject) -> Draft:
    caller = rig.caller()
    admitted = rig.admit(whom, caller)
    assert isinstance(admitted, Admitted)
    code = rig.new_code(whom, "123456")
    request = replace(rig.request(whom, caller, code, admitted.stored), unverified=True)
    assert rig.codes.open(request) == Opened()
    return Draft(whom, caller, code, "123456")


def counted(rig: StoreRig, whom: Subject) -> int:
    admitted = rig.admit(whom, rig.caller())
    assert isinstance(admitted, Admitted)
    return admitted.unverified_today


@pytest.mark.parametrize(
    ("settlement", "count"), [(Settlement.ACCEPTED, 1), (Settlement.UNKNOWN, 1), (Settlement.NOT_SENT, 0)]
)
def test_a_send_counts_only_where_a_message_may_have_left(
    rig: StoreRig, settlement: Settlement, count: int
) -> None:
    whom = subject()
    rig.settle(unverified(rig, whom), settlement)
    rig.advance(301)
    assert counted(rig, whom) == count


def test_a_send_is_forgotten_after_a_day(rig: StoreRig) -> None:
    whom = subject()
    rig.settle(unverified(rig, whom))
    rig.advance(86_399)
    assert counted(rig, whom) == 1
    rig.advance(1)
    assert counted(rig, whom) == 0
