"""Which kinds of values a settings class may have; leaves reading values to `settings`."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from security_service.domain.secret import Secret


class Plain(Enum):
    """A single value."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TRUTH = "true or false"
    HIDDEN = "secret"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of words; `members` maps each word to its value."""

    members: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one kind, which becomes a tuple."""

    item: Kind


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table whose keys are free and whose values are of one kind."""

    item: Kind


@dataclass(frozen=True, slots=True)
class Section:
    """A table whose keys are the fields of a settings class."""

    cls: type


@dataclass(frozen=True, slots=True)
class Optional:
    """A value that may be absent."""

    item: Kind


Kind = Plain | Choice | ListOf | TableOf | Section | Optional

UNSET: Final = object()
"""Stands for the default of a setting that must be given."""

_PLAIN: Final[Mapping[object, Plain]] = {
    str: Plain.TEXT,
    int: Plain.INTEGER,
    float: Plain.NUMBER,
    bool: Plain.TRUTH,
}


@dataclass(frozen=True, slots=True)
class SettingField:
    """One field of a settings class.

    `default` is UNSET where the setting must be given. `least` and `most` bound a number, both
    included. `secret` says that the value is never shown.
    """

    key: str
    kind: Kind
    default: object
    help: str = ""
    secret: bool = False
    least: float | None = None
    most: float | None = None

    @property
    def required(self) -> bool:
        """True where there is no default."""
        return self.default is UNSET


def setting_fields(cls: type) -> tuple[SettingField, ...]:
    """Give the fields of a settings class in their order.

    A settings class is a frozen dataclass; metadata of a field may hold `help`, `secret`,
    `least` and `most`. Raises TypeError for a field of a kind that settings cannot have.
    """
    return _setting_fields(cls)


@cache
def _setting_fields(cls: type) -> tuple[SettingField, ...]:
    hints = get_type_hints(cls)
    return tuple(
        SettingField(
            key=field.name,
            kind=(kind := _kind(hints[field.name], f"{cls.__name__}.{field.name}")),
            default=_default(field.default, field.default_factory),
            help=str(field.metadata.get("help", "")),
            secret=bool(field.metadata.get("secret", kind in (Plain.HIDDEN, Optional(Plain.HIDDEN)))),
            least=field.metadata.get("least"),
            most=field.metadata.get("most"),
        )
        for field in fields(cls)
        if field.init
    )


def _default(value: object, factory: Any) -> object:  # noqa: ANN401 - dataclasses give no closed type here
    if value is not MISSING:
        return value
    return UNSET if factory is MISSING else factory()


def _kind(hint: object, where: str) -> Kind:
    plain = _PLAIN.get(hint)
    if plain is not None:
        return plain
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        present = [argument for argument in arguments if argument is not types.NoneType]
        if len(present) == 1 and len(arguments) == 2:
            return Optional(_kind(present[0], where))
    if origin is Literal and all(isinstance(argument, str) for argument in arguments):
        return Choice({argument: argument for argument in arguments})
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return ListOf(_kind(arguments[0], where))
    if origin in {Mapping, dict} and arguments[0] is str:
        return TableOf(_kind(arguments[1], where))
    if isinstance(hint, type):
        return _kind_of_class(hint, where)
    raise TypeError(f"{where}: settings cannot be of the kind {hint}")


def _kind_of_class(hint: type, where: str) -> Kind:
    if issubclass(hint, Secret):
        return Plain.HIDDEN
    if issubclass(hint, StrEnum):
        return Choice({member.value: member for member in hint})
    if is_dataclass(hint):
        return Section(hint)
    raise TypeError(f"{where}: settings cannot be of the kind {hint.__name__}")
