"""What can be told of a settings class: rows for tables and samples, and values with secrets masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from enum import Enum
from typing import Final, assert_never

from security_service.domain.secret import Secret
from security_service.domain.setting_kinds import (
    UNSET,
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

MASK: Final = "***"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as documents show it.

    `key` is dotted (`web.port`); `default` is JSON-able with secrets masked, UNSET where the
    setting must be given.
    """

    key: str
    kind: str
    default: object
    help: str
    secret: bool

    @property
    def required(self) -> bool:
        """True where there is no default."""
        return self.default is UNSET


def describe(cls: type, prefix: str = "", without: Sequence[str] = ()) -> tuple[SettingRow, ...]:
    """Give a row for every setting of a class, those of its sections under dotted keys.

    `without` names fields of the class itself that are told of elsewhere.
    """
    rows: list[SettingRow] = []
    for field in setting_fields(cls):
        if field.key in without:
            continue
        key = f"{prefix}{field.key}"
        if isinstance(field.kind, Section):
            rows += describe(field.kind.cls, f"{key}.")
        else:
            default = UNSET if field.required else _shown(field, field.default)
            rows.append(SettingRow(key, kind_words(field.kind), default, field.help, field.secret))
    return tuple(rows)


def masked(settings: object) -> dict[str, object]:
    """Give the values of a settings object as JSON-able members; a secret that is set is `***`."""
    return {
        field.key: _shown(field, getattr(settings, field.key)) for field in setting_fields(type(settings))
    }


def kind_words(kind: Kind) -> str:
    """Name a kind in words (`list of text`, `one of stable, never`)."""
    match kind:
        case Plain():
            return kind.value
        case Choice():
            return f"one of {', '.join(kind.members)}"
        case ListOf():
            return f"list of {_plural(kind.item)}"
        case TableOf():
            return f"table of {_plural(kind.item)}"
        case Section():
            return f"table ({', '.join(field.key for field in setting_fields(kind.cls))})"
        case Optional():
            return f"{kind_words(kind.item)}, or absent"
        case _:
            assert_never(kind)


def _plural(kind: Kind) -> str:
    if isinstance(kind, Section):
        return f"tables ({', '.join(field.key for field in setting_fields(kind.cls))})"
    if isinstance(kind, Plain) and kind is not Plain.TRUTH:
        return f"{kind.value}s"
    return kind_words(kind)


def _shown(field: SettingField, value: object) -> object:
    if field.secret and isinstance(value, str):
        return MASK if value else ""
    return jsonable(value)


def jsonable(value: object) -> object:
    """Give a value of a setting as JSON can hold it; a secret that is set is `***`."""
    match value:
        case Secret():
            return MASK if value.reveal() else ""
        case Enum():
            return value.value
        case Mapping():
            return {str(key): jsonable(one) for key, one in value.items()}
        case tuple() | list():
            return [jsonable(one) for one in value]
        case _ if is_dataclass(value):
            return masked(value)
        case _:
            return value
