from __future__ import annotations

import pytest

from security_service.domain.lookup import Liveness, NoData, Reachable, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi
from security_service.links.no_answer import lookup_gave_no_answer


@pytest.mark.parametrize("no_data", NoData)
def test_of_the_classes_of_no_data_only_unavailable_is_no_answer(no_data: NoData) -> None:
    assert lookup_gave_no_answer(SimNotSeen("s", no_data, "x")) is (no_data is NoData.UNAVAILABLE)


def test_an_imsi_and_reachability_are_answers() -> None:
    assert not lookup_gave_no_answer(SimSeen("s", Imsi("250011234567890"), Liveness.LIVE))
    assert not lookup_gave_no_answer(Reachable("s"))
