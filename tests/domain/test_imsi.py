from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.imsi import (
    Grade,
    ImsiForm,
    ImsiMember,
    Reference,
    ReferenceMember,
    SealedImsi,
    SimAnswer,
    SimState,
    added,
    compare,
    equal_imsi,
    is_whole_imsi,
    learnt,
    refreshed,
    rejudged,
    replaced,
    seal,
    seal_passed_in,
    usable,
)
from security_service.domain.lookup import Liveness, LookupAnswer, NoData, Reachable, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, KeyRing

IMSI = "250011234567890"
OTHER = "250019876543210"
HASH = "Zm9vYmFyYmF6cXV4MTIzNA=="
OLD_KEYS = KeyRing({1: b"1" * 32})
BOTH_KEYS = KeyRing({1: b"1" * 32, 2: b"2" * 32})
NEW_KEYS = KeyRing({2: b"2" * 32})
NOW = 1_750_000_000


def _seen(imsi: str = IMSI, *, liveness: Liveness = Liveness.LIVE, representation: str = "imsi") -> SimSeen:
    return SimSeen("source", Imsi(imsi), liveness, representation, mcc_mnc="25001")


def _sealed(imsi: str, keys: KeyRing = OLD_KEYS, representation: str = "imsi") -> SealedImsi:
    return seal(Imsi(imsi), representation, "25001", keys, ImsiForm.DIGITS)


def _held(reference: Reference, imsi: str, keys: KeyRing, representation: str = "imsi") -> SimAnswer:
    return compare(reference, _seen(imsi, representation=representation), _sealed(imsi, keys, representation))


def _usable_state(answer: LookupAnswer, *, trusted: bool = True) -> tuple[NoData | None, str]:
    judged = usable(answer, trusted=trusted)
    return (judged.no_data, judged.detail) if isinstance(judged, SimAnswer) else (None, "")


# ----------------------------------------------------------------------------- what counts as an answer


@pytest.mark.parametrize("imsi", [IMSI, "25001123456789", "901700000012345", "310150123456789"])
def test_a_whole_imsi_is_usable(imsi: str) -> None:
    assert is_whole_imsi(imsi)
    assert isinstance(usable(_seen(imsi), trusted=True), SimSeen)


@pytest.mark.parametrize(
    "imsi",
    [
        "",
        "***",
        "25001**********",
        "25001XXXXXXXXXX",
        "25001",
        "2500112345678",
        "2500112345678901",
        "250010000000000",
        "250019999999999",
        "000000000000000",
        "111111111111111",
        "999999999999999",
        "012345678901234",
        "912345678901234",
        "-1",
        "+25001123456789",
        "250011234567 90",
        "٢٥٠٠١١٢٣٤٥٦٧٨٩٠",
    ],
)
def test_masked_truncated_and_sentinel_values_are_untrusted(imsi: str) -> None:
    assert not is_whole_imsi(imsi)
    assert _usable_state(_seen(imsi)) == (NoData.UNTRUSTED, "not_a_whole_imsi")


@pytest.mark.parametrize("liveness", [Liveness.CACHED, Liveness.NOT_STATED])
def test_an_answer_that_is_not_live_is_untrusted(liveness: Liveness) -> None:
    assert _usable_state(_seen(liveness=liveness)) == (NoData.UNTRUSTED, f"liveness_{liveness.value}")


def test_an_answer_for_an_operator_that_people_do_not_trust_is_untrusted() -> None:
    assert _usable_state(_seen(), trusted=False) == (NoData.UNTRUSTED, "operator_not_trusted")


def test_a_hash_of_the_source_is_usable() -> None:
    assert isinstance(usable(_seen(HASH, representation="shared_hash"), trusted=True), SimSeen)


