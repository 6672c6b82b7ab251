"""Letters: SMS that older systems ask for, commands of people and their confirmation; reads no MIME."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from security_service.domain.access import Role
from security_service.domain.secret import Secret
from security_service.domain.subscriber import Mode

MOST_NUMBERS: Final = 20
MOST_NUMBERS_BASE64: Final = 1000
CONFIRM_WITHIN_S: Final = 900
"""Seconds in which a command that came by e-mail must be confirmed."""

_FIELD: Final = re.compile(r"(UserLogin|Password|SourceAddress|PhoneNumber)=(.*)", re.IGNORECASE)
_NAMES: Final = ("userlogin", "password", "sourceaddress", "phonenumber")
_BEGINNING: Final = re.compile(r"\s*==\|\|[^|]*\|\|==\s*")
_ADDON: Final = re.compile(r"\s*StartWithPoint;(.*);EndWithPoint\s*", re.DOTALL)
_CONFIRMED: Final = re.compile(r"(?:confirm|подтверждаю)\s+([0-9a-f]{16})", re.IGNORECASE)
_LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it was read: `sender` is the address of From, `id` its Message-ID, `text` its plain text.

    `proved` says that a DKIM signature of the sender's own domain holds (RFC 6376).
    """

    sender: str
    subject: str
    id: str
    text: str = field(repr=False)
    proved: bool = False


@dataclass(frozen=True, slots=True)
class MailedSms:
    """A letter that asks for SMS (Devino manual, chapter 4)."""

    login: str
    password: Secret
    numbers: tuple[str, ...]
    sender: str
    text: Secret


class NotMailedSms(StrEnum):
    """Why a letter asks for no SMS."""

    FORM = "form"
    NUMBERS = "numbers"
    TEXT = "text"


def read_mailed_sms(letter: Letter) -> MailedSms | NotMailedSms:
    """Read a letter in one of the three forms of chapter 4: template, one line, or `MODEB64` as subject."""
    text = letter.text.replace("\r\n", "\n").lstrip("\ufeff")
    if len(text) > _LONGEST + 16 * MOST_NUMBERS_BASE64:
        return NotMailedSms.TEXT
    addon = _ADDON.fullmatch(text)
    if addon is not None:
        return _by_points(addon[1], MOST_NUMBERS)
    if letter.subject.strip().upper() == "MODEB64":
        return _by_points(text.strip("\n"), MOST_NUMBERS_BASE64)
    return _by_template(text)


def _by_points(line: str, most: int) -> MailedSms | NotMailedSms:
    """`login;password;numbers;sender;text`: the text may hold points of its own."""
    parts = line.split(";", 4)
    if len(parts) != 5:
        return NotMailedSms.FORM
    login, password, numbers, sender, text = parts
    return _made(login, password, numbers, sender, text, most)


def _by_template(text: str) -> MailedSms | NotMailedSms:
    """Four named lines in their order, blank ones between them, then the text to the end or its mark."""
    lines = [line for line in text.split("\n") if not _BEGINNING.fullmatch(line)]
    values: dict[str, str] = {}
    at = 0
    while at < len(lines) and len(values) < len(_NAMES):
        line = lines[at].strip()
        at += 1
        if not line:
            continue
        found = _FIELD.fullmatch(line)
        if found is None or found[1].lower() != _NAMES[len(values)]:
            return NotMailedSms.FORM
        values[found[1].lower()] = found[2].strip()
    if len(values) < len(_NAMES):
        return NotMailedSms.FORM
    rest = "\n".join(lines[at:]).strip("\n")
    login, password, sender, numbers = (values[name] for name in _NAMES)
    return _made(login, password, numbers, sender, rest, MOST_NUMBERS)


def _made(
    login: str, password: str, numbers: str, sender: str, text: str, most: int
) -> MailedSms | NotMailedSms:
    found = tuple(dict.fromkeys(number.strip() for number in numbers.split(",") if number.strip()))
    if not found or len(found) > most:
        return NotMailedSms.NUMBERS
    if not text.strip():
        return NotMailedSms.TEXT
    return MailedSms(login.strip(), Secret(password.strip()), found, sender.strip(), Secret(text))


# --- commands -------------------------------------------------------------------------------


class MailDeed(StrEnum):
    """What a command by e-mail may want."""

    REVERIFY = "reverify"
    ALLOW = Mode.ALWAYS_ALLOW.value
    DENY = Mode.ALWAYS_DENY.value
    CHECK = Mode.CHECK.value


_DEEDS: Final[Mapping[str, MailDeed]] = {
    "reverify": MailDeed.REVERIFY,
    "перепроверить": MailDeed.REVERIFY,
    "allow": MailDeed.ALLOW,
    "всегда отправлять": MailDeed.ALLOW,
    "deny": MailDeed.DENY,
    "всегда отклонять": MailDeed.DENY,
    "check": MailDeed.CHECK,
    "проверять": MailDeed.CHECK,
}
_COMMAND: Final = re.compile(
    rf"({'|'.join(_DEEDS)})\s+(\+?[0-9()\s-]{{5,20}}?)\s*(?:[:.,]\s*(.*))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class MailCommand:
    """A deed on a number, with its reason."""

    deed: MailDeed
    number: str
    reason: str


def read_command(letter: Letter) -> MailCommand | None:
    """Read a command out of the first line that is not blank: `reverify +79161112211: new phone`."""
    found = _COMMAND.fullmatch(_first_line(letter))
    if found is None:
        return None
    reason = (found[3] or "").strip()[:200] or "by e-mail"
    return MailCommand(_DEEDS[found[1].lower()], found[2].strip(), reason)


def read_confirmation(letter: Letter) -> str:
    """Give the code of `confirm <16 hex digits>` in the first line that is not blank, else ''."""
    found = _CONFIRMED.fullmatch(_first_line(letter))
    return found[1].lower() if found else ""


def _first_line(letter: Letter) -> str:
    return next((line.strip() for line in letter.text.splitlines() if line.strip()), "")[:300]


@dataclass(frozen=True, slots=True)
class MailPerson:
    """Somebody whose letters are obeyed: the tenant that they act for, and their roles."""

    tenant: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command that waits for its confirmation, and whose it is."""

    sender: str
    command: MailCommand


# --- ports ----------------------------------------------------------------------------------


class PendingCommands(Protocol):
    """Commands that wait. Every method may raise StoreUnavailable."""

    def is_new(self, letter_id: str) -> bool:
        """True once for each letter, so that none is obeyed twice."""
        ...

    def keep(self, code: str, pending: PendingCommand) -> None:
        """Keep a command under its code for a quarter of an hour."""
        ...

    def take(self, code: str) -> PendingCommand | None:
        """Give a command once and forget it; None where there is none."""
        ...


class Answers(Protocol):
    """Sends answers in the thread of a letter. Never raises."""

    def answer(self, letter: Letter, text: str) -> bool:
        """Send a text to the letter's sender; False where that did not go."""
        ...
