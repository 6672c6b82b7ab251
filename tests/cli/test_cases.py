"""`case`: a case is worked on at the command line from the list to the ban and back."""

from __future__ import annotations

import json

import pytest

from security_service.domain.audit import Event, EventKind, Json
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from security_service.store.installation import read_installation
from security_service.store.keys import Layout
from security_service.store.subscribers import StoredSubscribers
from tests.cli.conftest import Command
from tests.fakes.sim import NEW_SIM, sealed

_NUMBER = Msisdn("79161234567")
_TOKEN = sealed(NEW_SIM).newest().token()


@pytest.fixture
def case(stored: Command, redis_url: str) -> str:
    """The id of a case that the gate opened."""
    scripts = ThinScripts(parse_address(redis_url))
    installation = read_installation(scripts)
    assert installation is not None
    layout = Layout(installation.buckets)
    frame = StoreFrame(scripts, lambda: layout, installation.id)
    facts: dict[str, Json] = {
        "amount": 150_000, "band": "high", "code_id": "", "currency": "RUB", "imsi": _TOKEN,
        "operator": "25002", "purpose": "transfer", "reason": "sim_changed",
    }  # fmt: skip
    opened = [Event(EventKind.CASE_OPENED, facts)]
    assert StoredSubscribers(frame).swap("bank", _NUMBER, b"", Subscriber(messaged=True), opened)
    scripts.close()
    assert stored("archive", "move").exit_code == 0
    case, _, _ = stored("case", "list").output.partition("\t")
    return case


def test_a_case_is_listed_worked_on_and_closed(stored: Command, case: str) -> None:
    assert stored("case", "note", case, "не берёт трубку").exit_code == 0
    (line,) = stored("case", "list", "--state", "open").output.splitlines()
    assert line.split("\t")[:4] == [case, "open", _NUMBER.digits, "150000 RUB"]
    assigned = stored("case", "assign", case, "anna")
    assert json.loads(assigned.output)["assignee"] == "anna"
    assert case in stored("case", "list", "--assignee", "anna").output
    closed = stored("case", "close", "--reason", "called back", case, "customer_confirmed")
    assert json.loads(closed.output)["outcome"] == "customer_confirmed"
    assert stored("case", "list", "--state", "open").output == ""
    shown = json.loads(stored("case", "show", case).output)
    assert [note["note"] for note in shown["notes"]] == ["не берёт трубку", "called back"]
    result = stored("case", "close", "--reason", "x", case, "fraud")
    assert (result.exit_code, result.output) == (1, "Error: the case is closed already\n")
    assert json.loads(stored("case", "bans").output) == []


def test_a_fraud_is_banned_and_the_ban_lifted(stored: Command, case: str) -> None:
    assert stored("case", "close", "--reason", "he denies it", case, "fraud").exit_code == 0
    (ban,) = json.loads(stored("case", "bans").output)
    assert (ban["case"], ban["number"]) == (case, _NUMBER.digits)
    assert stored("case", "lift-ban", "--reason", "a mistake", ban["imsi"]).output == "Lifted.\n"
    assert stored("case", "lift-ban", "--reason", "a mistake", ban["imsi"]).exit_code == 1
    assert json.loads(stored("case", "bans").output) == []


def test_a_case_that_is_none_is_told(stored: Command, case: str) -> None:
    assert stored("tenant", "create", "shop").exit_code == 0
    for words in (("show",), ("note", "x"), ("assign", "anna")):
        for whom, name in (("bank", "s001-99"), ("shop", case)):
            result = stored("case", words[0], "--tenant", whom, name, *words[1:])
            assert (result.exit_code, result.output) == (1, "Error: the tenant has no such case\n")
