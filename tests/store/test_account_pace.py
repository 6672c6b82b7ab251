from __future__ import annotations

import pytest

from security_service.domain.errors import StoreUnavailable
from security_service.store.account_pace import StoredAccountPace
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.keys import Layout
from tests.store.rig import StoreRig


def test_a_second_holds_as_many_messages_as_the_account_may_bring(rig: StoreRig) -> None:
    pace = StoredAccountPace(rig.frame)
    assert [pace.take("bank1", 10, 1) for _ in range(11)] == [0] * 10 + [100]
    rig.advance(ms=100)
    assert [pace.take("bank1", 10, 1) for _ in range(2)] == [0, 100]


def test_many_at_once_are_taken_whole_and_waited_for_afterwards(rig: StoreRig) -> None:
    pace = StoredAccountPace(rig.frame)
    assert pace.take("bank1", 10, 40) == 0
    assert pace.take("bank1", 10, 1) == 3100
    rig.advance(ms=3099)
    assert pace.take("bank1", 10, 40) == 1
    rig.advance(ms=1)
    assert pace.take("bank1", 10, 40) == 0


def test_accounts_have_paces_of_their_own_and_a_faster_one_is_felt_at_once(rig: StoreRig) -> None:
    pace = StoredAccountPace(rig.frame)
    assert pace.take("bank1", 1, 1) == 0
    assert pace.take("bank1", 1, 1) == 1000
    assert pace.take("bank2", 1, 1) == 0
    assert pace.take("bank1", 1000, 1) <= 1


def test_a_pace_is_forgotten_when_it_is_made_good(rig: StoreRig) -> None:
    StoredAccountPace(rig.frame).take("bank1", 10, 40)
    assert 4000 < rig.redis.pttl("{r:bank1}:pace") <= 5000


def test_a_store_that_is_away_is_told() -> None:
    away = StoreFrame(ThinScripts(parse_address("redis://127.0.0.1:1")), lambda: Layout(64), "i1")
    with pytest.raises(StoreUnavailable):
        StoredAccountPace(away).take("bank1", 10, 1)
