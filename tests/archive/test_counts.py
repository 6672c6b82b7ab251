"""Counts: every event counts once in steps of every length, and what is small is forgotten in time."""

from __future__ import annotations

import time
from typing import Any, Final

import pytest
from sqlalchemy import func, insert, select

from security_service.archive.count_reader import CountReader
from security_service.archive.count_tables import COUNTS
from security_service.archive.counts import keep_counts
from security_service.archive.engine import ArchiveDatabase
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import StreamEntry
from security_service.domain.counts import Counted, Step
from security_service.usecases.thin_counts import KEPT_DAYS, ThinCounts
from tests.archive.rig import NOON_MS, entry
from tests.fakes.clock import HandClock

NOON: Final = Step.DAY.begin(NOON_MS)
DAY: Final = Step.DAY.ms
EVER: Final = 2**60
ALL: Final = tuple(Counted)


def append(database: ArchiveDatabase, *entries: StreamEntry, clock: HandClock | None = None) -> None:
    writer = EventWriter(database, "i1", clock or HandClock(), (keep_counts,))
    writer.append({"s000": entries})


def counted(database: ArchiveDatabase, step: Step = Step.DAY, tenant: str = "demo") -> dict[str, int]:
    """What is counted in all, by `what name label`."""
    found: dict[str, int] = {}
    for row in CountReader(database).rows(tenant, step, 0, EVER, ALL):
        key = f"{row.what} {row.name} {row.label}".strip()
        found[key] = found.get(key, 0) + row.count
    return found


def told(seq: int, kind: str, at_ms: int = NOON, **facts: Any) -> StreamEntry:  # noqa: ANN401 - any JSON
    return entry("s000", seq, at_ms, kind=kind, **facts)


def test_an_event_counts_once_in_a_step_of_every_length(database: ArchiveDatabase) -> None:
    moments = (NOON, NOON + 59_000, NOON + 61_000, NOON + 3_600_000)
    append(database, *(told(seq, "code_sent", at_ms) for seq, at_ms in enumerate(moments, 1)))
    reader = CountReader(database)
    at = {
        step: [(row.at_ms - NOON, row.count) for row in reader.rows("demo", step, 0, EVER, ALL)]
        for step in Step
    }
    assert at == {
        Step.MINUTE: [(0, 2), (60_000, 1), (3_600_000, 1)],
        Step.QUARTER: [(0, 3), (3_600_000, 1)],
        Step.HOUR: [(0, 3), (3_600_000, 1)],
        Step.DAY: [(0, 4)],
    }


def test_what_is_appended_later_is_added_and_what_comes_twice_is_not(database: ArchiveDatabase) -> None:
    first, second = told(1, "code_sent"), told(2, "code_sent")
    append(database, first)
    append(database, first, second)
    assert counted(database) == {"generate sent": 2}


def test_tenants_are_counted_apart_and_what_is_of_none_is_not_counted(database: ArchiveDatabase) -> None:
    append(
        database, told(1, "code_sent"), told(2, "code_sent", tenant="odd"), told(3, "code_sent", tenant="")
    )
    assert counted(database) == counted(database, tenant="odd") == {"generate sent": 1}
    assert counted(database, tenant="") == {}


