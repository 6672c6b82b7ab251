"""Cases as the archive keeps them: opened, raised, worked on and closed by events, listed and counted."""

from __future__ import annotations

from typing import Any

import pytest

from security_service.archive.case_reader import CaseReader
from security_service.archive.engine import ArchiveDatabase
from security_service.archive.projections import PROJECTIONS
from security_service.domain.audit import canonical
from security_service.domain.cases import (
    Case,
    CaseOutcome,
    CaseQuery,
    CaseState,
    ClosedBy,
    OperatorAlarms,
)
from security_service.domain.secret import Msisdn
from tests.archive.rig import NOON_MS, MovingRig

NUMBER = "79031234567"
IMSI, OTHER_IMSI = f"1:imsi:{'ab' * 16}", f"1:imsi:{'cd' * 16}"
OPENED: dict[str, Any] = {
    "kind": "case_opened",
    "amount": 150_000,
    "band": "high",
    "currency": "RUB",
    "code_id": "",
    "imsi": IMSI,
    "operator": "25001",
    "purpose": "transfer",
    "reason": "sim_changed",
}
CLOSE: dict[str, Any] = {"kind": "case_closed", "actor": "anna", "reason": "called back"}
DENIED: dict[str, Any] = {
    "kind": "gate_decided",
    "amount": 900_000,
    "band": "huge",
    "currency": "RUB",
    "purpose": "loan",
    "sim": {"answer": "changed", "imsi": IMSI},
    "verdict": "deny",
}


class CaseRig:
    """Streams that tell of cases, and what the archive makes of them."""

    def __init__(self, redis_url: str, database: ArchiveDatabase) -> None:
        self.streams = MovingRig(redis_url, database, PROJECTIONS)
        self.reader = CaseReader(database)
        self.seq: dict[str, int] = {}
        self.at_ms = NOON_MS

    def tell(self, *events: dict[str, Any], shard: str = "s001") -> None:
        for told in events:
            facts = dict(told)
            self.seq[shard] = self.seq.get(shard, 0) + 1
            self.at_ms += 1
            subject = {"number": facts.pop("number", NUMBER), "tenant": facts.pop("tenant", "demo")}
            event = {
                "at": self.at_ms,
                "kind": facts.pop("kind"),
                "facts": facts,
                "outcome": {},
                "seq": self.seq[shard],
                "shard": shard,
                "subject": subject,
                "v": 1,
            }
            self.streams.redis.xadd(f"{{{shard}}}:events", {"e": canonical(event)}, id=f"{self.at_ms}-*")
        self.streams.mover.run()

    def one(self, case: str = "s001-1") -> Case:
        found = self.reader.find("demo", case)
        assert found is not None
        return found

    def ids(self, **query: Any) -> list[str]:  # noqa: ANN401 - the members of a query
        return [case.id for case in self.reader.page(CaseQuery("demo", **query)).cases]


@pytest.fixture
def rig(redis_url: str, database: ArchiveDatabase) -> Any:  # noqa: ANN401 - a fixture that closes
    rig = CaseRig(redis_url, database)
    yield rig
    rig.streams.close()


def test_a_case_opens_with_what_is_at_stake(rig: CaseRig) -> None:
    rig.tell(OPENED)
    case = rig.one()
    assert (case.state, case.number, case.reason, case.imsi) == (
        CaseState.OPEN, Msisdn(NUMBER), "sim_changed", IMSI,
    )  # fmt: skip
    assert (case.amount, case.currency, case.band) == (150_000, "RUB", "high")
    assert (case.operator, case.purpose, case.shard) == ("25001", "transfer", "s001")


def test_a_case_of_another_tenant_is_not_found(rig: CaseRig) -> None:
    rig.tell(OPENED)
    assert rig.reader.find("odd", "s001-1") is None
    assert rig.reader.page(CaseQuery("odd")).cases == ()


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        ({}, 900_000),
        ({"amount": 149_999}, 150_000),
        ({"amount": None}, 150_000),
        ({"currency": "USD"}, 150_000),
        ({"verdict": "send"}, 150_000),
        ({"sim": {"answer": "changed", "imsi": OTHER_IMSI}}, 150_000),
        ({"number": "79160000000"}, 150_000),
        ({"tenant": "odd"}, 150_000),
    ],
)
def test_a_later_refusal_of_the_same_sim_raises_what_is_at_stake(
    rig: CaseRig, change: dict[str, Any], amount: int
) -> None:
    rig.tell(OPENED, {**DENIED, **change})
    assert rig.one().amount == amount


