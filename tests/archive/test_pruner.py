"""Retention: what the rules name loses its text and what is personal, nothing else, and the log says so."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.pruner import EventPruner
from security_service.archive.tables import EVENTS
from security_service.archive.writer import EventWriter
from security_service.domain.archive_ports import PruneRule
from security_service.domain.audit import AuditQuery
from security_service.usecases.prune_events import PruneEvents
from tests.archive.rig import MovingRig, entry, is_sound, texts_of
from tests.fakes.clock import HandClock

DAY_MS = 86_400_000


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def today(clock: HandClock) -> int:
    return clock.unix_ms() // DAY_MS * DAY_MS


def prune(rig: MovingRig, clock: HandClock, *rules: PruneRule) -> int:
    return PruneEvents(EventPruner(rig.database, "i1", clock, ()), rules, clock).run()


def fill(rig: MovingRig, clock: HandClock) -> None:
    """Of each of ten days one event of two kinds and two tenants, and one of no tenant."""
    seq, given = 0, []
    for days in range(10, 0, -1):
        for kind in ("code_sent", "mode_set"):
            for tenant in ("demo", "second", ""):
                seq += 1
                at_ms = today(clock) - days * DAY_MS - seq - 1
                given.append(entry("s000", seq, at_ms, kind=kind, tenant=tenant, actor="anna", code_id="c"))
    assert EventWriter(rig.database, "i1", clock, ()).append({"s000": given}).added == 60


def kept(database: ArchiveDatabase) -> list[tuple[str, str]]:
    found = [json.loads(text) for text in texts_of(database).values() if text is not None]
    return sorted((one["kind"], one["subject"].get("tenant", "")) for one in found if one["shard"] != "a")


def told(database: ArchiveDatabase) -> list[dict[str, object]]:
    return [
        json.loads(text)["facts"] for (shard, _), text in sorted(texts_of(database).items()) if shard == "a"
    ]


def test_without_a_rule_nothing_is_pruned(rig: MovingRig, clock: HandClock) -> None:
    fill(rig, clock)
    assert prune(rig, clock) == 0
    assert len(kept(rig.database)) == 60


def test_a_rule_prunes_its_kinds_and_tenants_only_and_says_so(rig: MovingRig, clock: HandClock) -> None:
    fill(rig, clock)
    assert prune(rig, clock, PruneRule(("code_sent",), ("demo",), 4)) == 7
    left = kept(rig.database)
    assert left.count(("code_sent", "demo")) == 3
    assert len(left) == 53
    until_ms = today(clock) - 4 * DAY_MS
    assert told(rig.database) == [{"count": 7, "kind": "code_sent", "tenant": "demo", "until_ms": until_ms}]
    assert prune(rig, clock, PruneRule(("code_sent",), ("demo",), 4)) == 0
    assert is_sound(rig.database)


def test_a_rule_of_a_tenant_goes_before_one_for_all(rig: MovingRig, clock: HandClock) -> None:
    fill(rig, clock)
    rules = (
        PruneRule(("code_sent", "mode_set"), (), 2),
        PruneRule(("code_sent",), (), 5),
        PruneRule(("code_sent",), ("demo",), 8),
    )
    prune(rig, clock, *rules)
    left = kept(rig.database)
    counts = {pair: left.count(pair) for pair in sorted(set(left))}
    assert counts == {
        ("code_sent", ""): 4,
        ("code_sent", "demo"): 7,
        ("code_sent", "second"): 4,
        ("mode_set", ""): 1,
        ("mode_set", "demo"): 1,
        ("mode_set", "second"): 1,
    }


def test_what_is_personal_goes_with_the_text_and_pages_pass_over_it(rig: MovingRig, clock: HandClock) -> None:
    fill(rig, clock)
    prune(rig, clock, PruneRule(("code_sent",), (), 5))
    with rig.database.reading() as connection:
        asked = select(EVENTS.c.number, EVENTS.c.actor, EVENTS.c.code_id).where(EVENTS.c.text.is_(None))
        rows = connection.execute(asked).all()
    assert len(rows) == 18
    assert {value for row in rows for value in row} == {None}
    assert len(rig.read_all(AuditQuery(code_id="c", count=7))) == 42


def test_what_is_pruned_is_pruned_in_bits_each_told_of(rig: MovingRig, clock: HandClock) -> None:
    entries = [entry("s000", seq, kind="code_sent", mark=seq) for seq in range(1, 5002)]
    EventWriter(rig.database, "i1", clock, ()).append({"s000": entries})
    clock.move(10**9)
    assert prune(rig, clock, PruneRule(("code_sent",), (), 1)) == 5001
    assert [facts["count"] for facts in told(rig.database)] == [5000, 1]


def test_an_event_that_is_written_again_after_its_text_is_gone_is_known(
    rig: MovingRig, clock: HandClock
) -> None:
    given = {"s000": [entry("s000", 1, kind="code_sent")]}
    writer = EventWriter(rig.database, "i1", clock, ())
    writer.append(given)
    clock.move(10**9)
    assert prune(rig, clock, PruneRule(("code_sent",), (), 1)) == 1
    again = writer.append(given)
    assert (again.added, again.conflicts) == (0, ())
