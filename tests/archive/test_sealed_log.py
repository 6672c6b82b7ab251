"""The archive as it is sealed: heads, proofs and evidence out of real databases, streams before them."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from security_service.archive.heads import ArchivedHeads
from security_service.archive.pruner import EventPruner
from security_service.archive.sealed_log import ArchivedLog
from security_service.archive.tables import EVENTS, HEADS, LEAVES
from security_service.domain.archive_ports import Prunable
from security_service.domain.log_verdict import Fault, FaultCode, Proved
from security_service.domain.merkle import TILE
from security_service.domain.secret import Msisdn
from security_service.usecases.make_evidence import EvidenceMade, MakeEvidence
from security_service.usecases.prove_log import LogExport, ProveLog
from security_service.usecases.seal_log import LogAltered, Sealed, SealLog
from tests.archive.rig import MovingRig
from tests.domain.log_attack import AT, SIGNER, signed, verified
from tests.fakes.sealing import HeldJournal, HeldLog, Place
from tests.usecases.behind_the_scenes import CountingMeter

EVENTS_WRITTEN = TILE + 10


class Sealing:
    """Everything about sealing over one real archive."""

    def __init__(self, rig: MovingRig) -> None:
        self.rig, self.place, self.journal = rig, Place(), HeldJournal()
        self.log, self.heads = ArchivedLog(rig.database), ArchivedHeads(rig.database, "i1")
        self.seal = SealLog(
            self.log,
            self.heads,
            SIGNER,
            self.journal,
            publishers=[self.place],
            installation="i1",
            now=lambda: AT,
            meter=CountingMeter(),
        )
        self.prove = ProveLog(self.seal, self.log, self.log, self.journal)
        self.evidence = MakeEvidence(self.seal, self.log, self.log, self.journal, SIGNER, lambda: AT)

    def lines(self) -> list[bytes]:
        export = self.prove.export("auditor")
        assert isinstance(export, LogExport)
        return list(export.lines)


@pytest.fixture
def sealing(rig: MovingRig) -> Sealing:
    rig.write("s000", EVENTS_WRITTEN - 3)
    rig.write("s001", 2, kind="code_sent", code_id="c1")
    rig.write("m", 1, kind="trust_set", number="")
    rig.mover.run()
    return Sealing(rig)


def fault(sealing: Sealing) -> Fault:
    result = verified(sealing.lines(), sealing.place.published)
    assert isinstance(result, Fault), result
    return result


def test_what_was_moved_is_sealed_exported_and_verified(sealing: Sealing) -> None:
    sealing.seal.round()
    sealing.rig.write("s001", 5)
    sealing.rig.mover.run()
    sealing.seal.round()
    result = verified(sealing.lines(), sealing.place.published, whole=True)
    assert isinstance(result, Proved)
    assert result.facts["size"] == EVENTS_WRITTEN + 5
    assert result.facts["heads"] == 2


def test_a_head_is_kept_once_for_a_size(sealing: Sealing) -> None:
    first = sealing.seal.seal()
    assert isinstance(first, Sealed)
    fork = HeldLog(["{}"] * EVENTS_WRITTEN)
    assert sealing.heads.keep(signed(fork)) == first.signed
    assert sealing.heads.latest() == first.signed
    assert sealing.heads.after(0, 9) == [first.signed]
    assert sealing.heads.after(EVENTS_WRITTEN, 9) == []


@pytest.mark.parametrize("leaf", [0, 100, EVENTS_WRITTEN - 1])
def test_a_row_edited_in_sql_is_named(sealing: Sealing, leaf: int) -> None:
    sealing.seal.round()
    with sealing.rig.database.writing() as connection:
        (found,) = sealing.log.leaves(leaf, leaf + 1)
        assert found.text is not None
        forged = found.text.decode().replace('"facts":{', '"facts":{"a":1,').replace(",}", "}")
        connection.execute(update(EVENTS).where(EVENTS.c.leaf == leaf).values(text=forged))
    found_fault = fault(sealing)
    assert (found_fault.code, found_fault.place.leaf) == (FaultCode.CHANGED, leaf)


@pytest.mark.parametrize("leaf", [0, 100, EVENTS_WRITTEN - 1])
def test_a_row_deleted_in_sql_is_missed(sealing: Sealing, leaf: int) -> None:
    sealing.seal.round()
    with sealing.rig.database.writing() as connection:
        connection.execute(delete(EVENTS).where(EVENTS.c.leaf == leaf))
    found = fault(sealing)
    at_end = leaf == EVENTS_WRITTEN - 1
    assert found.code is (FaultCode.CUT_OFF if at_end else FaultCode.OUT_OF_ORDER)


def test_hashes_rewritten_below_a_signed_head_are_found_before_anything_is_signed(sealing: Sealing) -> None:
    sealing.seal.round()
    with sealing.rig.database.writing() as connection:
        connection.execute(update(LEAVES).where(LEAVES.c.leaf == TILE + 1).values(hash=b"0" * 32))
        connection.execute(delete(HEADS))
    assert sealing.seal.seal() == LogAltered(EVENTS_WRITTEN)
    assert sealing.heads.latest() is None


def test_a_pruned_log_verifies_as_far_as_its_texts_go(sealing: Sealing) -> None:
    sealing.seal.round()
    pruner = EventPruner(sealing.rig.database, "i1", sealing.rig.clock, ())
    what = Prunable("code_sent", "demo", AT * 2)
    assert pruner.prune(what, 10) == 2
    sealing.seal.round()
    result = verified(sealing.lines(), sealing.place.published)
    assert isinstance(result, Proved)
    assert result.facts["pruned"] == 2
    assert sealing.log.of_code("demo", "c1", 9) == []


def test_events_are_found_with_their_leaves(sealing: Sealing) -> None:
    found = sealing.log.of_code("demo", "c1", 9)
    assert [one.leaf for one in found] == sorted(one.leaf for one in found)
    assert len(found) == 2
    assert sealing.log.of_code("other", "c1", 9) == []
    number = Msisdn("79031234567")
    newest = sealing.log.latest("demo", number, ["mode_set"], EVENTS_WRITTEN)
    assert len(newest) == 100
    assert newest[0].leaf > newest[-1].leaf
    (managed,) = sealing.log.managed(["trust_set"], EVENTS_WRITTEN)
    assert "trust_set" in managed.text


def test_evidence_is_made_of_real_rows(sealing: Sealing) -> None:
    sealing.rig.write("s001", 1, kind="gate_decided", code_id="c1", policy="standard@1", verdict="send")
    sealing.rig.mover.run()
    made = sealing.evidence.run("demo", "c1", "auditor")
    assert isinstance(made, EvidenceMade)
    assert made.events > 3