@pytest.mark.parametrize(
    "value", ["", "a" * 40, "*" * 32, "d92c2b0a1d5c", "d92c2b0a1d5c64bb***********", "x y" * 9]
)
def test_masked_and_short_hashes_are_untrusted(value: str) -> None:
    assert _usable_state(_seen(value, representation="shared_hash")) == (NoData.UNTRUSTED, "not_a_whole_hash")


@pytest.mark.parametrize("kind", list(NoData))
def test_a_source_without_an_imsi_keeps_its_class_and_words(kind: NoData) -> None:
    judged = usable(SimNotSeen("source", kind, "err_6", mcc_mnc="25001"), trusted=True)
    assert isinstance(judged, SimAnswer)
    assert (judged.state, judged.no_data, judged.detail) == (SimState.NO_DATA, kind, "err_6")
    assert (judged.source, judged.mcc_mnc, judged.imsi) == ("source", "25001", None)


def test_a_source_that_tells_reachability_only_is_not_supported() -> None:
    assert _usable_state(Reachable("hlr")) == (NoData.NOT_SUPPORTED, "no_imsi_here")


# --------------------------------------------------------------------------------------------- sealing


def test_an_imsi_is_sealed_under_every_key_newest_first() -> None:
    sealed = _sealed(IMSI, BOTH_KEYS)
    assert [member.key_version for member in sealed.members] == [2, 1]
    assert sealed.newest() == sealed.members[0]
    assert len({member.digest for member in sealed.members}) == 2


def test_a_sealed_imsi_does_not_show_itself() -> None:
    member = _sealed(IMSI).newest()
    assert IMSI not in f"{member!r}{member.token()}"
    assert member.digest.hex() not in repr(member)
    assert member.token() == f"1:imsi:{member.digest.hex()}"


@pytest.mark.parametrize("form", [ImsiForm.MD5, ImsiForm.SHA1, ImsiForm.SHA256])
def test_digits_are_sealed_in_the_form_of_the_tenant_too(form: ImsiForm) -> None:
    sealed = seal(Imsi(IMSI), "imsi", "25001", BOTH_KEYS, form)
    assert [(member.key_version, member.representation) for member in sealed.members] == [
        (2, "imsi"),
        (1, "imsi"),
        (2, form.value),
        (1, form.value),
    ]
    assert sealed.newest().representation == "imsi"


def test_a_hash_of_the_source_is_sealed_in_no_other_form() -> None:
    sealed = seal(Imsi(HASH), "shared_hash", "", OLD_KEYS, ImsiForm.MD5)
    assert [member.representation for member in sealed.members] == ["shared_hash"]


@pytest.mark.parametrize(
    ("code", "form"),
    [
        ("", ImsiForm.DIGITS),
        ("***", ImsiForm.DIGITS),
        ("D92C2B0A1D5C64BBA8DD8BCE43C4BA11", ImsiForm.DIGITS),
        (IMSI, ImsiForm.MD5),
        ("D92C2B0A1D5C64BBA8DD8BCE43C4BA1", ImsiForm.MD5),
        ("D92C2B0A1D5C64BBA8DD8BCE43C4BA11", ImsiForm.SHA1),
        ("D92C2B0A1D5C64BBA8DD8BCE43C4BA1G", ImsiForm.MD5),
        ("D92C2B0A1D5C64BBA8DD8BCE43C4BA1\u0661", ImsiForm.MD5),
    ],
)
def test_an_imsi_code_of_another_form_is_malformed(code: str, form: ImsiForm) -> None:
    assert seal_passed_in(code, OLD_KEYS, form) is None


def test_an_imsi_code_may_stand_between_spaces() -> None:
    assert seal_passed_in(f" {IMSI}\n", OLD_KEYS, ImsiForm.DIGITS) == _sealed(IMSI)


def test_two_imsis_are_equal_different_or_not_to_be_compared() -> None:
    assert equal_imsi(_sealed(IMSI, BOTH_KEYS), _sealed(IMSI)) is True
    assert equal_imsi(_sealed(OTHER, BOTH_KEYS), _sealed(IMSI)) is False
    assert equal_imsi(_sealed(IMSI, NEW_KEYS), _sealed(IMSI)) is None
    assert equal_imsi(_sealed(HASH, representation="shared_hash"), _sealed(IMSI)) is None


