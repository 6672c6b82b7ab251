"""A proof proves what it was made for and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from security_service.domain.audit import canonical
from security_service.domain.log_head import SignedHead, Unreadable, read_signed_head
from security_service.domain.log_proofs import (
    consistency_document,
    inclusion_document,
    verify_growth,
    verify_inclusion_file,
)
from security_service.domain.log_verdict import Fault, FaultCode, Proved
from security_service.domain.merkle import consistency_proof, inclusion_proof
from tests.domain.log_attack import THIEF, TRUSTED, signed, texts
from tests.fakes.sealing import HeldLog, event_text

LOG = HeldLog(texts(300))


def inclusion(leaf: int, log: HeldLog = LOG, head: SignedHead | None = None) -> dict[str, Any]:
    (found,) = log.leaves(leaf, leaf + 1)
    document = inclusion_document(found, inclusion_proof(log, leaf, log.size), head or signed(log))
    read: dict[str, Any] = json.loads(canonical(document))
    return read


def growth(old: int, new: int, log: HeldLog = LOG) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(
        canonical(consistency_document("i1", old, new, consistency_proof(log, old, new)))
    )
    return read


def code(result: Proved | Fault) -> FaultCode | None:
    return result.code if isinstance(result, Fault) else None


def test_an_event_in_the_log_is_proved_by_itself() -> None:
    result = verify_inclusion_file(inclusion(17), TRUSTED.check, [signed(LOG)])
    assert isinstance(result, Proved)
    assert result.sentences[0].startswith("event 6 of shard s002, leaf 17, is in log i1")
    assert result.notes == ()


def test_a_pruned_event_is_proved_by_its_hash() -> None:
    log = HeldLog(texts(20))
    log.texts[17] = None
    assert isinstance(verify_inclusion_file(inclusion(17, log), TRUSTED.check), Proved)


def test_the_proof_of_another_event_does_not_serve() -> None:
    stolen = inclusion(17) | {"proof": inclusion(18)["proof"]}
    assert code(verify_inclusion_file(stolen, TRUSTED.check)) is FaultCode.NOT_INCLUDED
    elsewhere = inclusion(17) | {"leaf": 18}
    assert code(verify_inclusion_file(elsewhere, TRUSTED.check)) is FaultCode.NOT_INCLUDED
    other = inclusion(17) | {"event": LOG.texts[18]}
    assert code(verify_inclusion_file(other, TRUSTED.check)) is FaultCode.CHANGED


def test_a_proof_under_a_head_of_another_key_or_a_fork_is_refused() -> None:
    strange = inclusion(17, head=signed(LOG, signer=THIEF))
    assert code(verify_inclusion_file(strange, TRUSTED.check)) is FaultCode.UNKNOWN_KEY
    fork = HeldLog([*texts(299), event_text(100, "s002", kind="sim_added")])
    assert (
        code(verify_inclusion_file(inclusion(17, fork), TRUSTED.check, [signed(LOG)])) is FaultCode.TWO_ROOTS
    )


def test_a_head_that_was_not_published_is_a_note_where_heads_are_given() -> None:
    result = verify_inclusion_file(inclusion(17), TRUSTED.check, [signed(LOG, 5)])
    assert isinstance(result, Proved)
    assert result.notes == ("no published head of size 300 was given to compare",)


@pytest.mark.parametrize("old", [1, 255, 256, 299, 300])
def test_growth_between_two_heads_is_proved(old: int) -> None:
    result = verify_growth(signed(LOG, old), signed(LOG), growth(old, 300), TRUSTED.check)
    assert isinstance(result, Proved)
    assert f"grew from {old} to 300 events" in result.sentences[0]


def test_a_changed_past_has_no_proof_of_growth() -> None:
    forged = HeldLog([event_text(1, "s000", kind="sim_added"), *texts(300)[1:]])
    result = verify_growth(signed(LOG, 100), signed(forged), growth(100, 300, forged), TRUSTED.check)
    assert code(result) is FaultCode.NOT_CONSISTENT


def test_a_newer_head_that_is_smaller_is_a_log_cut_back() -> None:
    result = verify_growth(signed(LOG, 200), signed(LOG, 100), growth(100, 200), TRUSTED.check)
    assert code(result) is FaultCode.CUT_OFF


def test_growth_under_strange_heads_or_of_other_sizes_is_refused() -> None:
    old, new = signed(LOG, 100), signed(LOG)
    assert (
        code(verify_growth(signed(LOG, 100, THIEF), new, growth(100, 300), TRUSTED.check))
        is FaultCode.UNKNOWN_KEY
    )
    assert code(verify_growth(old, new, growth(99, 300), TRUSTED.check)) is FaultCode.NOT_CONSISTENT
    assert (
        code(verify_growth(old, signed(LOG, name="i2"), growth(100, 300), TRUSTED.check))
        is FaultCode.OTHER_LOG
    )
    assert code(verify_growth(old, new, {"etalon": "consistency"}, TRUSTED.check)) is FaultCode.UNREADABLE


def test_a_head_is_read_back_as_it_was_published() -> None:
    head = signed(LOG)
    assert read_signed_head(head.line()) == head


@pytest.mark.parametrize(
    ("member", "value"),
    [("root", "AA" * 32), ("root", "aa"), ("size", -1), ("size", True), ("size", 1.5), ("at", "1"), ("v", 2)],
)
def test_a_head_that_is_not_quite_one_is_refused(member: str, value: object) -> None:
    members: dict[str, Any] = json.loads(signed(LOG).line())
    members["head"][member] = value
    with pytest.raises(Unreadable, match=r"expected|version"):
        read_signed_head(json.dumps(members))


def test_a_head_with_a_member_more_is_refused() -> None:
    with pytest.raises(Unreadable, match="and no others"):
        read_signed_head(json.dumps({**json.loads(signed(LOG).line()), "more": 1}))
