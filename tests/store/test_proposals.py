"""Proposals in the store: one decision each, none after their time, each with its event."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.errors import StoreUnavailable
from security_service.domain.proposal_ports import Draft, StateMove
from security_service.domain.proposals import (
    Deed,
    Proposal,
    ProposalState,
    RollBackTo,
    UnlockNumber,
)
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.keys import NEVER_EXPIRE
from security_service.store.proposals import StoredProposals
from tests.store.rig import NUMBER, StoreRig

HOUR = 3600
APPROVE = StateMove(ProposalState.WAITING, ProposalState.APPROVED, "boris", "")
DONE = StateMove(ProposalState.APPROVED, ProposalState.CARRIED_OUT, "boris", "done")
APPROVED = Event(EventKind.PROPOSAL_APPROVED, {"actor": "boris"})
CARRIED_OUT = Event(EventKind.PROPOSAL_CARRIED_OUT, {"actor": "boris"})


@pytest.fixture
def proposals(rig: StoreRig) -> StoredProposals:
    return StoredProposals(rig.frame)


def put(proposals: StoredProposals, name: str = "p1", deed: Deed | None = None) -> Proposal:
    draft = Draft(name, "demo", deed or UnlockNumber(NUMBER), "anna", "клиент звонил", 24)
    return proposals.put(draft, Event(EventKind.PROPOSED, {"actor": "anna", "proposal": name}))


def test_a_proposal_is_kept_with_its_time_and_found_again(rig: StoreRig, proposals: StoredProposals) -> None:
    kept = put(proposals)
    assert (kept.at_ms, kept.expires_ms) == (rig.now_ms, rig.now_ms + 24 * HOUR * 1000)
    found = proposals.find("demo", ["p1", "none"])
    assert (found.now_ms, found.proposals) == (rig.now_ms, (kept,))


def test_a_proposal_of_another_tenant_is_not_found_by_its_id(proposals: StoredProposals) -> None:
    put(proposals)
    assert proposals.find("odd", ["p1"]).proposals == ()
    assert proposals.newest("odd", 9).proposals == ()


def test_the_newest_come_first_and_the_old_go_away(rig: StoreRig, proposals: StoredProposals) -> None:
    for name in ("p1", "p2", "p3"):
        put(proposals, name)
        rig.advance(10)
    assert [one.id for one in proposals.newest("demo", 2).proposals] == ["p3", "p2"]
    rig.advance(31 * 24 * HOUR)
    assert proposals.newest("demo", 9).proposals == ()
    put(proposals, "p4")
    assert [one.id for one in proposals.newest("demo", 9).proposals] == ["p4"]


def test_each_step_is_taken_once_and_told(rig: StoreRig, proposals: StoredProposals) -> None:
    kept = put(proposals)
    assert not proposals.move(kept, DONE, CARRIED_OUT)
    assert proposals.move(kept, APPROVE, APPROVED)
    assert not proposals.move(kept, APPROVE, APPROVED)
    assert proposals.move(kept, DONE, CARRIED_OUT)
    assert not proposals.move(kept, DONE, CARRIED_OUT)
    (after,) = proposals.find("demo", ["p1"]).proposals
    assert (after.state, after.decided_by, after.result) == (ProposalState.CARRIED_OUT, "boris", "done")
    events = [json.loads(text) for text in rig.log.page(AuditQuery(tenant="demo")).events][::-1]
    assert [event["kind"] for event in events] == ["proposed", "proposal_approved", "proposal_carried_out"]
    assert {event["subject"]["number"] for event in events} == {NUMBER.digits}


def test_a_policy_is_about_no_number(rig: StoreRig, proposals: StoredProposals) -> None:
    put(proposals, deed=RollBackTo("standard", "1.0", "2.0"))
    (event,) = rig.log.page(AuditQuery(kind="proposed")).events
    assert json.loads(event)["subject"] == {"tenant": "demo"}


def test_nothing_is_decided_at_the_end_of_its_time(rig: StoreRig, proposals: StoredProposals) -> None:
    kept = put(proposals)
    rig.advance(24 * HOUR)
    assert not proposals.move(kept, APPROVE, APPROVED)
    reject = StateMove(ProposalState.WAITING, ProposalState.REJECTED, "boris", "no")
    assert not proposals.move(kept, reject, Event(EventKind.PROPOSAL_REJECTED, {}))


def test_what_was_done_in_time_is_told_even_after_it(rig: StoreRig, proposals: StoredProposals) -> None:
    kept = put(proposals)
    rig.advance(24 * HOUR - 1)
    assert proposals.move(kept, APPROVE, APPROVED)
    rig.advance(60)
    assert proposals.move(kept, DONE, CARRIED_OUT)


def test_of_many_who_approve_at_once_one_does(rig: StoreRig, proposals: StoredProposals) -> None:
    kept = put(proposals)
    start = Barrier(8)

    def approve(who: int) -> bool:
        scripts = ThinScripts(parse_address(rig.url), within_s=10.0)
        own = StoredProposals(StoreFrame(scripts, lambda: rig.layout, "i1", now=lambda: str(rig.now_ms)))
        move = StateMove(ProposalState.WAITING, ProposalState.APPROVED, f"lead {who}", "")
        start.wait()
        moved = own.move(kept, move, APPROVED)
        scripts.close()
        return moved

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(approve, range(8))) == 1
    (after,) = proposals.find("demo", ["p1"]).proposals
    assert after.state is ProposalState.APPROVED


@pytest.mark.parametrize(
    "call",
    [put, lambda proposals: proposals.move(put(proposals), APPROVE, APPROVED)],
    ids=["propose", "decide"],
)
def test_a_store_of_another_installation_is_not_written_to(
    rig: StoreRig, call: Callable[[StoredProposals], object]
) -> None:
    other = StoredProposals(StoreFrame(rig.scripts, lambda: rig.layout, "i2"))
    with pytest.raises(StoreUnavailable):
        call(other)
    assert rig.redis.exists("{m}:proposals:demo") == 0


def test_all_of_it_goes_away_by_itself_and_lies_in_one_shard(
    rig: StoreRig, proposals: StoredProposals
) -> None:
    proposals.move(put(proposals), APPROVE, APPROVED)
    kept = [key.decode() for key in rig.redis.scan_iter(match="*proposal*")]
    assert len(kept) == 2
    for key in kept:
        assert not any(part in key for part in NEVER_EXPIRE)
        assert 0 < rig.redis.pttl(key) <= 30 * 86_400_000