# ------------------------------------------------------------------------------------------- comparing


def test_without_a_reference_an_imsi_is_first_seen() -> None:
    assert _held(Reference(), IMSI, OLD_KEYS).state is SimState.FIRST_SEEN


def test_an_imsi_of_the_reference_is_the_same_and_names_its_member() -> None:
    reference = learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)
    answer = _held(reference, IMSI, OLD_KEYS)
    assert (answer.state, answer.matched) == (SimState.SAME, reference.members[0])


def test_an_imsi_outside_the_reference_is_changed() -> None:
    answer = _held(learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN), OTHER, OLD_KEYS)
    assert (answer.state, answer.matched, answer.no_data) == (SimState.CHANGED, None, None)


def test_with_two_key_versions_at_hand_the_same_imsi_is_rewritten_under_the_newest() -> None:
    reference = learnt(_sealed(IMSI), NOW, Grade.CONFIRMED)
    answer = _held(reference, IMSI, BOTH_KEYS)
    assert answer.matched is not None
    assert answer.imsi is not None
    rewritten = refreshed(reference, answer.matched, answer.imsi, NOW + 9)
    assert rewritten.members == (
        ReferenceMember(_sealed(IMSI, NEW_KEYS).newest(), NOW, NOW + 9, Grade.CONFIRMED),
    )
    assert _held(rewritten, IMSI, NEW_KEYS).state is SimState.SAME
    assert _held(rewritten, OTHER, BOTH_KEYS).state is SimState.CHANGED


@pytest.mark.parametrize("imsi", [IMSI, OTHER])
def test_a_member_under_a_key_that_is_not_at_hand_makes_the_answer_incomparable(imsi: str) -> None:
    answer = _held(learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN), imsi, NEW_KEYS)
    assert (answer.state, answer.no_data) == (SimState.NO_DATA, NoData.INCOMPARABLE)
    assert answer.token() == "no_data:incomparable"


def test_a_set_that_is_comparable_in_part_is_the_same_or_incomparable_but_never_changed() -> None:
    reference = Reference(
        (
            ReferenceMember(_sealed(OTHER, NEW_KEYS).newest(), NOW, NOW, Grade.FIRST_SEEN),
            ReferenceMember(_sealed(IMSI, OLD_KEYS).newest(), NOW, NOW, Grade.FIRST_SEEN),
        )
    )
    assert _held(reference, OTHER, NEW_KEYS).state is SimState.SAME
    assert _held(reference, IMSI, NEW_KEYS).no_data is NoData.INCOMPARABLE


def test_a_source_with_hashes_of_its_own_is_compared_with_itself_only() -> None:
    by_digits = learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)
    by_hash = learnt(_sealed(HASH, representation="shared_hash"), NOW, Grade.FIRST_SEEN)
    assert _held(by_digits, HASH, OLD_KEYS, "shared_hash").no_data is NoData.INCOMPARABLE
    assert _held(by_hash, IMSI, OLD_KEYS).no_data is NoData.INCOMPARABLE
    assert _held(by_hash, HASH, OLD_KEYS, "shared_hash").state is SimState.SAME
    assert _held(by_hash, HASH[::-1], OLD_KEYS, "shared_hash").state is SimState.CHANGED


def test_an_answer_in_hand_is_held_against_a_reference_that_moved() -> None:
    first_seen = _held(Reference(), IMSI, OLD_KEYS)
    assert rejudged(first_seen, learnt(_sealed(OTHER), NOW, Grade.FIRST_SEEN)).state is SimState.CHANGED
    assert rejudged(first_seen, learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)).state is SimState.SAME
    missing = usable(SimNotSeen("source", NoData.ABSENT, ""), trusted=True)
    assert isinstance(missing, SimAnswer)
    assert rejudged(missing, learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)) == missing


