"""Rows of a file of subscribers: what is read, what is refused and why, what an attacker may put there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.import_lines import LINE_TOO_LONG, LineTooLong, lines_of
from security_service.domain.import_rows import (
    COLUMNS,
    LONGEST_LINE,
    FileFault,
    Header,
    ImportTerms,
    Row,
    RowFault,
    RowReader,
    RowRefused,
    escaped,
    read_header,
    unescaped,
)
from security_service.domain.imsi import Grade, ImsiForm
from security_service.domain.secret import KeyRing, Msisdn
from security_service.domain.subscriber import Mode

NOW = 1_800_000_000
DAY = 86_400
TERMS = ImportTerms("RU", ImsiForm.DIGITS, KeyRing({1: b"a" * 32, 2: b"b" * 32}), NOW, 90)
NUMBER = "79161112211"
IMSI = "250011234567890"
OTHER_IMSI = "250029876543210"
TOKEN = "2:imsi:" + "0f" * 16
ALL = Header(",", COLUMNS)


def read(text: str, header: Header = ALL, terms: ImportTerms = TERMS) -> Row | RowRefused:
    return RowReader(header, terms).read(7, text.encode())


def cells(**given: str) -> str:
    return ",".join(given.get(name, "") for name in COLUMNS)


def row(**given: str) -> Row:
    found = read(cells(**{"number": NUMBER, **given}))
    assert isinstance(found, Row), found
    return found


def fault(**given: str) -> RowFault:
    found = read(cells(**{"number": NUMBER, **given}))
    assert isinstance(found, RowRefused), found
    assert found.line == 7
    return found.fault


# --- the header -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"number,imsi", Header(",", ("number", "imsi"))),
        (b"\xef\xbb\xbfIMSI; Number\r", Header(";", ("imsi", "number"))),
        (b'"number","mode"', Header(",", ("number", "mode"))),
        (b"", FileFault.EMPTY),
        (b"79161112211,250011234567890", FileFault.HEADER),
        (b"\xff\xfen\x00u\x00", FileFault.HEADER),
        (b"number,role", FileFault.UNKNOWN_COLUMN),
        (b"number,number", FileFault.COLUMN_TWICE),
        (b"imsi,mode", FileFault.NO_NUMBER),
    ],
)
def test_the_first_line_names_the_columns(line: bytes, wanted: Header | FileFault) -> None:
    assert read_header(line) == wanted


# --- what is read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [NUMBER, "+7 916 111-22-11", "8 (916) 111-22-11", "'+79161112211"])
def test_a_number_is_read_in_the_tenants_region(written: str) -> None:
    assert row(number=written).number == Msisdn(NUMBER)


def test_digits_are_sealed_under_every_key_and_not_kept() -> None:
    found = row(imsi=IMSI, mcc_mnc="25001", first_seen="2026-01-31T12:00:00Z", grade="confirmed")
    (sim,) = found.sims
    assert [member.key_version for member in sim.imsi.members] == [2, 1]
    assert sim.imsi.newest().mcc_mnc == "25001"
    assert (sim.first_seen, sim.last_seen, sim.grade) == (1_769_860_800, None, Grade.CONFIRMED)
    assert IMSI not in repr(found)


def test_a_digest_is_taken_as_it_is() -> None:
    (sim,) = row(imsi_digest=TOKEN, mcc_mnc="25001").sims
    assert sim.imsi.newest().token() == TOKEN


def test_several_sims_stand_in_one_cell() -> None:
    found = row(
        imsi=f"{IMSI} {OTHER_IMSI}",
        mcc_mnc="- 25002",
        last_seen="1769860800 2026-02-01",
        grade="dated confirmed+age_waived",
    )
    assert [sim.grade for sim in found.sims] == [Grade.DATED, Grade.CONFIRMED]
    assert [sim.age_waived for sim in found.sims] == [False, True]
    assert [sim.imsi.newest().mcc_mnc for sim in found.sims] == ["", "25002"]


def test_a_mode_comes_with_end_reason_and_what_it_is_bound_to() -> None:
    until = str(NOW + 7 * DAY)
    mode = row(mode="always_deny", until=until, reason="'=fraud", bound_to=TOKEN).mode
    assert mode is not None
    assert (mode.mode, mode.until, mode.reason) == (Mode.ALWAYS_DENY, NOW + 7 * DAY, "=fraud")
    assert mode.bound_to is not None
    assert row().mode is None


def test_quotes_and_semicolons_are_read() -> None:
    found = read(f'{NUMBER};always_deny;"he said; ""no"""', Header(";", ("number", "mode", "reason")))
    assert isinstance(found, Row)
    assert found.mode is not None
    assert found.mode.reason == 'he said; "no"'


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"number": "12345"}, RowFault.NUMBER),
        ({"number": ""}, RowFault.NUMBER),
        ({"number": "7.91611E+10"}, RowFault.NUMBER),
        ({"mode": "sometimes"}, RowFault.MODE),
        ({"until": str(NOW + DAY)}, RowFault.MODE),
        ({"mode": "check", "until": str(NOW + DAY)}, RowFault.UNTIL),
        ({"mode": "always_deny", "until": str(NOW - 1)}, RowFault.UNTIL),
        ({"mode": "always_deny", "until": str(NOW + 91 * DAY)}, RowFault.UNTIL),
        ({"mode": "always_deny", "until": "soon"}, RowFault.UNTIL),
        ({"mode": "always_deny", "reason": "x" * 501}, RowFault.REASON),
        ({"mode": "always_deny", "bound_to": "my sim"}, RowFault.BOUND_TO),
        ({"imsi": "25001123456789X"}, RowFault.IMSI),
        ({"imsi": "250011111111111"}, RowFault.IMSI),
        ({"mcc_mnc": "25001"}, RowFault.IMSI),
        ({"imsi": IMSI, "imsi_digest": TOKEN}, RowFault.TWO_IMSIS),
        ({"imsi_digest": "0f" * 16}, RowFault.IMSI_DIGEST),
        ({"imsi_digest": TOKEN.replace("2:", "9:", 1)}, RowFault.KEY_VERSION),
        ({"imsi_digest": TOKEN.replace("2:", "999:", 1)}, RowFault.KEY_VERSION),
        ({"imsi": IMSI, "mcc_mnc": "25002"}, RowFault.MCC_MNC),
        ({"imsi_digest": TOKEN, "mcc_mnc": "25"}, RowFault.MCC_MNC),
        ({"imsi": IMSI, "first_seen": str(NOW + DAY)}, RowFault.SEEN),
        ({"imsi": IMSI, "first_seen": "1800000000000"}, RowFault.SEEN),
        ({"imsi": IMSI, "first_seen": "0"}, RowFault.SEEN),
        ({"imsi": IMSI, "first_seen": str(NOW), "last_seen": str(NOW - 9)}, RowFault.SEEN),
        ({"imsi": IMSI, "grade": "best"}, RowFault.GRADE),
        ({"imsi": f"{IMSI} {IMSI}"}, RowFault.TOO_MANY_SIMS),
        ({"imsi": " ".join([IMSI] * 9)}, RowFault.TOO_MANY_SIMS),
        ({"imsi": f"{IMSI} {OTHER_IMSI}", "grade": "dated"}, RowFault.GRADE),
    ],
)
def test_a_row_that_means_nothing_is_refused_with_its_reason(given: dict[str, str], wanted: RowFault) -> None:
    assert fault(**given) is wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"\xff" + cells(number=NUMBER).encode(), RowFault.NOT_UTF8),
        (cells(number=NUMBER, reason="a\x00b").encode(), RowFault.CONTROL_CHARACTER),
        (cells(number=NUMBER, reason="\x1b[31m").encode(), RowFault.CONTROL_CHARACTER),
        (cells(number=NUMBER, reason="\u202egnp").encode(), RowFault.CONTROL_CHARACTER),
        (f'{NUMBER},"open'.encode(), RowFault.UNREADABLE),
        (f"{NUMBER},check".encode(), RowFault.CELLS),
    ],
)
def test_bytes_that_are_no_row_are_refused(raw: bytes, wanted: RowFault) -> None:
    assert RowReader(ALL, TERMS).read(7, raw) == RowRefused(7, wanted)