def test_a_case_without_an_amount_takes_the_first_that_comes(rig: CaseRig) -> None:
    rig.tell({**OPENED, "amount": None, "currency": "", "band": ""}, {**DENIED, "currency": "EUR"})
    case = rig.one()
    assert (case.amount, case.currency, case.band, case.purpose) == (900_000, "EUR", "huge", "loan")


def test_once_closed_nothing_raises_it(rig: CaseRig) -> None:
    rig.tell(OPENED, {**CLOSE, "case": "s001-1", "outcome": "unknown"}, DENIED)
    assert rig.one().amount == 150_000


def test_what_people_do_stands_in_the_case(rig: CaseRig) -> None:
    rig.tell(
        OPENED,
        {"kind": "case_assigned", "actor": "boris", "case": "s001-1", "assignee": "anna"},
        {"kind": "case_noted", "actor": "anna", "case": "s001-1", "note": "не берёт трубку"},
    )
    case = rig.one()
    assert (case.assignee, case.last_note_ms) == ("anna", rig.at_ms)
    rig.tell({**CLOSE, "case": "s001-1", "outcome": "fraud"})
    case = rig.one()
    assert (case.state, case.outcome, case.closed_by) == (CaseState.CLOSED, CaseOutcome.FRAUD, "anna")
    assert (case.closed_ms, case.closed_how) == (rig.at_ms, ClosedBy.PERSON)
    notes = rig.reader.notes("demo", "s001-1")
    assert [(note.actor, note.note) for note in notes] == [
        ("anna", "не берёт трубку"),
        ("anna", "called back"),
    ]
    assert rig.reader.notes("odd", "s001-1") == []


def test_an_event_of_another_subscriber_or_tenant_touches_no_case(rig: CaseRig) -> None:
    close = {**CLOSE, "case": "s001-1", "outcome": "customer_confirmed"}
    rig.tell(OPENED, {**close, "tenant": "odd"}, {**close, "number": "79160000000"})
    rig.tell({**OPENED, "number": "79160000000"}, shard="s000")
    assert rig.one().state is CaseState.OPEN


def test_of_two_who_close_it_the_first_is_right(rig: CaseRig) -> None:
    close = {**CLOSE, "case": "s001-1"}
    rig.tell(OPENED, {**close, "outcome": "fraud"}, {**close, "outcome": "customer_confirmed", "actor": "b"})
    assert (rig.one().outcome, rig.one().closed_by) == (CaseOutcome.FRAUD, "anna")


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "reverified", "imsi": IMSI},
        {"kind": "reverified", "imsi": f"2:imsi:{'ee' * 16}", "expected": IMSI},
        {"kind": "reverified", "imsi": f"2:imsi:{'ee' * 16}", "tokens": [f"2:imsi:{'ee' * 16}", IMSI]},
        {"kind": "sim_added", "imsi": IMSI},
        {"kind": "reference_learnt", "imsi": IMSI, "reason": "caller_owns_reference"},
    ],
)
def test_a_sim_that_is_trusted_by_now_closes_its_case_as_confirmed(
    rig: CaseRig, event: dict[str, Any]
) -> None:
    rig.tell(OPENED, {**OPENED, "imsi": OTHER_IMSI}, {**event, "actor": "anna"})
    case = rig.one()
    assert (case.outcome, case.closed_how, case.closed_by) == (
        CaseOutcome.CUSTOMER_CONFIRMED, ClosedBy.TRUSTED, "anna",
    )  # fmt: skip
    assert rig.one("s001-2").state is CaseState.OPEN


def test_a_first_reference_and_a_conflict_close_nothing(rig: CaseRig) -> None:
    rig.tell(
        OPENED,
        {"kind": "reference_learnt", "imsi": IMSI, "reason": "first_seen"},
        {"kind": "reverify_conflict", "imsi": IMSI},
    )
    assert rig.one().state is CaseState.OPEN


def test_a_persons_word_goes_over_a_case_that_closed_by_itself(rig: CaseRig) -> None:
    rig.tell(
        OPENED,
        {"kind": "reverified", "imsi": IMSI, "actor": "anna"},
        {**CLOSE, "case": "s001-1", "outcome": "fraud", "actor": "boris"},
    )
    assert (rig.one().outcome, rig.one().closed_by) == (CaseOutcome.FRAUD, "boris")