@pytest.mark.parametrize(
    ("kind", "facts", "wanted"),
    [
        ("send_refused", {"reason": "no_gateway"}, {"generate not_sent no_gateway": 1}),
        ("send_unknown", {"reason": "silence"}, {"generate unknown silence": 1}),
        ("lease_lost", {}, {"generate unknown lease_lost": 1}),
        ("code_exists", {}, {"generate exists": 1}),
        ("case_opened", {"operator": "25001"}, {"sim 25001 changed": 1}),
        (
            "gate_decided",
            {
                "verdict": "send",
                "reason": "sim_same",
                "traffic": "code",
                "sim": {"answer": "same", "mcc_mnc": "25001"},
            },
            {"verdict send sim_same": 1, "sim 25001 same": 1},
        ),
        (
            "gate_decided",
            {
                "verdict": "deny",
                "reason": "absent",
                "traffic": "code",
                "sim": {"answer": "no_data:absent", "mcc_mnc": ""},
            },
            {"verdict deny absent": 1, "generate deny absent": 1, "sim  absent": 1},
        ),
        (
            "gate_decided",
            {
                "verdict": "deny",
                "reason": "sim_changed",
                "traffic": "relay",
                "candidate": "1:imsi:aa",
                "sim": {"answer": "changed", "mcc_mnc": "25001", "imsi": "1:imsi:aa"},
            },
            {"verdict deny sim_changed": 1, "sim 25001 changed_again": 1},
        ),
        (
            "gate_decided",
            {
                "verdict": "send",
                "reason": "caller_owns_reference",
                "traffic": "code",
                "sim": {"answer": "changed", "mcc_mnc": "25001", "imsi": "1:imsi:aa"},
            },
            {"verdict send caller_owns_reference": 1, "sim 25001 changed": 1},
        ),
        (
            "code_checked",
            {"outcome": {"result": "not_found", "reason": "wrong"}},
            {"check not_found wrong": 1},
        ),
        ("message_taken", {}, {"message taken": 1}),
        ("message_withdrawn", {}, {"message withdrawn": 1}),
        ("message_sent", {"outcome": {"state": "sent"}}, {"message sent": 1}),
        ("message_failed", {"outcome": {"state": "failed"}}, {"message failed": 1}),
        # it waits for another try
        ("message_failed", {"outcome": {"state": "queued"}}, {}),
        ("message_unknown", {"outcome": {"state": "unknown"}}, {"message unknown": 1}),
        ("message_expired", {"outcome": {"state": "expired"}}, {"message expired": 1}),
        ("receipt", {"message_id": "16", "state": "delivered"}, {"message delivered": 1}),
        ("receipt", {"message_id": "16", "state": "expired"}, {"message expired_on_the_way": 1}),
        ("receipt", {"message_id": "16", "state": "unknown"}, {"message never_told": 1}),
        # of a code
        ("receipt", {"message_id": "", "state": "delivered"}, {}),
        (
            "gate_decided",
            {"verdict": "step_up", "reason": "sim_changed", "traffic": "deferred"},
            {"verdict step_up sim_changed": 1, "message refused": 1},
        ),
        (
            "gate_decided",
            {"verdict": "hold", "reason": "absent", "traffic": "relayed"},
            {"verdict hold absent": 1},
        ),
        ("code_checked", {"outcome": {"result": "matched", "reason": "valid"}}, {}),
        ("check_finalised", {"accepted": True, "reason": "valid"}, {"check accepted valid": 1}),
        (
            "check_finalised",
            {"accepted": True, "reason": "valid", "outcome": {"reason": "frozen"}},
            {"check not_found frozen": 1},
        ),
        ("limit_reached", {"outcome": {"window": "requests"}}, {"limit requests": 1}),
        ("limit_counted", {"outcome": {"window": "requests", "refused": 9}}, {"limit requests": 9}),
        (
            "notice_failed",
            {
                "tried": [
                    {"gateway": "a", "outcome": "failed:http_500"},
                    {"gateway": "b", "outcome": "accepted"},
                ]
            },
            {"gateway a failed": 1, "gateway b accepted": 1},
        ),
    ],
)
def test_each_kind_counts_for_what_it_tells(
    database: ArchiveDatabase, kind: str, facts: dict[str, Any], wanted: dict[str, int]
) -> None:
    append(database, told(1, kind, **facts))
    assert counted(database) == wanted


def test_a_new_sim_is_one_change_however_often_it_answers(database: ArchiveDatabase) -> None:
    sim = {"answer": "changed", "mcc_mnc": "25001", "imsi": "1:imsi:aa"}
    refused: dict[str, Any] = {"verdict": "deny", "reason": "sim_changed", "traffic": "code", "sim": sim}
    append(
        database,
        told(1, "gate_decided", **refused),
        told(2, "case_opened", operator="25001"),
        told(3, "gate_decided", candidate="1:imsi:aa", **refused),
    )
    assert counted(database)["sim 25001 changed"] == 1
    assert counted(database)["sim 25001 changed_again"] == 1


