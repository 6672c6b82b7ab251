"""What a row makes of a subscriber: it fills in, replaces where asked for, and changes nothing twice."""

from __future__ import annotations

from dataclasses import replace

from security_service.domain.import_merge import Importer, merged, row_of
from security_service.domain.import_rows import COLUMNS, Header, ImportTerms, Row, RowMode, RowReader, RowSim
from security_service.domain.imsi import (
    IMSI_DIGITS,
    Candidate,
    Grade,
    ImsiForm,
    Reference,
    ReferenceMember,
    SealedImsi,
    seal,
)
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import NEW_SUBSCRIBER, Mode, Override, Subscriber

NOW, DAY = 1_800_000_000, 86_400
NUMBER = Msisdn("79161112211")
OLD_RING, RING = KeyRing({1: b"a" * 32}), KeyRing({1: b"a" * 32, 2: b"b" * 32})
FILLS, REPLACES = Importer("anna", NOW, 90), Importer("anna", NOW, 90, replaces=True)


def sealed(imsi: str, ring: KeyRing = RING) -> SealedImsi:
    return seal(Imsi(imsi), IMSI_DIGITS, imsi[:5], ring, ImsiForm.DIGITS)


OLD, NEW = "250011234567890", "250029876543210"


def known(ring: KeyRing = RING) -> Subscriber:
    member = ReferenceMember(sealed(OLD, ring).newest(), NOW - 90 * DAY, NOW - DAY, Grade.DATED)
    return Subscriber(Reference((member,)), messaged=True)


def row(imsi: str = NEW, mode: RowMode | None = None) -> Row:
    return Row(2, NUMBER, (RowSim(sealed(imsi)),) if imsi else (), mode)


def test_a_new_subscriber_gets_the_sim_with_the_least_grade() -> None:
    (member,) = merged(row(), NEW_SUBSCRIBER, FILLS).reference.members
    assert member == ReferenceMember(sealed(NEW).newest(), NOW, NOW, Grade.FIRST_SEEN)


def test_a_reference_that_is_there_stays_as_it_is() -> None:
    before = known()
    assert merged(row(), before, FILLS) is before


def test_a_replacement_retires_the_old_sim_and_judges_the_candidate() -> None:
    seen = Candidate(sealed(NEW).newest(), NOW - 9, NOW - 9)
    after = merged(row(), replace(known(), candidate=seen), REPLACES)
    assert [member.imsi for member in after.reference.members] == [sealed(NEW).newest()]
    assert after.reference.retired == (sealed(OLD).newest(),)
    assert after.candidate is None
    assert after.messaged


def test_a_replacement_by_the_same_sim_changes_nothing_even_under_a_newer_key() -> None:
    before = known(OLD_RING)
    assert merged(row(OLD), before, REPLACES) is before


def test_a_replacement_never_moves_last_seen_back() -> None:
    told = Row(2, NUMBER, (RowSim(sealed(OLD), None, NOW - 50 * DAY),))
    before = known()
    assert merged(told, before, REPLACES) is before


def test_a_mode_that_a_person_set_stays_unless_it_is_replaced() -> None:
    held = Override(Mode.ALWAYS_DENY, "olga", "fraud", NOW - DAY, NOW + DAY)
    before = replace(known(), override=held)
    allow = row("", RowMode(Mode.ALWAYS_ALLOW, NOW + 3 * DAY, "vip"))
    assert merged(allow, before, FILLS) is before
    after = merged(allow, before, REPLACES).override
    assert after == Override(
        Mode.ALWAYS_ALLOW, "anna", "vip", NOW, NOW + 3 * DAY, sealed(OLD).newest(), bound=False
    )
    assert merged(row("", RowMode(Mode.CHECK)), before, REPLACES).override is None


def test_the_same_row_again_changes_nothing() -> None:
    told = row(NEW, RowMode(Mode.ALWAYS_DENY, None, "list", sealed(NEW).newest()))
    for importer in (FILLS, REPLACES):
        once = merged(told, NEW_SUBSCRIBER, importer)
        later = replace(importer, now=NOW + 9, actor="boris")
        assert merged(told, once, later) is once


def test_a_subscriber_of_whom_nothing_is_trusted_is_no_row() -> None:
    assert row_of(NUMBER, Subscriber(messaged=True), NOW) == ""
    ended = Override(Mode.ALWAYS_DENY, "olga", "x", NOW - DAY, NOW - 1)
    assert row_of(NUMBER, Subscriber(override=ended), NOW) == ""


def test_a_row_holds_digests_and_no_formula() -> None:
    deny = Override(Mode.ALWAYS_DENY, "olga", '=1+1,"x"\nmore', NOW - DAY, NOW + DAY)
    line = row_of(NUMBER, replace(known(), override=deny), NOW)
    assert OLD not in line
    assert "\n" not in line
    assert '"\'=1+1,""x"" more"' in line


def test_what_was_written_reads_back_to_the_same_subscriber() -> None:
    first = ReferenceMember(sealed(OLD).newest(), NOW - 9 * DAY, NOW - DAY, Grade.CONFIRMED, age_waived=True)
    second = ReferenceMember(replace(sealed(NEW).newest(), mcc_mnc=""), NOW - DAY, NOW, Grade.DATED)
    bound = Override(Mode.ALWAYS_ALLOW, "olga", "'=x", NOW - DAY, NOW + DAY, first.imsi, bound=True)
    before = Subscriber(Reference((first, second)), override=bound)
    terms = ImportTerms("RU", ImsiForm.DIGITS, RING, NOW, 90)
    line = row_of(NUMBER, before, NOW)
    told = RowReader(Header(",", COLUMNS), terms).read(2, line.encode())
    assert isinstance(told, Row)
    after = merged(told, NEW_SUBSCRIBER, FILLS)
    assert after.reference == before.reference
    assert after.override == replace(bound, actor="anna", since=NOW)
    assert row_of(NUMBER, after, NOW) == line