def test_what_would_wait_for_a_second_person_is_refused() -> None:
    narrow = replace(TERMS, may_allow=False, may_add_sims=False)
    allow = read(cells(number=NUMBER, mode="always_allow"), terms=narrow)
    two = read(cells(number=NUMBER, imsi=f"{IMSI} {OTHER_IMSI}"), terms=narrow)
    assert [allow, two] == [RowRefused(7, RowFault.SECOND_PERSON)] * 2
    assert isinstance(read(cells(number=NUMBER, mode="always_deny", imsi=IMSI), terms=narrow), Row)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    assert isinstance(RowReader(ALL, TERMS).read(7, raw), Row | RowRefused)


# --- cells of an export ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''@x"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(text: str) -> None:
    assert escaped(text)[0] == "'"


@given(st.text())
def test_what_was_escaped_comes_back_on_one_line(text: str) -> None:
    cell = escaped(text)
    assert cell == "" or cell.isprintable()
    assert unescaped(cell) == " ".join("".join(c if c.isprintable() else " " for c in text).split())
    assert escaped(unescaped(cell)) == cell


# --- lines ----------------------------------------------------------------------------------------


@given(
    st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"\n\n", b"x" * 5000, b"y" * 4000]), max_size=40)
)
def test_lines_are_the_same_however_the_file_is_cut(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    wanted = [
        LINE_TOO_LONG if len(line) > LONGEST_LINE else line.removesuffix(b"\r") for line in whole.split(b"\n")
    ]
    if wanted[-1] == b"":
        wanted.pop()
    assert list(lines_of(pieces)) == list(lines_of([whole])) == wanted


def test_a_line_without_end_is_thrown_away_as_it_comes() -> None:
    endless = (b"9" * 65_536 for _ in range(1000))
    found = list(lines_of([b"first\n", *endless, b"\nlast\n"]))
    assert found == [b"first", LineTooLong(), b"last"]


def test_half_a_row_of_a_file_that_breaks_off_is_no_row() -> None:
    def broken() -> object:
        yield b"first\nsecond,25001123"
        raise ConnectionResetError

    seen: list[object] = []
    with pytest.raises(ConnectionResetError):
        seen.extend(lines_of(broken()))  # type: ignore[arg-type]  # a generator that ends by an exception
    assert seen == [b"first"]
