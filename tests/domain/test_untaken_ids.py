from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.relay import message_id_of, message_of, segment_ids
from security_service.domain.untaken_ids import Untaken, read_untaken, untaken_id

SHARES = st.floats(0, 1, exclude_max=True)


@given(
    st.integers(0, 2**42 - 1),
    st.sampled_from(["refused", "unknown"]),
    st.integers(0, 2**20),
    st.integers(1, 15),
)
def test_an_id_and_those_of_its_segments_tell_what_they_were_made_of(
    at_ms: int, kind: str, drawn: int, segments: int
) -> None:
    told = Untaken(at_ms, kind == "unknown")
    ids = segment_ids(untaken_id(told, drawn), segments)
    assert len(set(ids)) == segments
    assert {read_untaken(one) for one in ids} == {told}
    assert all(0 < int(one) < 2**63 for one in ids)


@given(st.integers(0, 63), SHARES, st.integers(1, 15))
def test_no_message_of_the_store_is_mistaken_for_one(shard: int, share: float, segments: int) -> None:
    for one in segment_ids(message_id_of(shard, share), segments):
        assert read_untaken(one) is None
        assert message_of(one)


@pytest.mark.parametrize(
    "odd", ["", "0", "-1", "²", "9" * 19, "9" * 40, "GW0261BBD6B3", str(2**62 - 1), str(2**63)]
)
def test_what_is_no_such_id_is_none(odd: str) -> None:
    assert read_untaken(odd) is None


def test_those_of_one_call_are_told_apart() -> None:
    ids = {untaken_id(Untaken(1_800_000_000_000), 32_000 + place) for place in range(2999)}
    assert len(ids) == 2999
