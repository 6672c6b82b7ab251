"""Imports and exports over a real store: compare-and-set by the row, runs that last, there and back."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from security_service.domain.access import Actor, Role
from security_service.domain.audit import Event, EventKind
from security_service.domain.bans import Ban
from security_service.domain.errors import StoreUnavailable
from security_service.domain.import_rows import RowFault, RowRefused
from security_service.domain.imsi import (
    IMSI_DIGITS,
    Candidate,
    Grade,
    ImsiForm,
    Reference,
    ReferenceMember,
    learnt,
    seal,
)
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import Mode, Override, PendingReverify, Subscriber
from security_service.domain.tenants import Tenant
from security_service.domain.transfer_ports import KnownRecord, RecordChange, RecordWritten
from security_service.domain.transfers import ImportRun, ImportState
from security_service.links.operating_system import SystemChance
from security_service.store.bans import StoredBans
from security_service.store.import_runs import StoredImportRuns
from security_service.store.installation import initialise
from security_service.store.log_journal import StoredLogJournal
from security_service.store.record_batches import StoredRecordBatches, StoredRecordStream
from security_service.store.records import pack, unpack
from security_service.usecases.export_subscribers import Exported, ExportSubscribers
from security_service.usecases.import_subscribers import ImportEnded, ImportOrder, ImportSubscribers
from tests.fakes.store import MemoryStore, SetHealth
from tests.store.rig import NUMBER, OTHER, StoreRig, messaged, subject
from tests.usecases.people_desk import RigClock

BANK = Tenant("demo")
LEAD = Actor("anna", frozenset({Role.LEAD}))
RING = KeyRing({1: b"a" * 32, 3: b"b" * 32})
IMSI, OTHER_IMSI = "250011234567890", "250029876543210"
IMPORTED = Event(EventKind.SUBSCRIBER_IMPORTED, {"actor": "anna", "import": "i1"})
DAY = 86_400


def member(imsi: str = IMSI) -> ReferenceMember:
    token = seal(Imsi(imsi), IMSI_DIGITS, imsi[:5], RING, ImsiForm.DIGITS).newest()
    return ReferenceMember(token, 1_790_000_000, 1_799_000_000, Grade.DATED)


def take(rig: StoreRig) -> ImportSubscribers:
    clock = RigClock(rig)
    return ImportSubscribers(
        StoredRecordBatches(rig.frame),
        StoredImportRuns(rig.frame),
        StoredBans(rig.frame, clock),
        RING,
        SetHealth(MemoryStore()),
        clock,
        SystemChance(),
    )


def imported(rig: StoreRig, text: str, *, replaces: bool = False) -> ImportRun:
    outcome = take(rig).run(ImportOrder(BANK, LEAD, "r1", "f.csv", replaces), [text.encode()])
    assert isinstance(outcome, ImportEnded)
    return outcome.run


def exported(rig: StoreRig, tenant: str = "demo") -> list[str]:
    use_case = ExportSubscribers(StoredRecordStream(rig.frame), StoredLogJournal(rig.frame), RigClock(rig))
    outcome = use_case.run(tenant, LEAD, "r1")
    assert isinstance(outcome, Exported)
    return "".join(outcome.pieces).splitlines()


# --- one batch ------------------------------------------------------------------------------------


def change(known: KnownRecord, after: Subscriber, number: Msisdn = NUMBER) -> RecordChange:
    return RecordChange(number, known, after, IMPORTED)


def test_a_record_is_written_where_it_is_what_was_known_and_given_where_it_is_not(rig: StoreRig) -> None:
    batches = StoredRecordBatches(rig.frame)
    first, later = Subscriber(Reference((member(),))), Subscriber(Reference((member(OTHER_IMSI),)))
    assert batches.write("demo", [change(KnownRecord(), first)]) == [RecordWritten()]
    (found,) = batches.write("demo", [change(KnownRecord(), later)])
    assert found == KnownRecord(first, pack(first))
    assert isinstance(found, KnownRecord)
    assert batches.write("demo", [change(found, later)]) == [RecordWritten()]
    assert rig.subscribers.get("demo", NUMBER).subscriber == later


def test_each_record_written_has_its_event_with_the_record_for_a_rebuild(rig: StoreRig) -> None:
    after = Subscriber(Reference((member(),)))
    StoredRecordBatches(rig.frame).write("demo", [change(KnownRecord(), after)] * 2)
    (event,) = rig.events(subject())
    assert event["kind"] == "subscriber_imported"
    assert event["subject"] == {"number": NUMBER.digits, "tenant": "demo"}
    assert unpack(base64.b64decode(event["facts"]["record"])) == after
    assert IMSI not in str(event)


def test_a_store_of_others_is_not_written(rig: StoreRig) -> None:
    rig.redis.set(rig.keys(subject()).of_shard("installation"), "other")
    with pytest.raises(StoreUnavailable, match="other_store"):
        StoredRecordBatches(rig.frame).write("demo", [change(KnownRecord(), messaged())])
    assert rig.redis.hlen(rig.keys(subject()).bucket) == 0


# --- whole files ----------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(rig: StoreRig) -> None:
    text = f"number,imsi,mode\n{NUMBER.digits},{IMSI},\n{OTHER.digits},,always_deny\n"
    first = imported(rig, text)
    events = [len(rig.texts(f"s{shard:03d}")) for shard in range(64)]
    again, replacing = imported(rig, text), imported(rig, text, replaces=True)
    assert (first.counts.written, again.counts.written, replacing.counts.written) == (2, 0, 0)
    assert again.counts.left == replacing.counts.left == 2
    assert [len(rig.texts(f"s{shard:03d}")) for shard in range(64)] == events


def test_an_import_adds_to_a_record_that_holds_no_reference_yet(rig: StoreRig) -> None:
    assert rig.subscribers.swap("demo", NUMBER, b"", messaged(), ())
    assert imported(rig, f"number,imsi\n{NUMBER.digits},{IMSI}\n").counts.written == 1
    after = rig.subscribers.get("demo", NUMBER).subscriber
    assert (after.messaged, len(after.reference.members)) == (True, 1)


def test_poison_is_left_out_without_the_right_to_replace(rig: StoreRig) -> None:
    trusted = Subscriber(Reference((member(),)))
    assert rig.subscribers.swap("demo", NUMBER, b"", trusted, ())
    run = imported(rig, f"number,imsi\n{NUMBER.digits},{OTHER_IMSI}\n")
    assert (run.counts.left, run.counts.written) == (1, 0)
    assert rig.subscribers.get("demo", NUMBER).subscriber == trusted


def test_a_replacement_tells_what_it_replaced(rig: StoreRig) -> None:
    assert rig.subscribers.swap("demo", NUMBER, b"", Subscriber(Reference((member(),))), ())
    assert imported(rig, f"number,imsi\n{NUMBER.digits},{OTHER_IMSI}\n", replaces=True).counts.written == 1
    (event,) = [one for one in rig.events(subject()) if one["kind"] == "subscriber_imported"]
    assert event["facts"]["replaced"] == [member().imsi.token()]


def test_another_tenants_record_of_the_same_number_is_not_touched(rig: StoreRig) -> None:
    theirs = Subscriber(Reference((member(),)))
    assert rig.subscribers.swap("odd", NUMBER, b"", theirs, ())
    imported(rig, f"number,imsi\n{NUMBER.digits},{OTHER_IMSI}\n", replaces=True)
    assert rig.subscribers.get("odd", NUMBER).subscriber == theirs
    assert not any(line.startswith(NUMBER.digits) and member().imsi.token() in line for line in exported(rig))


def test_a_banned_sim_is_refused_by_its_digits_and_by_its_digest(rig: StoreRig) -> None:
    token = member().imsi.token()
    bans = StoredBans(rig.frame, RigClock(rig))
    assert bans.put(Ban("demo", token, NUMBER, "c1", "anna"), Event(EventKind.IMSI_BANNED, {"actor": "anna"}))
    run = imported(
        rig,
        f"number,imsi,imsi_digest\n{NUMBER.digits},{IMSI},\n{OTHER.digits},,{token}\n79031110000,{OTHER_IMSI},\n",
    )
    assert (run.counts.refused, run.counts.written) == (2, 1)
    rows = StoredImportRuns(rig.frame).page(run.id, 0, 9)
    assert rows == [RowRefused(2, RowFault.BANNED), RowRefused(3, RowFault.BANNED)]


def test_an_import_that_was_killed_goes_on_where_the_same_file_is_given_again(rig: StoreRig) -> None:
    numbers = [f"7903{place:07d}" for place in range(3000)]
    lines = [f"{number},{IMSI}\n".encode() for number in numbers]

    def killed() -> Iterator[bytes]:
        yield b"number,imsi\n"
        yield from lines[:2500]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(rig).run(ImportOrder(BANK, LEAD, "r1", "f.csv", id="a" * 32), killed())
    broken = StoredImportRuns(rig.frame).get("a" * 32)
    assert broken is not None
    assert broken.state is ImportState.STOPPED
    assert len(exported(rig)) - 1 == broken.counts.written < 3000
    rest = imported(rig, "number,imsi\n" + b"".join(lines).decode())
    assert rest.counts.written + broken.counts.written == 3000
    assert len(exported(rig)) - 1 == 3000


def test_ten_million_rows_would_take_no_more_memory_than_these(rig: StoreRig) -> None:
    sizes: list[int] = []

    def file() -> Iterator[bytes]:
        yield b"number,imsi\n"
        for first in range(0, 300_000, 1000):
            sizes.append(_memory())
            yield "".join(
                f"7903{place:07d},25001{place + 1_234_500_000:010d}\n" for place in range(first, first + 1000)
            ).encode()

    batches = _Swallowing(rig)
    use_case = replace(take(rig), batches=batches)
    outcome = use_case.run(ImportOrder(BANK, LEAD, "r1"), file())
    assert isinstance(outcome, ImportEnded)
    assert batches.taken == outcome.run.counts.written > 299_000
    assert batches.greatest <= 100
    assert max(sizes) - sizes[30] < 8 * 1024 * 1024


class _Swallowing(StoredRecordBatches):
    """Takes every record and keeps none."""

    def __init__(self, rig: StoreRig) -> None:
        super().__init__(rig.frame)
        self.taken = self.greatest = 0

    def write(self, tenant: str, changes: Sequence[RecordChange]) -> Sequence[RecordWritten | KnownRecord]:
        assert len({self.group_of(one.number) for one in changes}) == 1
        self.taken += len(changes)
        self.greatest = max(self.greatest, len(changes))
        return [RecordWritten() for _ in changes]


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# --- runs -----------------------------------------------------------------------------------------


def test_a_run_is_kept_with_its_event_and_its_id_is_taken_once(rig: StoreRig) -> None:
    runs = StoredImportRuns(rig.frame)
    begun = runs.begin(ImportRun("i1", "demo", "anna", "имя.csv", replaces=False), IMPORTED)
    assert begun is not None
    assert begun.started_ms == rig.now_ms
    assert runs.begin(ImportRun("i1", "odd", "boris", "x", replaces=True), IMPORTED) is None
    assert runs.get("i1") == begun
    assert [one.id for one in runs.every("demo", 5)] == ["i1"]
    assert runs.every("odd", 5) == []
    assert len(rig.texts("m")) == 1


def test_refused_rows_are_kept_up_to_ten_thousand_and_go_away_with_the_run(rig: StoreRig) -> None:
    runs = StoredImportRuns(rig.frame)
    run = runs.begin(ImportRun("i1", "demo", "anna", "", replaces=False), IMPORTED)
    assert run is not None
    for first in range(0, 12_000, 3000):
        run = runs.step(run, [RowRefused(line, RowFault.NUMBER) for line in range(first, first + 3000)])
    assert len(runs.page("i1", 9_990, 100)) == 10
    assert runs.page("i1", 0, 1) == [RowRefused(0, RowFault.NUMBER)]
    rig.advance(15 * DAY)
    assert runs.get("i1") is None
    assert runs.page("i1", 0, 1) == []
    assert runs.step(run, []) == run
    assert runs.get("i1") is None


# --- there and back -------------------------------------------------------------------------------

IMSIS = st.integers(10**9, 10**10 - 2).map(lambda tail: f"25001{tail}").filter(lambda i: len(set(i[6:])) > 1)
TIMES = st.integers(1_500_000_000, 1_799_000_000)


@st.composite
def members(draw: st.DrawFn) -> ReferenceMember:
    imsi = draw(IMSIS)
    version = draw(st.sampled_from([1, 3]))
    sealed = seal(
        Imsi(imsi), IMSI_DIGITS, draw(st.sampled_from(["", "25001", "310150"])), RING, ImsiForm.DIGITS
    )
    token = next(one for one in sealed.members if one.key_version == version)
    first = draw(TIMES)
    last = first + draw(st.integers(0, 900_000))
    return ReferenceMember(token, first, last, draw(st.sampled_from(list(Grade))), draw(st.booleans()))


@st.composite
def subscribers(draw: st.DrawFn) -> Subscriber:
    found = draw(st.lists(members(), max_size=3, unique_by=lambda one: one.imsi))
    override = None
    if draw(st.booleans()):
        mode = draw(st.sampled_from([Mode.ALWAYS_ALLOW, Mode.ALWAYS_DENY]))
        bound = bool(found) and draw(st.booleans())
        until = draw(st.integers(1_799_999_000, 1_800_000_000 + 80 * DAY))
        evidence = found[0].imsi if found else None
        reason = draw(st.text(min_size=1, max_size=40).filter(str.strip))
        override = Override(mode, "olga", reason, 1_790_000_000, until, evidence, bound)
    candidate = Candidate(member().imsi, 1_799_000_000, 1_799_000_000) if draw(st.booleans()) else None
    pending = PendingReverify("olga", "x", 1_799_000_000, 1_799_000_900) if draw(st.booleans()) else None
    return Subscriber(Reference(tuple(found)), candidate, override, pending, draw(st.booleans()))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.integers(0, 9_999_999), subscribers(), max_size=12))
def test_what_was_exported_and_imported_elsewhere_is_exported_the_same(
    rig: StoreRig, known: dict[int, Subscriber]
) -> None:
    _anew(rig)
    for place, one in known.items():
        number = Msisdn(f"7903{place:07d}")
        assert rig.subscribers.swap("demo", number, rig.subscribers.get("demo", number).stored, one, ())
    first = exported(rig)
    _anew(rig)
    run = imported(rig, "\r\n".join(first))
    assert (run.counts.refused, run.counts.written) == (0, len(first) - 1)
    assert exported(rig) == first


def _anew(rig: StoreRig) -> None:
    rig.redis.flushall()
    initialise(rig.scripts, rig.frame.installation, 1000)


def test_an_export_is_told_of_before_its_first_line(rig: StoreRig) -> None:
    assert rig.subscribers.swap(
        "demo",
        NUMBER,
        b"",
        Subscriber(
            learnt(seal(Imsi(IMSI), IMSI_DIGITS, "", RING, ImsiForm.DIGITS), 1_790_000_000, Grade.DATED)
        ),
        (),
    )
    use_case = ExportSubscribers(StoredRecordStream(rig.frame), StoredLogJournal(rig.frame), RigClock(rig))
    outcome = use_case.run("demo", LEAD, "r1")
    assert [b"subscribers_exported" in text for text in rig.texts("m")] == [True]
    assert isinstance(outcome, Exported)
    text = "".join(outcome.pieces)
    assert IMSI not in text
    assert NUMBER.digits in text
