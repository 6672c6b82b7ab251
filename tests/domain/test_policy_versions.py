from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.policy_document import PolicyFaults
from security_service.domain.policy_rows import (
    head_row,
    is_head,
    read_head,
    read_version,
    row_without_time,
    shadow_field,
    version_field,
    version_row,
)
from security_service.domain.policy_versions import (
    PolicyDocument,
    PolicyHead,
    PolicyVersion,
    is_higher,
    read_document,
    version_order,
)
from tests.domain.gate_facts import POLICIES

STANDARD = (POLICIES / "standard.toml").read_text(encoding="utf-8")
versions = st.from_regex(r"\A[A-Za-z0-9._-]{1,32}\Z")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_versions_ascend_as_people_count() -> None:
    ascending = [
        "1",
        "1.1",
        "1.2",
        "1.10",
        "1.10a",
        "2",
        "2.0",
        "10",
        "2026-01",
        "2026-01-02",
        "2026-02",
        "rc",
    ]
    assert all(is_higher(high, low) and not is_higher(low, high) for low, high in pairwise(ascending))


@pytest.mark.parametrize(("one", "other"), [("1.0", "1-0"), ("01", "1"), ("2", "2"), ("RC1", "rc1")])
def test_what_only_looks_different_is_not_higher(one: str, other: str) -> None:
    assert not is_higher(one, other)
    assert not is_higher(other, one)


@given(versions)
def test_every_version_comes_after_none(version: str) -> None:
    assert is_higher(version, "")


@given(versions, versions)
def test_of_two_versions_at_most_one_is_higher(one: str, other: str) -> None:
    assert is_higher(one, other) + is_higher(other, one) == (version_order(one) != version_order(other))


def test_a_document_is_known_by_the_digest_of_its_text() -> None:
    one, other = read_document(STANDARD), read_document(STANDARD + "\n# again\n")
    assert isinstance(one, PolicyDocument)
    assert isinstance(other, PolicyDocument)
    assert one.policy == other.policy
    assert one.sha256 != other.sha256
    assert one.sha256 == PolicyVersion("1", STANDARD).sha256


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is missing"),
        ("a = [" * 20_000, "document"),
        ("# " + "x" * 70_000, "longer than 65536"),
        ("name = ", "not TOML"),
        (f"{STANDARD}# \ud800", "half a character"),
        (STANDARD.replace('"deny"', '"explode"'), "verdict"),
    ],
)
def test_a_text_that_is_no_document_says_why(text: str, told: str) -> None:
    read = read_document(text)
    assert isinstance(read, PolicyFaults)
    assert told in " ".join(str(fault) for fault in read.faults)


@given(texts)
def test_whatever_the_text_it_is_read_or_refused(text: str) -> None:
    assert isinstance(read_document(text), PolicyFaults)


@given(versions, versions, st.integers(0, 2**53))
def test_a_head_comes_back_from_its_row(in_force: str, shadow: str, revision: int) -> None:
    head = PolicyHead("night", in_force, in_force, shadow, "ab", revision)
    assert read_head("night", head_row(head)) == head


@given(versions, texts, texts, st.integers(0, 2**53))
def test_a_kept_document_comes_back_from_its_row(version: str, text: str, reason: str, at_ms: int) -> None:
    kept = PolicyVersion(version, text, "anna", reason, at_ms)
    assert read_version(version_row(kept)) == kept
    assert f"{row_without_time(kept)}{at_ms}]" == version_row(kept)


def test_a_field_tells_what_it_is_of() -> None:
    assert is_head("night")
    assert not is_head(version_field("night", "1"))
    assert not is_head(shadow_field("night"))
