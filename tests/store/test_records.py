"""Subscribers' records as bytes: what goes in comes out, the same gives the same, and it is little."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from security_service.domain.imsi import (
    Candidate,
    Grade,
    ImsiMember,
    Reference,
    ReferenceMember,
)
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber
from security_service.store.keys import SHARDS, Layout, buckets_for
from security_service.store.records import pack, unpack
from tests.store.subscribers import subscribers

IMSI = ImsiMember(1, "imsi", bytes(range(16)), "25001")
ONE_SIM = Subscriber(
    Reference((ReferenceMember(IMSI, 1_800_000_000, 1_800_000_001, Grade.FIRST_SEEN),)), messaged=True
)


def operators(subscriber: Subscriber) -> list[str]:
    """MCC-MNC of every IMSI: beside the digest, so not part of what equality compares."""
    imsis = [member.imsi for member in subscriber.reference.members] + list(subscriber.reference.retired)
    imsis += [subscriber.candidate.imsi] if subscriber.candidate else []
    if subscriber.override and subscriber.override.evidence:
        imsis.append(subscriber.override.evidence)
    if subscriber.pending and subscriber.pending.expected:
        imsis.append(subscriber.pending.expected)
    return [imsi.mcc_mnc for imsi in imsis]


@given(subscribers)
@example(NEW_SUBSCRIBER)
@example(ONE_SIM)
@settings(max_examples=200, deadline=None)
def test_a_record_comes_back_as_it_was_and_packs_to_the_same_bytes(subscriber: Subscriber) -> None:
    record = pack(subscriber)
    read = unpack(record)
    assert read == subscriber
    assert operators(read) == operators(subscriber)
    assert pack(read) == record


@given(subscribers, subscribers)
@settings(max_examples=100, deadline=None)
def test_two_subscribers_pack_to_the_same_bytes_only_where_they_are_the_same(
    one: Subscriber, other: Subscriber
) -> None:
    same = one == other and operators(one) == operators(other)
    assert (pack(one) == pack(other)) is same


def test_a_record_of_one_sim_takes_at_most_forty_bytes() -> None:
    assert len(pack(ONE_SIM)) <= 40


def test_a_subscriber_that_was_never_written_takes_no_bytes() -> None:
    assert pack(NEW_SUBSCRIBER) == b""
    assert unpack(b"") == NEW_SUBSCRIBER


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        unpack(b"\x02" + pack(ONE_SIM)[1:])


def test_a_section_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown section 9"):
        unpack(pack(ONE_SIM) + b"\x09\x00\x01x")


@given(subscribers, st.data())
@settings(max_examples=150, deadline=None)
def test_a_record_that_was_cut_off_is_refused_or_shorter_by_whole_sections(
    subscriber: Subscriber, data: st.DataObject
) -> None:
    record = pack(subscriber)
    cut = record[: data.draw(st.integers(0, max(len(record) - 1, 0)))]
    try:
        read = unpack(cut)
    except ValueError:
        return
    assert pack(read) in (cut, b"")


@given(st.binary(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(record: bytes) -> None:
    try:
        read = unpack(b"\x01" + record)
    except ValueError:
        return
    assert unpack(pack(read)) == read


def test_an_override_keeps_a_reason_in_any_script() -> None:
    override = Override(Mode.ALWAYS_ALLOW, "анна", "клиент в роуминге 🙂 \"'\\\x00", 1, 2, IMSI, bound=True)
    subscriber = Subscriber(override=override, candidate=Candidate(IMSI, 3, 4))
    assert unpack(pack(subscriber)) == subscriber


def test_numbers_are_spread_over_buckets_evenly() -> None:
    layout = Layout(buckets_for(20_000))
    filled = [0] * layout.buckets
    for number in range(20_000):
        filled[layout.bucket_of(Msisdn(f"7903{number:07d}"))] += 1
    assert min(filled) >= 40
    assert max(filled) <= 110


@given(st.integers(10**6, 10**15 - 1).map(str).map(Msisdn))
@settings(max_examples=100, deadline=None)
def test_the_shard_of_a_number_does_not_hang_on_how_many_buckets_there_are(number: Msisdn) -> None:
    shards = {
        Layout(buckets_for(expected)).of("demo", number).shard for expected in (1, 10_000, 1_000_000, 10**8)
    }
    assert len(shards) == 1
    bucket = Layout(buckets_for(10**6)).of("demo", number)
    assert Layout(buckets_for(10**6)).bucket_key(bucket.bucket_number) == bucket.bucket
    assert int(bucket.shard[1:]) == bucket.bucket_number % SHARDS
