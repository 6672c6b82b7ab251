"""One row of a file of subscribers, read to a value or to the reason why not; leaves files to others."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from security_service.domain.imsi import (
    IMSI_DIGITS,
    Grade,
    ImsiForm,
    ImsiMember,
    SealedImsi,
    is_whole_imsi,
    seal,
)
from security_service.domain.phone import parse_msisdn
from security_service.domain.secret import DIGEST_BYTES, Imsi, KeyRing, Msisdn
from security_service.domain.subscriber import Mode

COLUMNS: Final = (
    "number", "mode", "until", "imsi", "imsi_digest", "mcc_mnc", "first_seen", "last_seen", "grade", "reason",
    "bound_to",
)  # fmt: skip
"""Every column a file may have, in the order in which an export writes them."""

WAIVED: Final = "+age_waived"
"""Behind a grade: a person vouched for this SIM although it was new."""

LONGEST_LINE: Final = 4096
"""Bytes of one row; a longer one is refused."""

MOST_SIMS: Final = 8

_LONGEST_REASON: Final = 500
_EARLIEST: Final = 946_684_800  # the year 2000: what lies before it is no time that a SIM was seen
_LEEWAY_S: Final = 300
_DIGEST: Final = re.compile(rf"([1-9][0-9]{{0,2}}):([a-z0-9_.-]{{1,32}}):([0-9a-f]{{{2 * DIGEST_BYTES}}})")
_OPERATOR: Final = re.compile(r"[0-9]{5,6}")
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")
_GRADES: Final[Mapping[str, tuple[Grade, bool]]] = {
    f"{grade.word}{mark}": (grade, bool(mark)) for grade in Grade for mark in ("", WAIVED)
}


class RowFault(StrEnum):
    """Why a row was refused; none of them repeats what stood in it."""

    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"
    CONTROL_CHARACTER = "control_character"
    UNREADABLE = "unreadable"
    CELLS = "cells"
    NUMBER = "number"
    MODE = "mode"
    UNTIL = "until"
    REASON = "reason"
    IMSI = "imsi"
    IMSI_DIGEST = "imsi_digest"
    KEY_VERSION = "key_version"
    TWO_IMSIS = "two_imsis"
    TOO_MANY_SIMS = "too_many_sims"
    MCC_MNC = "mcc_mnc"
    SEEN = "seen"
    GRADE = "grade"
    BOUND_TO = "bound_to"
    BANNED = "banned"
    SECOND_PERSON = "second_person"
    RECORD_MOVES = "record_moves"


class FileFault(StrEnum):
    """Why a whole file was refused: its first line does not name the columns."""

    EMPTY = "empty"
    HEADER = "header"
    UNKNOWN_COLUMN = "unknown_column"
    COLUMN_TWICE = "column_twice"
    NO_NUMBER = "no_number"


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row of which nothing was taken; `line` counts from 1, the header included."""

    line: int
    fault: RowFault


@dataclass(frozen=True, slots=True)
class RowSim:
    """A SIM to be trusted; what is None was left out. Times are Unix seconds."""

    imsi: SealedImsi
    first_seen: int | None = None
    last_seen: int | None = None
    grade: Grade | None = None
    age_waived: bool = False


@dataclass(frozen=True, slots=True)
class RowMode:
    """A mode to be set: `until` is Unix seconds, None for the tenant's longest; no `reason` is ''."""

    mode: Mode
    until: int | None = None
    reason: str = ""
    bound_to: ImsiMember | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says of a subscriber; `mode` is None where the cell was empty."""

    line: int
    number: Msisdn
    sims: tuple[RowSim, ...] = ()
    mode: RowMode | None = None


@dataclass(frozen=True, slots=True)
class ImportTerms:
    """What rows are held against. `now` is Unix seconds.

    `override_days` is the tenant's; without `may_allow` rows of the mode always_allow are refused, and
    without `may_add_sims` rows of more than one SIM: both would wait for a second person.
    """

    region: str
    form: ImsiForm
    keys: KeyRing
    now: int
    override_days: int
    may_allow: bool = True
    may_add_sims: bool = True


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: what parts the cells, and which column stands where."""

    delimiter: str
    columns: tuple[str, ...]


