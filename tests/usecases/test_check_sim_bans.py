"""Asking for a SIM that was banned: marked whatever else the answer comes to, for its tenant only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from security_service.domain.imsi import SimState
from security_service.domain.secret import KeyRing
from security_service.domain.subscriber import NEW_SUBSCRIBER, Subscriber
from security_service.domain.tenants import Tenant
from security_service.domain.trust import TrustRules, TrustWord
from tests.fakes.cases import MemoryBans
from tests.fakes.sim import NEW_SIM, OLD_SIM, sealed
from tests.fakes.store import MemoryStore
from tests.fakes.trust import MemoryTrust
from tests.usecases.test_check_sim import BANK, KEYS, NUMBER, EveryAnswer, Rig, known, source


def _banning(imsi: str, keys: KeyRing = KEYS) -> MemoryBans:
    return MemoryBans(MemoryStore(), (BANK.id, sealed(imsi, keys).newest().token()))


@pytest.mark.parametrize("subscriber", [NEW_SUBSCRIBER, known(), known(NEW_SIM)])
def test_a_banned_sim_is_marked_whatever_it_is_held_against(subscriber: Subscriber) -> None:
    rig = Rig([source("one", NEW_SIM)], bans=_banning(NEW_SIM))
    assert rig.ask(subscriber).answer.banned
    assert not rig.ask(subscriber, Tenant("another")).answer.banned
    rig.sources = [source("one", OLD_SIM)]
    assert not rig.ask(subscriber).answer.banned


def test_a_ban_holds_where_only_a_date_or_a_learning_source_speaks() -> None:
    rules = TrustRules({"new": TrustWord.LEARN})
    rig = Rig([source("new", NEW_SIM)], MemoryTrust(rules), bans=_banning(NEW_SIM))
    answer = rig.ask(known()).answer
    assert (answer.state, answer.imsi, answer.banned) == (SimState.NO_DATA, None, True)


def test_of_two_sources_that_disagree_one_that_names_a_banned_sim_is_enough() -> None:
    rig = Rig([source("one", OLD_SIM), source("two", NEW_SIM)], bans=_banning(NEW_SIM), race=EveryAnswer())
    answer = rig.ask().answer
    assert (answer.detail, answer.banned) == ("sources_disagree", True)


def test_a_ban_outlives_a_new_key_as_long_as_the_old_one_is_at_hand() -> None:
    rig = Rig([source("one", NEW_SIM)], bans=_banning(NEW_SIM, KeyRing({7: b"q" * 32})))
    assert not rig.ask().answer.banned
    both = replace(rig.check, keys=KeyRing({7: b"q" * 32, 8: b"r" * 32}))
    assert both.ask(BANK, NUMBER, NEW_SUBSCRIBER, 5.0).answer.banned
