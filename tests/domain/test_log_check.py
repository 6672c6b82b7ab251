"""Whatever an insider does to an exported log, or to the archive before it is exported, is found."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.audit import canonical
from security_service.domain.log_check import verify_log
from security_service.domain.log_file import LogHeader, header_line, leaf_line, lines_of
from security_service.domain.log_verdict import Fault, FaultCode, Place, Proved
from security_service.domain.merkle import Frontier, leaf_hash
from tests.domain.log_attack import AT, SIGNER, THIEF, TRUSTED, exported, signed, texts, verified
from tests.fakes.sealing import HeldLog, event_text


def fault(result: Proved | Fault) -> Fault:
    assert isinstance(result, Fault), result
    return result


def proved(result: Proved | Fault) -> Proved:
    assert isinstance(result, Proved), result
    return result


def test_a_log_as_it_was_sealed_is_proved() -> None:
    log = HeldLog(texts(600))
    heads = [signed(log, 10), signed(log, 300), signed(log)]
    result = proved(verified(exported(log), heads, whole=True))
    assert "all 600 leaves of log i1 are as they were sealed" in result.sentences[0]
    assert result.sentences[1] == "3 published head(s) agree with it"
    assert result.notes == ()
    assert result.facts["size"] == result.facts["to"] == 600


@given(st.integers(1, 700), st.data())
def test_any_part_of_a_log_verifies_alone(size: int, data: st.DataObject) -> None:
    log = HeldLog(texts(size))
    first = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(first + 1, size))
    result = proved(verified(exported(log, first, end)))
    assert (result.facts["from"], result.facts["to"]) == (first, end)


@given(st.integers(1, 40), st.data())
def test_any_byte_that_is_changed_is_found(size: int, data: st.DataObject) -> None:
    log = HeldLog(texts(size))
    content = bytearray(b"".join(exported(log)))
    place = data.draw(st.integers(0, len(content) - 2))
    before = content[place]
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != before))
    assert isinstance(verify_log(lines_of([bytes(content)]), TRUSTED.check), Fault)


def test_a_changed_text_is_named_with_its_leaf_shard_and_number() -> None:
    lines = exported(HeldLog(texts(30)))
    lines[18] = lines[18].replace(b'"mode_set"', b'"mode_sat"')
    found = fault(verified(lines))
    assert found.code is FaultCode.CHANGED
    assert found.place == Place(17, "s002", 6)
    assert found.sentence.startswith("leaf 17 (event 6 of shard s002) was changed")


def test_a_row_that_an_insider_edits_in_the_archive_is_named() -> None:
    log = HeldLog(texts(30))
    head = signed(log)
    log.texts[17] = event_text(6, "s002", facts={"mode": "always_allow"})
    found = fault(verified(exported(log, head=head)))
    assert (found.code, found.place.leaf) == (FaultCode.CHANGED, 17)


def test_an_insider_who_hashes_anew_too_is_caught_between_two_heads() -> None:
    heads = [signed(HeldLog(texts(size))) for size in (10, 20, 30)]
    forged = texts(30)
    forged[17] = event_text(6, "s002", facts={"mode": "always_allow"})
    found = fault(verified(exported(HeldLog(forged), head=heads[2]), heads))
    assert found.code is FaultCode.ROOT_DIFFERS
    assert found.sentence.startswith("leaves 10 to 19 are not those that the head")
    assert found.place == Place(10)


@pytest.mark.parametrize("leaf", [0, 17, 29])
def test_a_removed_line_is_found_at_either_end_and_in_the_middle(leaf: int) -> None:
    lines = exported(HeldLog(texts(30)))
    del lines[1 + leaf]
    found = fault(verified(lines))
    if leaf == 29:
        assert (found.code, found.place.leaf) == (FaultCode.CUT_OFF, 29)
    else:
        assert found.code is FaultCode.OUT_OF_ORDER
        assert found.sentence == f"leaf {leaf + 1} stands where leaf {leaf} should: removed, added or moved"


@pytest.mark.parametrize(("leaf", "shard"), [(0, "s000"), (17, "s002")])
def test_an_event_removed_from_the_archive_and_all_renumbered_is_a_gap(leaf: int, shard: str) -> None:
    forged = texts(30)
    head = signed(HeldLog(forged))
    del forged[leaf]
    found = fault(verified(exported(HeldLog([*forged, event_text(11, shard)]), head=head)))
    assert found.code is FaultCode.GAP
    assert f"shard {shard} lacks 1 event(s)" in found.sentence


def test_an_added_event_is_found_though_its_hash_is_right() -> None:
    lines = exported(HeldLog(texts(30)))
    lines.insert(18, lines[17])
    assert fault(verified(lines)).code is FaultCode.OUT_OF_ORDER
    longer = exported(HeldLog(texts(30)))
    longer.append(exported(HeldLog(texts(31)))[-1])
    assert fault(verified(longer)).code is FaultCode.TOO_LONG


def test_a_duplicated_event_is_a_repetition() -> None:
    forged = texts(30)
    forged[20] = forged[17]
    found = fault(verified(exported(HeldLog(forged), head=signed(HeldLog(texts(30))))))
    assert found.code is FaultCode.REPETITION
    assert found.place == Place(20, "s002", 6)


def test_two_swapped_lines_are_found() -> None:
    lines = exported(HeldLog(texts(30)))
    lines[5], lines[9] = lines[9], lines[5]
    assert fault(verified(lines)).sentence.startswith("leaf 8 stands where leaf 4 should")


def test_two_events_swapped_in_the_archive_are_found_by_their_numbers_or_by_the_root() -> None:
    same_shard, other_shard = texts(30), texts(30)
    head = signed(HeldLog(same_shard))
    same_shard[4], same_shard[10] = same_shard[10], same_shard[4]
    assert fault(verified(exported(HeldLog(same_shard), head=head))).code is FaultCode.GAP
    other_shard[4], other_shard[5] = other_shard[5], other_shard[4]
    assert fault(verified(exported(HeldLog(other_shard), head=head))).code is FaultCode.ROOT_DIFFERS


def test_a_cut_log_that_is_signed_anew_with_another_key_is_refused() -> None:
    log = HeldLog(texts(20))
    found = fault(verified(exported(log, head=signed(log, signer=THIEF))))
    assert found.code is FaultCode.UNKNOWN_KEY
    assert THIEF.key_id in found.sentence


def test_a_head_that_claims_the_right_key_without_having_it_is_refused() -> None:
    log = HeldLog(texts(20))
    forged = signed(log, signer=THIEF)
    forged = type(forged)(forged.head, signed(log).key_id, forged.signature)
    assert fault(verified(exported(log, head=forged))).code is FaultCode.WRONG_SIGNATURE


def test_a_head_without_a_signature_proves_nothing() -> None:
    log = HeldLog(texts(3))
    unsigned = type(signed(log))(signed(log).head, "", b"")
    assert fault(verified(exported(log, head=unsigned))).code is FaultCode.UNSIGNED


def test_an_older_head_replayed_over_a_cut_log_is_found_by_the_published_heads() -> None:
    log = HeldLog(texts(30))
    old, new = signed(log, 20), signed(log)
    cut = exported(log, 0, 20, old)
    assert isinstance(verified(cut), Proved)
    found = fault(verified(cut, [old, new]))
    assert found.code is FaultCode.CUT_OFF
    assert "signs 30 events, the file ends after 20" in found.sentence


def test_a_log_forked_behind_a_published_head_is_found() -> None:
    log, fork = HeldLog(texts(30)), HeldLog([*texts(29), event_text(10, "s002", kind="sim_added")])
    assert isinstance(verified(exported(fork)), Proved)
    assert fault(verified(exported(fork), [signed(log)])).code is FaultCode.ROOT_DIFFERS
    two = fault(verified(exported(log), [signed(log), signed(fork)]))
    assert two.code is FaultCode.TWO_ROOTS


def test_published_heads_of_another_log_out_of_order_or_badly_signed_are_refused() -> None:
    log = HeldLog(texts(30))
    lines = exported(log)
    assert fault(verified(lines, [signed(log, 5, name="i2")])).code is FaultCode.OTHER_LOG
    assert fault(verified(lines, [signed(log, 9), signed(log, 5)])).code is FaultCode.OUT_OF_ORDER
    assert fault(verified(lines, [signed(log, 5, THIEF)])).code is FaultCode.UNKNOWN_KEY


def test_a_file_cut_amid_a_line_is_found() -> None:
    lines = exported(HeldLog(texts(30)))
    lines[-1] = lines[-1][:40]
    found = fault(verified(lines))
    assert (found.code, found.place.leaf) == (FaultCode.UNREADABLE, 29)


def test_a_part_is_not_the_whole_log() -> None:
    log = HeldLog(texts(30))
    part = exported(log, 5, 25)
    assert "this is a part of 30 leaves" in proved(verified(part)).notes[0]
    assert fault(verified(part, whole=True)).code is FaultCode.NOT_WHOLE


def test_a_part_is_compared_with_the_published_heads_within_it() -> None:
    log = HeldLog(texts(30))
    result = proved(verified(exported(log, 5, 25), [signed(log, 3), signed(log, 12), signed(log)]))
    assert result.facts["heads"] == 1
    assert result.notes[-1].startswith("2 published head(s) lie outside")


@pytest.mark.parametrize("where", [b'"before":["', b'"after":["'])
def test_a_part_with_other_hashes_around_it_is_refused(where: bytes) -> None:
    lines = exported(HeldLog(texts(30)), 5, 25)
    at = lines[0].index(where) + len(where)
    other = b"0" if lines[0][at : at + 1] != b"0" else b"1"
    lines[0] = lines[0][:at] + other + lines[0][at + 1 :]
    assert fault(verified(lines)).code is FaultCode.ROOT_DIFFERS


def test_pruned_texts_leave_hashes_and_a_note_where_the_log_tells_of_them() -> None:
    told = event_text(1, "a", "events_pruned", facts={"count": 2})
    log = HeldLog([*texts(30), told])
    log.texts[0] = log.texts[17] = None
    result = proved(verified(exported(log)))
    assert result.facts["pruned"] == 2
    assert result.notes == ("2 leaves are hashes alone, the first is leaf 0",)
    assert fault(verified(exported(log), whole=True)).code is FaultCode.NOT_WHOLE


def test_a_text_that_an_insider_takes_and_calls_pruned_is_found() -> None:
    log = HeldLog([*texts(30), event_text(1, "a", "events_pruned", facts={"count": 1})])
    log.texts[0] = log.texts[17] = None
    found = fault(verified(exported(log)))
    assert found.code is FaultCode.NOT_WHOLE
    assert "2 leaves lack their texts, the first is leaf 0, but the log tells of 1" in found.sentence


def test_times_that_run_wild_are_a_note() -> None:
    events = [
        event_text(1, at=AT - 10_000_000),
        event_text(2, at=AT - 90_000_000),
        event_text(3, at=AT + 10**9),
    ]
    result = proved(verified(exported(HeldLog(events))))
    assert result.notes == ("2 events bear odd times, the first is leaf 1",)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{}\n",
        b"[" * 100_000 + b"\n",
        b'{"etalon":"audit-log"}\n',
        b"\xff\xfe\n",
        canonical(
            {"etalon": "audit-log", "head": 1, "from": 0, "to": 1, "v": 1, "before": [], "after": []}
        ).encode(),
    ],
)
def test_a_file_that_is_no_export_is_told_so(header: bytes) -> None:
    assert fault(verified([header])).code is FaultCode.UNREADABLE


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * (1 << 20)

    assert fault(verify_log(lines_of(endless()), TRUSTED.check)).code is FaultCode.UNREADABLE


def test_memory_stays_flat_however_long_the_log_is() -> None:
    assert _peak(40_000) < 2 * _peak(4_000)


def _peak(size: int) -> int:
    """Bytes that verifying holds at most, over a log that is made as it is read."""

    def events() -> Iterator[bytes]:
        return (event_text(number + 1).encode() for number in range(size))

    frontier = Frontier()
    for text in events():
        frontier.add(leaf_hash(text))
    one = signed(HeldLog(texts(1)))
    head = type(one.head)("i1", size, frontier.root(), AT)
    line = header_line(LogHeader(type(one)(head, one.key_id, SIGNER.sign(head.signed_bytes())), 0, size))
    tracemalloc.start()
    try:
        proved(verify_log(lines_of(_stream(line, events())), TRUSTED.check))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _stream(header: bytes, events: Iterator[bytes]) -> Iterator[bytes]:
    yield header
    for number, text in enumerate(events):
        (leaf,) = HeldLog([text.decode()]).leaves(0, 1)
        yield leaf_line(type(leaf)(number, leaf.digest, leaf.text))