def test_open_cases_come_first_by_amount_then_by_age_and_closed_ones_behind(rig: CaseRig) -> None:
    amounts = [100, None, 900, 100, 50]
    rig.tell(*({**OPENED, "amount": amount} for amount in amounts))
    for case in ("s001-5", "s001-1"):
        rig.tell({**CLOSE, "case": case, "outcome": "unknown"})
    assert rig.ids() == ["s001-3", "s001-4", "s001-2", "s001-1", "s001-5"]
    assert rig.ids(state=CaseState.OPEN) == ["s001-3", "s001-4", "s001-2"]
    assert rig.ids(state=CaseState.CLOSED) == ["s001-1", "s001-5"]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_pages_hold_every_case_once_in_one_order(rig: CaseRig, count: int) -> None:
    rig.tell(*({**OPENED, "amount": amount} for amount in (5, 5, 5, None, 7, 7, 1)))
    rig.tell({**CLOSE, "case": "s001-2", "outcome": "unknown"})
    whole = rig.ids(count=99)
    given: list[str] = []
    cursor = ""
    while len(given) < len(whole):
        page = rig.reader.page(CaseQuery("demo", cursor=cursor, count=count))
        given += [case.id for case in page.cases]
        cursor = page.next
    assert (given, cursor) == (whole, "")


@pytest.mark.parametrize("cursor", ["x", "0:1", "0:0:0:", "-1:0:0:a", "9" * 30 + ":0:0:a", "0:1:2:3:4"])
def test_a_strange_cursor_breaks_nothing(rig: CaseRig, cursor: str) -> None:
    rig.tell(OPENED)
    assert set(rig.ids(cursor=cursor)) <= {"s001-1"}


def test_cases_are_found_by_assignee_operator_and_number(rig: CaseRig) -> None:
    rig.tell(
        OPENED,
        {**OPENED, "operator": "25002"},
        {**OPENED, "number": "79160000000"},
        {"kind": "case_assigned", "actor": "b", "case": "s001-1", "assignee": "anna"},
    )
    assert rig.ids(assignee="anna") == ["s001-1"]
    assert rig.ids(assignee="-") == ["s001-2", "s001-3"]
    assert rig.ids(operator="25002") == ["s001-2"]
    assert rig.ids(number=Msisdn("79160000000")) == ["s001-3"]


def test_the_rate_of_false_alarms_is_counted_by_operator_over_a_period(rig: CaseRig) -> None:
    rig.tell(*({**OPENED, "operator": operator} for operator in ("25001", "25001", "25001", "25002", "")))
    rig.tell(*({**CLOSE, "case": f"s001-{case}", "outcome": outcome} for case, outcome in (
        (1, "customer_confirmed"), (2, "fraud"), (4, "unknown"),
    )))  # fmt: skip
    first_close = rig.one("s001-1").closed_ms
    alarms = rig.reader.alarms("demo", 0, 2**53)
    assert alarms == [OperatorAlarms("25001", 1, 1, 0), OperatorAlarms("25002", 0, 0, 1)]
    assert (alarms[0].closed, alarms[0].false_alarms_percent) == (2, 50.0)
    assert rig.reader.alarms("demo", first_close + 1, 2**53) == [
        OperatorAlarms("25001", 0, 1, 0),
        OperatorAlarms("25002", 0, 0, 1),
    ]
    assert rig.reader.alarms("demo", 0, first_close) == []
    assert rig.reader.alarms("odd", 0, 2**53) == []
    assert OperatorAlarms("25001", 0, 0, 0).false_alarms_percent == 0.0


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "case_opened"},
        {**OPENED, "amount": True, "imsi": 7, "reason": "x" * 900, "operator": "\x00"},
        {**OPENED, "amount": 2**70},
        {**OPENED, "amount": -1},
        {**OPENED, "number": ""},
        {**OPENED, "number": "7" * 90},
        {**CLOSE},
        {**CLOSE, "case": ["s001-1"], "outcome": None},
        {"kind": "case_noted", "case": "s001-1", "note": 5},
        {"kind": "case_noted", "case": "s009-9", "note": "a case that never was"},
        {"kind": "case_assigned", "case": "s001-1"},
        {"kind": "reverified"},
        {"kind": "reverified", "imsi": None, "expected": 5, "tokens": {"a": 1}},
        {"kind": "reverified", "tokens": [None, "x" * 500, ["y"]]},
        {**DENIED, "sim": "changed"},
        {**DENIED, "sim": None},
        {**DENIED, "amount": "many"},
    ],
)
def test_nothing_that_an_event_says_stops_the_archive(rig: CaseRig, facts: dict[str, Any]) -> None:
    rig.tell(OPENED, facts, {**OPENED, "amount": 7})
    assert "s001-3" in rig.ids()
    assert rig.streams.waiting() == {}
