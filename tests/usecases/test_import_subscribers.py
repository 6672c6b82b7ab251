"""Who may import what, and what is told of it; the way of a whole file is tried over a real store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from security_service.domain.access import Actor, Role
from security_service.domain.errors import StoreUnavailable
from security_service.domain.import_rows import RowFault, RowRefused
from security_service.domain.imsi import IMSI_DIGITS, ImsiForm, seal
from security_service.domain.secret import Imsi, Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode
from security_service.domain.tenants import FourEyesDeed, Tenant
from security_service.domain.transfer_ports import KnownRecord, RecordChange, RecordWritten
from security_service.domain.transfers import ImportState
from security_service.usecases.export_subscribers import MayNotExport
from security_service.usecases.import_subscribers import (
    ImportEnded,
    ImportIdTaken,
    ImportOrder,
    ImportOutcome,
    MayNotImport,
    ReplaceNeedsSecond,
)
from security_service.usecases.view_imports import UnknownImport
from tests.fakes.store import MemoryStore, SetHealth
from tests.fakes.transfers import RING, MemoryBatches, MemoryTransfers

BANK = Tenant("bank")
LEAD = Actor("anna", frozenset({Role.LEAD}))
NUMBER = Msisdn("79161112211")
IMSI, OTHER_IMSI = "250011234567890", "250029876543210"


class _Rig:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.all = MemoryTransfers(self.store)
        self.refused: list[RowRefused] = []

    def take(self, text: str, tenant: Tenant = BANK, actor: Actor = LEAD, **order: object) -> ImportOutcome:
        wish = replace(ImportOrder(tenant, actor, "r1", "f.csv"), **order)  # type: ignore[arg-type]  # fields by their names
        return self.all.take.run(wish, [text.encode()], self.refused.append)


@pytest.fixture
def rig() -> _Rig:
    return _Rig()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ENROLLER])
def test_nobody_but_a_lead_imports(rig: _Rig, role: Role) -> None:
    assert (
        rig.take(f"number,imsi\n{NUMBER.digits},{IMSI}", actor=Actor("x", frozenset({role})))
        == MayNotImport()
    )
    assert rig.store.records == {}
    assert rig.all.imports.runs == {}


def test_a_file_replaces_nothing_where_a_second_person_is_demanded(rig: _Rig) -> None:
    careful = Tenant("bank", four_eyes=(FourEyesDeed.REVERIFY_CHANGED,))
    text = f"number,imsi\n{NUMBER.digits},{IMSI}"
    assert rig.take(text, careful, replaces=True) == ReplaceNeedsSecond()
    assert rig.store.records == {}
    assert isinstance(rig.take(text, careful), ImportEnded)


def test_rows_that_would_wait_for_a_second_person_are_refused_and_the_others_are_not(rig: _Rig) -> None:
    careful = Tenant("bank", four_eyes=(FourEyesDeed.ALWAYS_ALLOW, FourEyesDeed.ADD_SIM))
    text = (
        f"number,mode,imsi\n{NUMBER.digits},always_allow,\n79161112212,,{IMSI} {OTHER_IMSI}\n"
        "79161112213,always_deny,\n"
    )
    outcome = rig.take(text, careful)
    assert isinstance(outcome, ImportEnded)
    assert rig.refused == [RowRefused(2, RowFault.SECOND_PERSON), RowRefused(3, RowFault.SECOND_PERSON)]
    assert rig.store.subscriber("bank", Msisdn("79161112213")).mode_at(rig.store.now) is Mode.ALWAYS_DENY
    assert len(rig.store.records) == 1


def test_digits_are_sealed_under_the_newest_key(rig: _Rig) -> None:
    rig.take(f"number;imsi\n{NUMBER.digits};{IMSI}")
    (member,) = rig.store.subscriber("bank", NUMBER).reference.members
    assert member.imsi == seal(Imsi(IMSI), IMSI_DIGITS, "", RING, ImsiForm.DIGITS).newest()


def test_begin_and_end_are_told_with_who_what_and_how_many(rig: _Rig) -> None:
    outcome = rig.take(f"number,imsi\n{NUMBER.digits},{IMSI}\n123,\n\n", id="a" * 32)
    begun, ended = rig.all.imports.events
    assert begun.facts["state"] == "running"
    assert ended.facts == {
        "actor": "anna",
        "fault": "",
        "file": "f.csv",
        "import": "a" * 32,
        "left": 0,
        "read": 2,
        "refused": 1,
        "replaces": False,
        "request_id": "r1",
        "state": "done",
        "written": 1,
    }
    assert isinstance(outcome, ImportEnded)
    assert rig.all.desk.imports.one("bank", "a" * 32) == outcome.run
    assert rig.all.desk.imports.one("odd", "a" * 32) == UnknownImport()
    assert "".join(rig.all.desk.imports.all_refused(outcome.run)) == "line,reason\r\n3,number\r\n"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "x" * 9000])
def test_a_file_without_a_header_is_refused_as_a_whole(rig: _Rig, text: str) -> None:
    outcome = rig.take(text)
    assert isinstance(outcome, ImportEnded)
    assert (outcome.run.state, rig.store.records) == (ImportState.REFUSED, {})
    assert outcome.run.fault in {"empty", "header"}


def test_an_id_is_taken_once(rig: _Rig) -> None:
    rig.take("number\n", id="a" * 32)
    assert rig.take(f"number,imsi\n{NUMBER.digits},{IMSI}", id="a" * 32) == ImportIdTaken()
    assert rig.store.records == {}


def test_a_store_that_goes_away_leaves_what_was_written(rig: _Rig) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"number,imsi\n"
        for place in range(400):
            yield f"7916111{place:04d},{IMSI}\n".encode()
        rig.store.away = True

    with pytest.raises(StoreUnavailable):
        rig.all.take.run(ImportOrder(BANK, LEAD, "r1", id="b" * 32), pieces())
    rig.store.away = False
    run = rig.all.imports.runs["b" * 32]
    assert run.state is ImportState.RUNNING
    assert not run.is_silent(run.told_ms)
    assert run.is_silent(run.told_ms + 61_000)
    assert len(rig.store.records) == 400


def test_reading_waits_while_the_service_is_not_ready(rig: _Rig) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"number,imsi\n"
        for place in range(600):
            yield f"7916111{place:04d},{IMSI}\n".encode()

    clock = rig.store.clock
    left = iter(["the store's memory is 75 % full"] * 5)
    health = _Ails(rig.store, left)
    take = replace(rig.all.take, health=health)
    outcome = take.run(ImportOrder(BANK, LEAD, "r1"), pieces())
    assert isinstance(outcome, ImportEnded)
    assert outcome.run.counts.written == 600
    assert clock.pauses == [1.0] * 5


def test_a_service_that_does_not_get_ready_ends_the_import(rig: _Rig) -> None:
    rig.all.health.found = ["the store's memory is 75 % full"]
    rows = "".join(f"7916111{place:04d},{IMSI}\n" for place in range(600))
    with pytest.raises(StoreUnavailable, match="not_ready"):
        rig.take(f"number,imsi\n{rows}", id="d" * 32)
    assert rig.all.imports.runs["d" * 32].state is ImportState.STOPPED


class _Ails(SetHealth):
    """Has the faults that are left, one a question."""

    def __init__(self, store: MemoryStore, left: Iterator[str]) -> None:
        super().__init__(store)
        self.left = left

    def faults(self) -> list[str]:
        return [one for one in (next(self.left, ""),) if one]


class _Faster(MemoryBatches):
    """Another process writes each record right before."""

    def write(self, tenant: str, changes: Sequence[RecordChange]) -> Sequence[RecordWritten | KnownRecord]:
        for change in changes:
            self.store.put(tenant, change.number, self.store.subscriber(tenant, change.number))
        return super().write(tenant, changes)


def test_a_record_that_keeps_moving_is_refused(rig: _Rig) -> None:
    take = replace(rig.all.take, batches=_Faster(rig.store))
    order = ImportOrder(BANK, LEAD, "r1", "f.csv")
    outcome = take.run(order, [f"number,imsi\n{NUMBER.digits},{IMSI}".encode()], rig.refused.append)
    assert isinstance(outcome, ImportEnded)
    assert rig.refused == [RowRefused(2, RowFault.RECORD_MOVES)]
    assert rig.store.subscriber("bank", NUMBER) == NEW_SUBSCRIBER


@pytest.mark.parametrize("role", [Role.ANALYST, Role.ENROLLER])
def test_only_leads_and_auditors_export(rig: _Rig, role: Role) -> None:
    assert rig.all.desk.export.run("bank", Actor("x", frozenset({role})), "r") == MayNotExport()
    assert rig.all.journal.told == []
