"""Bans as the archive remembers them: in the very form in which a lost store gets them back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from security_service.archive.state_reader import StateReader
from security_service.domain.access import Actor, Role
from security_service.domain.cases import CaseOutcome
from security_service.domain.kept_states import ManagedKind
from security_service.store.bans import StoredBans
from tests.fakes.sim import NEW_SIM, THIRD_SIM, sealed
from tests.store.rig import StoreRig
from tests.usecases.deeds_desk import BANK, DeedsDesk


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[DeedsDesk]:
    rig = StoreRig(redis_url)
    desk = DeedsDesk(rig, tmp_path)
    yield desk
    desk.close()
    rig.close()


def test_what_is_remembered_of_bans_is_what_the_store_held(desk: DeedsDesk) -> None:
    for imsi in (NEW_SIM, THIRD_SIM):
        case = desk.open_case(imsi)
        desk.work.close(desk.worker(), case.id, CaseOutcome.FRAUD, "x")
    lead = Actor("boris", frozenset({Role.LEAD}))
    desk.keep_bans.lift(BANK.id, lead, sealed(THIRD_SIM).newest().token(), "a mistake", "r1")
    desk.mover.run()
    held = desk.rig.redis.hgetall("{m}:bans")
    remembered = {state.id: state.document for state in StateReader(desk.database).managed(ManagedKind.BAN)}
    assert remembered == {field.decode(): value.decode() for field, value in held.items()}
    desk.rig.redis.delete("{m}:bans", "{m}:ban_changes")
    for field, document in remembered.items():
        desk.rig.redis.hset("{m}:bans", field, document)
    restored = StoredBans(desk.rig.frame, desk.clock)
    assert restored.is_banned(BANK.id, sealed(NEW_SIM))
    assert not restored.is_banned(BANK.id, sealed(THIRD_SIM))