def test_sources_are_counted_with_their_time(database: ArchiveDatabase) -> None:
    asked = [
        {"source": "hlr", "outcome": "seen", "milliseconds": 120},
        {"source": "hlr", "outcome": "seen", "milliseconds": 80},
        {"source": "imsi", "outcome": "absent", "milliseconds": 900},
    ]
    append(database, told(1, "look_finished", lookups=asked, reason="same"))
    rows = CountReader(database).rows("demo", Step.DAY, 0, EVER, (Counted.LOOKUP,))
    assert {(row.name, row.label): (row.count, row.total_ms) for row in rows} == {
        ("hlr", "seen"): (2, 200),
        ("imsi", "absent"): (1, 900),
    }


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("gate_decided", {"verdict": 7, "reason": None, "sim": "same", "lookups": {"source": "a"}}),
        ("gate_decided", {"sim": {"answer": ["same"], "mcc_mnc": 5}}),
        ("code_sent", {"tried": ["a", None, {"gateway": 1, "outcome": []}]}),
        ("look_finished", {"lookups": [{"source": "a\x00b", "outcome": "x" * 500, "milliseconds": -5}]}),
        ("look_finished", {"lookups": [{"source": "a", "outcome": "seen", "milliseconds": 2**80}]}),
        ("limit_counted", {"outcome": {"window": "w", "refused": True}}),
        ("limit_counted", {"outcome": {"window": "w", "refused": 2**70}}),
        ("case_opened", {"operator": {"a": 1}}),
    ],
)
def test_no_event_can_keep_the_log_from_being_appended(
    database: ArchiveDatabase, kind: str, facts: dict[str, Any]
) -> None:
    append(database, told(1, kind, **facts))
    append(database, told(2, "code_exists"))
    assert counted(database)["generate exists"] == 1


def test_what_is_small_is_forgotten_and_what_is_great_stays(database: ArchiveDatabase) -> None:
    clock = HandClock()
    now = clock.unix_ms()
    ages = (0, 1, 3, 10, 61, 63, 400)
    append(
        database, *(told(seq, "code_sent", now - days * DAY) for seq, days in enumerate(reversed(ages), 1))
    )
    ThinCounts(CountReader(database), clock).run()
    reader = CountReader(database)
    kept = {step: sum(row.count for row in reader.rows("demo", step, 0, EVER, ALL)) for step in Step}
    assert kept == {Step.MINUTE: 2, Step.QUARTER: 2, Step.HOUR: 5, Step.DAY: 7}
    ThinCounts(reader, clock).run()
    assert counted(database) == {"generate sent": 7}
    assert set(KEPT_DAYS) == set(Step) - {Step.DAY}


def test_thinning_ends_when_it_is_told_to(database: ArchiveDatabase) -> None:
    clock = HandClock()
    append(database, told(1, "code_sent", clock.unix_ms() - 9 * DAY))
    ThinCounts(CountReader(database), clock).run(lambda: True)
    assert counted(database, Step.MINUTE) == {"generate sent": 1}


def test_a_week_of_a_busy_bank_is_read_at_once_beside_years_of_days(database: ArchiveDatabase) -> None:
    """Twenty operators, five sources: what a page reads does not grow with the age of the archive."""
    names = [f"250{number:02d}" for number in range(20)]
    rows = [
        (step, NOON + place * step.ms, name, label)
        for step, places in ((Step.HOUR, 168), (Step.DAY, 1500))
        for place in range(places)
        for name in names
        for label in ("same", "changed", "absent")
    ]
    with database.writing() as connection:
        connection.execute(
            insert(COUNTS),
            [
                {
                    "tenant": "demo",
                    "step": step.value,
                    "at": at_ms,
                    "what": "sim",
                    "name": name,
                    "label": label,
                    "count": 5,
                    "total_ms": 0,
                }
                for step, at_ms, name, label in rows
            ],
        )
        assert connection.execute(select(func.count()).select_from(COUNTS)).scalar() == len(rows)
    reader = CountReader(database)
    reader.rows("demo", Step.DAY, NOON, NOON + 28 * DAY, ALL)
    took = []
    for _ in range(3):
        begun = time.process_time()
        week = reader.rows("demo", Step.HOUR, NOON, EVER, ALL)
        month = reader.rows("demo", Step.DAY, NOON, NOON + 28 * DAY, (Counted.SIM,))
        took.append(time.process_time() - begun)
        assert (len(week), len(month)) == (168 * 60, 28 * 60)
    assert min(took) < 0.1
