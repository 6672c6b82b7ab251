"""Proposals: whose they are, who may decide them, and that a deed comes back as it was written."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.access import Actor, Role
from security_service.domain.audit import canonical
from security_service.domain.proposals import (
    AddSecondSim,
    ChangeMode,
    Deed,
    Proposal,
    ProposalRefusal,
    ProposalState,
    PublishDocument,
    ReverifyReference,
    RollBackTo,
    UnlockNumber,
    deed_document,
    person_of,
    read_deed,
    refusal_of_approval,
    refusal_of_rejection,
)
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Mode

NUMBER = Msisdn("79161112211")
WAITING = Proposal(
    "p1", "bank", UnlockNumber(NUMBER), "anna", "the client called", 1000, 2000, ProposalState.WAITING
)
LEAD, ANALYST = frozenset({Role.LEAD}), frozenset({Role.ANALYST})

_numbers = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True).map(Msisdn)
_words = st.text(st.characters(codec="utf-8"), max_size=40)
_deeds: st.SearchStrategy[Deed] = st.one_of(
    st.builds(
        ChangeMode, _numbers, st.sampled_from(Mode), st.none() | st.integers(0, 2**40), st.booleans(), _words
    ),
    st.builds(ReverifyReference, _numbers, _words, st.booleans()),
    st.builds(AddSecondSim, _numbers, _words),
    st.builds(UnlockNumber, _numbers),
    st.builds(PublishDocument, _words, _words, _words, st.booleans()),
    st.builds(RollBackTo, _words, _words, _words),
)


@given(_deeds)
def test_a_deed_is_read_as_it_was_written(deed: Deed) -> None:
    assert read_deed(json.loads(canonical(deed_document(deed)))) == deed


@pytest.mark.parametrize("name", ["cli:ivanov", "oidc:Ivanov@bank.ru", "IVANOV", "mail:ivanov@other.example"])
def test_one_person_is_one_person_by_whatever_face_they_come(name: str) -> None:
    assert person_of(name) == person_of("ivanov")


@pytest.mark.parametrize("name", ["anna", "cli:anna", "oidc:anna@bank.ru", "ANNA"])
def test_nobody_approves_their_own_even_by_another_face(name: str) -> None:
    assert refusal_of_approval(WAITING, Actor(name, LEAD), 1500) is ProposalRefusal.OWN
    assert (
        refusal_of_approval(
            replace(WAITING, state=ProposalState.APPROVED, decided_by="boris"), Actor(name, LEAD), 1500
        )
        is ProposalRefusal.OWN
    )


@pytest.mark.parametrize("roles", [ANALYST, frozenset({Role.AUDITOR}), frozenset()])
def test_whoever_is_no_lead_approves_nothing(roles: frozenset[Role]) -> None:
    assert refusal_of_approval(WAITING, Actor("boris", roles), 1500) is ProposalRefusal.ROLE
    assert refusal_of_rejection(WAITING, Actor("boris", roles), 1500) is ProposalRefusal.ROLE


def test_the_proposer_may_take_it_back_and_a_lead_may_decide_it() -> None:
    assert refusal_of_rejection(WAITING, Actor("anna", ANALYST), 1500) is None
    for role in (Role.LEAD, Role.ADMIN):
        boris = Actor("boris", frozenset({role}))
        assert refusal_of_approval(WAITING, boris, 1999) is None
        assert refusal_of_rejection(WAITING, boris, 1999) is None


@pytest.mark.parametrize("state", [ProposalState.WAITING, ProposalState.APPROVED])
def test_what_waited_too_long_is_over_whoever_comes(state: ProposalState) -> None:
    late = replace(WAITING, state=state)
    assert late.state_at(1999) is state
    assert late.state_at(2000) is ProposalState.EXPIRED
    assert refusal_of_approval(late, Actor("boris", LEAD), 2000) is ProposalRefusal.EXPIRED


@pytest.mark.parametrize("state", [ProposalState.REJECTED, ProposalState.CARRIED_OUT])
def test_what_is_decided_stays_decided(state: ProposalState) -> None:
    done = replace(WAITING, state=state)
    assert refusal_of_approval(done, Actor("boris", LEAD), 9999) is ProposalRefusal.DECIDED
    assert refusal_of_rejection(done, Actor("boris", LEAD), 9999) is ProposalRefusal.DECIDED


def test_what_was_approved_may_be_carried_out_and_no_longer_rejected() -> None:
    approved = replace(WAITING, state=ProposalState.APPROVED, decided_by="boris")
    assert refusal_of_approval(approved, Actor("clara", LEAD), 1500) is None
    assert refusal_of_rejection(approved, Actor("clara", LEAD), 1500) is ProposalRefusal.DECIDED
