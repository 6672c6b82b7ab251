"""What people do about cases, in the shard: once closed nothing more, of two who close one does."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from security_service.domain.audit import AuditQuery, Event, EventKind
from security_service.domain.cases import Case
from security_service.domain.errors import StoreUnavailable
from security_service.domain.jobs import Job, JobKind
from security_service.store.case_desk import StoredCaseDesk
from security_service.store.connection import ThinScripts, parse_address
from security_service.store.frame import StoreFrame
from tests.store.rig import NUMBER, StoreRig

CASE = Case("s001-7", "demo", NUMBER, 1, "sim_changed", "1:imsi:00")
OTHER_CASE = Case("s001-8", "demo", NUMBER, 1, "sim_changed", "1:imsi:00")
NOTED = Event(EventKind.CASE_NOTED, {"actor": "anna", "case": "s001-7", "note": "звонил"})
CLOSED = Event(EventKind.CASE_CLOSED, {"actor": "anna", "case": "s001-7", "outcome": "fraud"})
BAN = Job("b1", JobKind.BAN, "demo", NUMBER, (("case", "s001-7"),))


@pytest.fixture
def desk(rig: StoreRig) -> StoredCaseDesk:
    return StoredCaseDesk(rig.frame)


def kinds(rig: StoreRig) -> list[str]:
    page = rig.log.page(AuditQuery(tenant="demo", number=NUMBER))
    return [json.loads(text)["kind"] for text in page.events][::-1]


def test_what_people_do_stands_among_the_events_of_the_subscriber(
    rig: StoreRig, desk: StoredCaseDesk
) -> None:
    assert desk.write(CASE, NOTED)
    assert desk.close(CASE, CLOSED, [BAN])
    assert kinds(rig) == ["case_noted", "case_closed"]
    assert [job.kind for job in rig.jobs.claim(9, 9.0)] == [JobKind.BAN]


def test_once_closed_nothing_more_is_written_to_it_and_others_are_free(
    rig: StoreRig, desk: StoredCaseDesk
) -> None:
    assert desk.close(CASE, CLOSED, ())
    assert not desk.close(CASE, CLOSED, [BAN])
    assert not desk.write(CASE, NOTED)
    assert desk.write(OTHER_CASE, NOTED)
    assert kinds(rig) == ["case_closed", "case_noted"]
    assert rig.jobs.claim(9, 9.0) == []


def test_of_many_who_close_at_once_one_does(rig: StoreRig) -> None:
    start = Barrier(8)

    def close(_who: int) -> bool:
        scripts = ThinScripts(parse_address(rig.url), within_s=10.0)
        own = StoredCaseDesk(StoreFrame(scripts, lambda: rig.layout, "i1", now=lambda: str(rig.now_ms)))
        start.wait()
        closed = own.close(CASE, CLOSED, ())
        scripts.close()
        return closed

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(close, range(8))) == 1
    assert kinds(rig) == ["case_closed"]


def test_a_store_of_another_installation_is_not_written_to(rig: StoreRig) -> None:
    other = StoredCaseDesk(StoreFrame(rig.scripts, lambda: rig.layout, "i2"))
    with pytest.raises(StoreUnavailable):
        other.write(CASE, NOTED)
    assert kinds(rig) == []