# ------------------------------------------------------------------------------------------ references


def test_a_refresh_never_moves_the_last_sight_back_and_keeps_the_others() -> None:
    reference = added(learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN), _sealed(OTHER), NOW)
    rewritten = refreshed(reference, reference.members[0], _sealed(IMSI), NOW - 60)
    assert rewritten == reference


def test_a_refresh_finds_its_member_after_the_record_moved() -> None:
    reference = learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)
    stale = replace(reference.members[0], last_seen=NOW - 99)
    assert refreshed(reference, stale, _sealed(IMSI), NOW + 1).members[0].last_seen == NOW + 1


def test_a_refresh_without_an_operator_keeps_the_one_known_before() -> None:
    reference = learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)
    unnamed = seal(Imsi(IMSI), "imsi", "", OLD_KEYS, ImsiForm.DIGITS)
    rewritten = refreshed(reference, reference.members[0], unnamed, NOW)
    assert rewritten.members[0].imsi.mcc_mnc == "25001"


def test_a_reverify_replaces_the_set_and_retires_its_members() -> None:
    before = added(learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN), _sealed(HASH), NOW)
    after = replaced(before, _sealed(OTHER), NOW + 60, age_waived=True)
    assert after.members == (
        ReferenceMember(_sealed(OTHER).newest(), NOW + 60, NOW + 60, Grade.CONFIRMED, age_waived=True),
    )
    assert after.retired == (_sealed(IMSI).newest(), _sealed(HASH).newest())


def test_a_reverified_member_keeps_its_first_sight_and_leaves_the_retired() -> None:
    before = Reference(
        learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN).members,
        (_sealed(IMSI).newest(), _sealed(OTHER).newest()),
    )
    after = replaced(before, _sealed(IMSI), NOW + 60, age_waived=False)
    assert after.members == (ReferenceMember(_sealed(IMSI).newest(), NOW, NOW + 60, Grade.CONFIRMED),)
    assert after.retired == (_sealed(OTHER).newest(),)


def test_only_the_last_eight_retired_members_are_kept() -> None:
    reference = learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN)
    imsis = [f"2500155500011{number:02}" for number in range(12)]
    for imsi in imsis:
        reference = replaced(reference, _sealed(imsi), NOW, age_waived=False)
    assert reference.retired == tuple(_sealed(imsi).newest() for imsi in imsis[3:11])


def test_adding_a_second_sim_keeps_the_first_and_adds_no_member_twice() -> None:
    reference = added(learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN), _sealed(OTHER), NOW + 60)
    assert [member.grade for member in reference.members] == [Grade.FIRST_SEEN, Grade.CONFIRMED]
    assert added(reference, _sealed(OTHER), NOW + 99) == reference


def test_adding_a_retired_sim_takes_it_off_the_retired() -> None:
    reference = Reference(learnt(_sealed(IMSI), NOW, Grade.FIRST_SEEN).members, (_sealed(OTHER).newest(),))
    assert added(reference, _sealed(OTHER), NOW).retired == ()


digits = st.text("0123456789", min_size=9, max_size=9).filter(lambda text: len(set(text)) > 1)


@given(digits, digits)
def test_an_imsi_is_the_same_as_itself_alone(first: str, second: str) -> None:
    reference = learnt(_sealed(f"250012{first}"), NOW, Grade.FIRST_SEEN)
    state = _held(reference, f"250012{second}", BOTH_KEYS).state
    assert state is (SimState.SAME if first == second else SimState.CHANGED)


@given(st.text(max_size=40))
def test_no_imsi_code_whatever_it_holds_is_an_error(code: str) -> None:
    for form in ImsiForm:
        sealed = seal_passed_in(code, OLD_KEYS, form)
        assert sealed is None or isinstance(sealed.newest(), ImsiMember)