class _Refused(Exception):
    def __init__(self, fault: RowFault) -> None:
        self.fault = fault
        super().__init__(fault)


def read_header(line: bytes) -> Header | FileFault:
    """Read the first line of a file: UTF-8, cells apart by `,` or `;`, in any order of columns."""
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return FileFault.HEADER
    if not text:
        return FileFault.EMPTY
    delimiter = ";" if ";" in text else ","
    columns = tuple(cell.strip().strip('"').lower() for cell in text.split(delimiter))
    if not set(columns) <= set(COLUMNS):
        return FileFault.UNKNOWN_COLUMN if "number" in columns else FileFault.HEADER
    if len(set(columns)) < len(columns):
        return FileFault.COLUMN_TWICE
    return Header(delimiter, columns) if "number" in columns else FileFault.NO_NUMBER


class RowReader:
    """Reads rows under one header. IMSI digits are sealed here, and nothing of them is kept."""

    def __init__(self, header: Header, terms: ImportTerms) -> None:
        self._terms = terms
        self._delimiter, self._width = header.delimiter, len(header.columns)
        places = {name: place for place, name in enumerate(header.columns)}
        self._places = tuple(places.get(name, self._width) for name in COLUMNS)

    def read(self, line: int, raw: bytes) -> Row | RowRefused:
        """Read one line without its end."""
        try:
            return self._row(line, self._cells(raw))
        except _Refused as refused:
            return RowRefused(line, refused.fault)

    def _cells(self, raw: bytes) -> list[str]:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise _Refused(RowFault.NOT_UTF8) from None
        if not text.isprintable():
            raise _Refused(RowFault.CONTROL_CHARACTER)
        if '"' not in text:
            cells = text.split(self._delimiter)
        else:
            try:
                cells = next(csv.reader((text,), delimiter=self._delimiter, strict=True))
            except csv.Error:
                raise _Refused(RowFault.UNREADABLE) from None
        if len(cells) != self._width:
            raise _Refused(RowFault.CELLS)
        cells.append("")  # what every column reads that the file does not have
        return [cell.strip() for cell in cells] if " " in text else cells

    def _row(self, line: int, cells: list[str]) -> Row:
        told = [cells[place] for place in self._places]
        number, mode, until, imsi, digest, operator, first, last, grade, reason, bound_to = told
        msisdn = parse_msisdn(unescaped(number), self._terms.region)
        if msisdn is None:
            raise _Refused(RowFault.NUMBER)
        if imsi and digest:
            raise _Refused(RowFault.TWO_IMSIS)
        if imsi or digest:
            sims = self._sims(imsi, digest, (operator, first, last, grade))
        elif operator or first or last or grade:
            raise _Refused(RowFault.IMSI)
        else:
            sims = ()
        wanted = self._mode(mode, until, reason, bound_to) if mode else None
        if wanted is None and (until or bound_to):
            raise _Refused(RowFault.MODE)
        return Row(line, msisdn, sims, wanted)

    # --- SIMs -----------------------------------------------------------------------------------

    def _sims(self, imsi: str, digest: str, about: tuple[str, str, str, str]) -> tuple[RowSim, ...]:
        if " " not in (imsi or digest):
            # Nearly every row: one SIM, so that no cell holds more than a word.
            operator, first, last, grade = about
            return (
                self._sim(
                    (self._sealed if imsi else self._known)(imsi or digest, operator), first, last, grade
                ),
            )
        words = (imsi or digest).split()
        count = len(words)
        if count > MOST_SIMS:
            raise _Refused(RowFault.TOO_MANY_SIMS)
        if count > 1 and not self._terms.may_add_sims:
            raise _Refused(RowFault.SECOND_PERSON)
        operators = _spread(about[0], count, RowFault.MCC_MNC)
        firsts = _spread(about[1], count, RowFault.SEEN)
        lasts = _spread(about[2], count, RowFault.SEEN)
        grades = _spread(about[3], count, RowFault.GRADE)
        read: Callable[[str, str], SealedImsi] = self._sealed if imsi else self._known
        sims = tuple(
            self._sim(read(word, operator), first, last, grade)
            for word, operator, first, last, grade in zip(
                words, operators, firsts, lasts, grades, strict=True
            )
        )
        if len({sim.imsi.newest() for sim in sims}) < count:
            raise _Refused(RowFault.TOO_MANY_SIMS)
        return sims

    def _sim(self, imsi: SealedImsi, first: str, last: str, grade: str) -> RowSim:
        first_seen = self._seen(first) if first else None
        last_seen = self._seen(last) if last else None
        if first_seen is not None and last_seen is not None and first_seen > last_seen:
            raise _Refused(RowFault.SEEN)
        if not grade:
            return RowSim(imsi, first_seen, last_seen)
        known = _GRADES.get(grade.lower())
        if known is None:
            raise _Refused(RowFault.GRADE)
        return RowSim(imsi, first_seen, last_seen, known[0], known[1])

    def _seen(self, text: str) -> int:
        moment = _moment(text)
        if moment is None or not _EARLIEST <= moment <= self._terms.now + _LEEWAY_S:
            raise _Refused(RowFault.SEEN)
        return moment

    def _sealed(self, digits: str, operator: str) -> SealedImsi:
        if not is_whole_imsi(digits):
            raise _Refused(RowFault.IMSI)
        if operator and not (_OPERATOR.fullmatch(operator) and digits.startswith(operator)):
            raise _Refused(RowFault.MCC_MNC)
        return seal(Imsi(digits), IMSI_DIGITS, operator, self._terms.keys, self._terms.form)

    def _known(self, token: str, operator: str) -> SealedImsi:
        if operator and not _OPERATOR.fullmatch(operator):
            raise _Refused(RowFault.MCC_MNC)
        member = self._token(token, RowFault.IMSI_DIGEST)
        return SealedImsi((ImsiMember(member.key_version, member.representation, member.digest, operator),))

    def _token(self, token: str, fault: RowFault) -> ImsiMember:
        found = _DIGEST.fullmatch(token)
        if found is None:
            raise _Refused(fault)
        version = int(found[1])
        if version not in self._terms.keys.keys:
            # Nothing that the network answers could be compared with it, ever.
            raise _Refused(RowFault.KEY_VERSION)
        return ImsiMember(version, found[2], bytes.fromhex(found[3]))

    # --- modes ----------------------------------------------------------------------------------

    def _mode(self, word: str, until: str, reason: str, bound_to: str) -> RowMode:
        try:
            mode = Mode(word.lower())
        except ValueError:
            raise _Refused(RowFault.MODE) from None
        why = unescaped(reason)
        if len(why) > _LONGEST_REASON:
            raise _Refused(RowFault.REASON)
        if mode is Mode.CHECK:
            if until or bound_to:
                raise _Refused(RowFault.UNTIL if until else RowFault.BOUND_TO)
            return RowMode(mode, reason=why)
        if mode is Mode.ALWAYS_ALLOW and not self._terms.may_allow:
            raise _Refused(RowFault.SECOND_PERSON)
        ends = _moment(until) if until else None
        latest = self._terms.now + self._terms.override_days * 86_400 + _LEEWAY_S
        if until and (ends is None or not self._terms.now < ends <= latest):
            raise _Refused(RowFault.UNTIL)
        bound = self._token(bound_to, RowFault.BOUND_TO) if bound_to else None
        return RowMode(mode, ends, why, bound)


def _spread(cell: str, count: int, fault: RowFault) -> Sequence[str]:
    """Give a word of a cell for each SIM; an empty cell says nothing of any, `-` nothing of one."""
    if not cell:
        return ("",) * count
    words = cell.split()
    if len(words) != count:
        raise _Refused(fault)
    return ["" if word == "-" else word for word in words]


def _moment(text: str) -> int | None:
    """Read a time as Unix seconds: ISO 8601 (UTC where it names no zone), or seconds as they are."""
    if text.isascii() and text.isdigit() and 9 <= len(text) <= 10:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return int(seconds) if seconds < 2**32 else None


def escaped(text: str) -> str:
    """Give a text for a cell: one line, and nothing that a spreadsheet takes for a formula."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    line = " ".join(line.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) or _ESCAPED.match(line) else line


def unescaped(text: str) -> str:
    """Give the text that `escaped` put into a cell."""
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text
