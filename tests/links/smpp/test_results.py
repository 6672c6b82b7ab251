from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.links.smpp.pdu import Command, Pdu
from security_service.links.smpp.results import (
    Answered,
    NoAnswer,
    NoAnswerReason,
    NotSubmitted,
    NotSubmittedReason,
    Result,
    pack_bodies,
    pack_results,
    unpack_bodies,
    unpack_results,
)

RESULTS = st.one_of(
    st.builds(Answered, st.integers(0, 2**32 - 1), st.text(max_size=20)),
    st.builds(NotSubmitted, st.sampled_from(NotSubmittedReason)),
    st.builds(NoAnswer, st.sampled_from(NoAnswerReason)),
)


@given(st.lists(RESULTS, max_size=5))
def test_results_come_out_as_they_went_in(results: list[Result]) -> None:
    assert unpack_results(pack_results(results)) == tuple(results)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_bodies_come_out_as_they_went_in(bodies: list[bytes]) -> None:
    assert unpack_bodies(pack_bodies(bodies)) == tuple(bodies)


@pytest.mark.parametrize(
    "packed", [b"", b"{}", b"3", b'[["answered"]]', b'[["no_answer","x",""]]', b"\xff", b"[[1]"]
)
def test_results_of_another_make_are_none(packed: bytes) -> None:
    assert unpack_results(packed) == ()


@pytest.mark.parametrize("packed", [b"", b"\0", bytes(16), Pdu(Command.UNBIND, 0, 0).encode()])
def test_bodies_of_another_make_are_none(packed: bytes) -> None:
    assert unpack_bodies(packed) == ()
