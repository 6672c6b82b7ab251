"""`proposal`: nobody goes round four eyes at the command line, and a second person decides there."""

from __future__ import annotations

import json

import pytest

from security_service.domain.audit import Event, EventKind
from security_service.domain.proposal_ports import Draft
from security_service.domain.proposals import ChangeMode
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Mode
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.keys import Layout
from security_service.store.proposals import StoredProposals
from tests.cli.conftest import Command

_NUMBER = "79161234567"
_WHY = ("--reason", "called the bank")


@pytest.fixture
def demanding(stored: Command) -> Command:
    """A bank that demands four eyes for all there is."""
    every = "always_allow,reverify_changed,add_sim,unlock_disabled,publish_policy"
    assert stored("tenant", "set", "bank", f"four_eyes={every}").exit_code == 0
    return stored


def _proposed(command: Command) -> str:
    """An always-allow of this command line's user, as the last word of what is said."""
    result = command("subscriber", "set-mode", *_WHY, _NUMBER, "always_allow")
    assert result.exit_code == 0, result.output
    assert "It waits for a second person" in result.output
    return result.output.strip().rstrip(".").rpartition(" ")[2]


def _by(redis_url: str, proposer: str) -> str:
    """A proposal of somebody else."""
    scripts = ThinScripts(parse_address(redis_url))
    proposals = StoredProposals(StoreFrame(scripts, lambda: Layout(64), "i1"))
    deed = ChangeMode(Msisdn(_NUMBER), Mode.ALWAYS_ALLOW, None, bound=False, evidence="")
    draft = Draft("ab" * 16, "bank", deed, proposer, "the client called", 24)
    proposals.put(draft, Event(EventKind.PROPOSED, {"actor": proposer}))
    scripts.close()
    return draft.id


def test_what_the_bank_demands_is_proposed_and_listed_and_not_done(demanding: Command) -> None:
    proposal = _proposed(demanding)
    assert json.loads(demanding("subscriber", "show", _NUMBER).output)["mode"] == "check"
    (line,) = demanding("proposal", "list").output.splitlines()
    assert line.split("\t")[:4] == [proposal, "waiting", "set_mode", _NUMBER]
    shown = json.loads(demanding("proposal", "show", proposal).output)
    assert (shown["mode"], shown["proposer"][:4], shown["reason"]) == (
        "always_allow", "cli:", "called the bank",
    )  # fmt: skip


def test_the_own_proposal_is_not_approved_but_may_be_taken_back(demanding: Command) -> None:
    proposal = _proposed(demanding)
    result = demanding("proposal", "approve", proposal)
    assert (result.exit_code, result.output) == (1, "Error: nobody approves what they proposed themselves\n")
    assert json.loads(demanding("subscriber", "show", _NUMBER).output)["mode"] == "check"
    assert demanding("proposal", "reject", "--reason", "a mistake", proposal).output == "Rejected.\n"
    assert demanding("proposal", "list").output == ""
    assert "rejected" in demanding("proposal", "list", "--all").output


def test_another_persons_proposal_is_approved_and_done(demanding: Command, redis_url: str) -> None:
    proposal = _by(redis_url, "anna")
    assert demanding("proposal", "approve", proposal).output == "Approved: done.\n"
    shown = json.loads(demanding("subscriber", "show", _NUMBER).output)
    assert (shown["mode"], shown["actor"]) == ("always_allow", "anna")
    event = json.loads(demanding("audit", "tail", "--kind", "mode_set").output)
    assert event["facts"]["approved_by"].startswith("cli:")
    assert demanding("proposal", "approve", proposal).exit_code == 1


def test_a_proposal_that_is_none_and_a_tenant_without_it_are_told(demanding: Command, redis_url: str) -> None:
    proposal = _by(redis_url, "anna")
    assert demanding("tenant", "create", "shop").exit_code == 0
    for words in (("approve",), ("reject", "--reason", "x"), ("show",)):
        for whom, name in (("bank", "none"), ("shop", proposal)):
            result = demanding("proposal", words[0], "--tenant", whom, *words[1:], name)
            assert (result.exit_code, result.output) == (1, "Error: the tenant has no such proposal\n")
