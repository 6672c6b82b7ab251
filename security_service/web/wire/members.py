"""From the named values that a codec found to a request: names, kinds, lengths, characters.

Leaves the syntax of each format to its codec and the validity of numbers, codes and amounts to the domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, final

from security_service.web.wire.faults import FaultCode, WireFault
from security_service.web.wire.messages import CheckCodeRequest, GenerateCodeRequest

NamedValues: TypeAlias = Iterable[tuple[str, object]]
"""What a codec gives: text, `NumberText`, None, or a list of these. Anything else is a wrong kind."""

MAX_LIMIT_KEYS: Final = 8

# Control characters (C0, DEL, C1), line and paragraph separators, lone surrogates and the two non-characters
# that XML cannot carry. And the signs that turn the direction of writing: a payee is shown to a person who
# must recognise it, and with those it can be made to read as another.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
# A list of keys is one text in CSV and in forms: these would read differently from format to format.
_KEY: Final = re.compile(r'[^\[\]{},"]*')


@final
class NumberText(str):
    """The text of a JSON number, digit by digit as it was written."""

    __slots__ = ()


@final
@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name on the wire, its attribute in the message, its greatest length in characters."""

    name: str
    attribute: str
    limit: int
    alphabet: re.Pattern[str] | None = None


_LIMIT_KEYS: Final = Member("LimitKeys", "limit_keys", 64, _KEY)
_SHARED: Final = (
    Member("DestinationNumber", "destination_number", 32),
    Member("Purpose", "purpose", 32, re.compile(r"[A-Za-z0-9_.-]*")),
    Member("Amount", "amount", 20),
    Member("Currency", "currency", 3),
    Member("Payee", "payee", 140),
    Member("ClientReference", "client_reference", 128),
    _LIMIT_KEYS,
)
GENERATE_CODE_MEMBERS: Final = (
    *_SHARED,
    Member("IMSICode", "imsi_code", 128),
    Member("Locale", "locale", 16),
)
CHECK_CODE_MEMBERS: Final = (*_SHARED, Member("Code", "code", 16))


def _by_name(members: Iterable[Member]) -> Mapping[str, Member]:
    """Give the members by their usual spellings, so that most names are found without changing their case."""
    named = {}
    for member in members:
        for name in (member.name, member.name[0].lower() + member.name[1:], member.name.lower()):
            named[name] = member
    return MappingProxyType(named)


_GENERATE_CODE: Final = _by_name(GENERATE_CODE_MEMBERS)
_CHECK_CODE: Final = _by_name(CHECK_CODE_MEMBERS)


def generate_code_request(values: NamedValues) -> GenerateCodeRequest:
    """Build the request of the Devino manual 18.3 from named values; raise `WireFault` 103 to 105, 109."""
    found = _collect(values, _GENERATE_CODE)
    text = found.texts.get
    return GenerateCodeRequest(
        destination_number=text("destination_number", ""),
        imsi_code=text("imsi_code"),
        purpose=text("purpose"),
        amount=text("amount"),
        currency=text("currency"),
        payee=text("payee"),
        locale=text("locale"),
        client_reference=text("client_reference"),
        limit_keys=found.limit_keys,
    )


def check_code_request(values: NamedValues) -> CheckCodeRequest:
    """Build the request of the Devino manual 18.4 from named values; raise `WireFault` 103 to 105, 109."""
    found = _collect(values, _CHECK_CODE)
    text = found.texts.get
    return CheckCodeRequest(
        destination_number=text("destination_number", ""),
        code=text("code", ""),
        code_was_number="code" in found.numbers,
        purpose=text("purpose"),
        amount=text("amount"),
        currency=text("currency"),
        payee=text("payee"),
        client_reference=text("client_reference"),
        limit_keys=found.limit_keys,
    )


@dataclass(slots=True)
class _Found:
    """The checked texts by attribute (none of them empty), which came as numbers, and the limit keys."""

    texts: dict[str, str]
    numbers: set[str]
    limit_keys: tuple[str, ...] = ()


def _collect(values: NamedValues, members: Mapping[str, Member]) -> _Found:
    """Pick the known members out of named values, whatever the case of their names; ignore the others."""
    found = _Found({}, set())
    seen = set()
    for name, value in values:
        member = members.get(name)
        if member is None:
            # Letters outside ASCII are no spelling of a name, though some turn into one in lower case.
            member = members.get(name.lower()) if name.isascii() else None
            if member is None:
                continue
        if member.name in seen:
            raise WireFault(FaultCode.MEMBER_TWICE, f"{member.name} is given more than once.")
        seen.add(member.name)
        if member is _LIMIT_KEYS:
            found.limit_keys = _limit_keys(value)
            continue
        text = _text(member, value)
        if text:
            found.texts[member.attribute] = text
            if type(value) is NumberText:
                found.numbers.add(member.attribute)
    return found


def _text(member: Member, value: object) -> str:
    """Give a member's text, empty if it is absent; raise `WireFault` if it may not be there as it is."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise WireFault(FaultCode.WRONG_KIND, f"{member.name} is neither text nor a number.")
    if len(value) > member.limit:
        raise WireFault(FaultCode.TOO_LONG, f"{member.name} is longer than {member.limit} characters.")
    # The first test is quick and strict, so that the second runs for few texts only.
    if not value.isprintable() and _FORBIDDEN.search(value):
        raise _forbidden(member)
    if member.alphabet is not None and not member.alphabet.fullmatch(value):
        raise _forbidden(member)
    return str(value)


def _forbidden(member: Member) -> WireFault:
    """Give the fault of a member with a character that may not be in it."""
    return WireFault(FaultCode.FORBIDDEN_CHARACTER, f"{member.name} holds a character that is not allowed.")


def _limit_keys(value: object) -> tuple[str, ...]:
    """Read a list of keys, or one text with commas between them, bracketed or not; drop doubles."""
    if isinstance(value, str):
        bracketed = value.startswith("[") and value.endswith("]")
        parts: list[object] = [*(value[1:-1] if bracketed else value).split(",")]
    elif isinstance(value, list):
        parts = value
    elif value is None:
        return ()
    else:
        raise WireFault(FaultCode.WRONG_KIND, "LimitKeys is neither a list of texts nor a text.")
    if len(parts) > MAX_LIMIT_KEYS:
        raise WireFault(FaultCode.TOO_LONG, f"LimitKeys holds more than {MAX_LIMIT_KEYS} keys.")
    keys = (_text(_LIMIT_KEYS, part.strip(" ") if isinstance(part, str) else part) for part in parts)
    return tuple(dict.fromkeys(key for key in keys if key))
