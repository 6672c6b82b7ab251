"""Reads a mapping into a frozen settings class and collects every fault; leaves files to `config`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from typing import Final, TypeVar, assert_never

from security_service.domain.errors import SettingsFault
from security_service.domain.secret import Secret
from security_service.domain.setting_kinds import (
    Choice,
    Kind,
    ListOf,
    Optional,
    Plain,
    Section,
    SettingField,
    TableOf,
    setting_fields,
)

T = TypeVar("T")

_WORDS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")


class SourceText(str):
    """A text from a source that knows no other kind (the environment), read as the kind that is asked for.

    A list in such a text is separated by commas. A secret in it keeps every character.
    """

    __slots__ = ()


class _Fault:
    """Stands where a value could not be read; its fault has been noted."""


_FAULT: Final = _Fault()


def read_settings(cls: type[T], mapping: Mapping[str, object], where: str = "") -> T:
    """Read a mapping (of a document, or layers of them) into a settings class.

    `where` is the path that faults begin with (`gateways.sms`). Raises SettingsFault with every
    fault: unknown keys, missing ones, wrong kinds, numbers out of their bounds, and what the
    class's own constructor refuses with ValueError.
    """
    faults: list[str] = []
    settings = collect_settings(cls, mapping, where, faults)
    if settings is None:
        raise SettingsFault(faults)
    return settings


def collect_settings(cls: type[T], mapping: Mapping[str, object], where: str, faults: list[str]) -> T | None:
    """Read like `read_settings`, but add the faults to `faults` and give None where there were any."""
    known = {field.key: field for field in setting_fields(cls)}
    before = len(faults)
    faults += [
        f"{_path(where, key)}: there is no such setting{_meant(key, tuple(known))}"
        for key in mapping
        if key not in known
    ]
    values: dict[str, object] = {}
    for field in known.values():
        path = _path(where, field.key)
        if field.key in mapping:
            values[field.key] = _read_field(field, mapping[field.key], path, faults)
        elif field.required:
            faults.append(f"{path}: must be given{_because(field)}")
    if len(faults) > before:
        return None
    try:
        return cls(**values)
    except ValueError as error:
        faults.append(f"{where}: {error}" if where else str(error))
        return None


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _meant(key: str, known: Sequence[str]) -> str:
    close = get_close_matches(key.lower(), known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _because(field: SettingField) -> str:
    return f" ({field.help})" if field.help else ""


def _read_field(field: SettingField, value: object, where: str, faults: list[str]) -> object:
    read = _read(field.kind, value, where, faults)
    if isinstance(read, int | float) and not isinstance(read, bool):
        if field.least is not None and read < field.least:
            faults.append(f"{where}: must be at least {field.least:g}, not {read:g}")
        if field.most is not None and read > field.most:
            faults.append(f"{where}: must be at most {field.most:g}, not {read:g}")
    return read


def _read(kind: Kind, value: object, where: str, faults: list[str]) -> object:
    match kind:
        case Plain():
            return _read_plain(kind, value, where, faults)
        case Choice():
            return _read_choice(kind, value, where, faults)
        case ListOf():
            return _read_list(kind, value, where, faults)
        case TableOf():
            if not isinstance(value, Mapping):
                return _refuse(where, "a table", value, faults)
            return {
                str(key): _read(kind.item, one, _path(where, str(key)), faults) for key, one in value.items()
            }
        case Section():
            if not isinstance(value, Mapping):
                return _refuse(where, "a table", value, faults)
            read: object = collect_settings(kind.cls, value, where, faults)
            return _FAULT if read is None else read
        case Optional():
            return None if value is None else _read(kind.item, value, where, faults)
        case _:
            assert_never(kind)


def _read_plain(kind: Plain, value: object, where: str, faults: list[str]) -> object:
    if isinstance(value, SourceText) and kind not in {Plain.TEXT, Plain.HIDDEN}:
        return _read_source_text(kind, value.strip(), where, faults)
    match kind:
        case Plain.TEXT if isinstance(value, str):
            return str(value)
        case Plain.HIDDEN if isinstance(value, str):
            return Secret(str(value))
        case Plain.HIDDEN if isinstance(value, Secret):
            return value
        case Plain.INTEGER if isinstance(value, int) and not isinstance(value, bool):
            return value
        case Plain.NUMBER if (
            isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        ):
            return float(value)
        case Plain.TRUTH if isinstance(value, bool):
            return value
        case _:
            return _refuse(where, _ARTICLES[kind], value, faults)


_ARTICLES: Final = {
    Plain.TEXT: "a text",
    Plain.INTEGER: "a whole number",
    Plain.NUMBER: "a number",
    Plain.TRUTH: "true or false",
    Plain.HIDDEN: "a text",
}


def _read_source_text(kind: Plain, text: str, where: str, faults: list[str]) -> object:
    if kind is Plain.INTEGER and _INTEGER.fullmatch(text):
        return int(text)
    if kind is Plain.NUMBER and _NUMBER.fullmatch(text):
        return float(text)
    if kind is Plain.TRUTH and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return _refuse(where, _ARTICLES[kind], text, faults)


def _read_choice(kind: Choice, value: object, where: str, faults: list[str]) -> object:
    text = value.strip() if isinstance(value, SourceText) else value
    if isinstance(text, str) and text in kind.members:
        return kind.members[text]
    words = ", ".join(kind.members)
    meant = _meant(text, tuple(kind.members)) if isinstance(text, str) else ""
    faults.append(f"{where}: must be one of {words}{meant}")
    return _FAULT


def _read_list(kind: ListOf, value: object, where: str, faults: list[str]) -> object:
    if isinstance(value, SourceText):
        parts: Sequence[object] = [SourceText(part.strip()) for part in value.split(",") if part.strip()]
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        parts = value
    else:
        return _refuse(where, "a list", value, faults)
    return tuple(_read(kind.item, part, f"{where}[{index}]", faults) for index, part in enumerate(parts))


def _refuse(where: str, wanted: str, value: object, faults: list[str]) -> _Fault:
    """Note a wrong kind by the name of what was found, never by its value: it may be a secret."""
    faults.append(f"{where}: must be {wanted}, not {_found(value)}")
    return _FAULT


def _found(value: object) -> str:
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str() | Secret():
            return "this text"
        case Mapping():
            return "a table"
        case Sequence():
            return "a list"
        case _:
            return "this kind of value"
