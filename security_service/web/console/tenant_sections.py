"""Which settings of a tenant stand together on a page, and how each is asked for; reads no form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from security_service.domain.setting_kinds import (
    Choice,
    Kind,
    ListOf,
    Plain,
    Section,
    SettingField,
    TableOf,
    setting_fields,
)
from security_service.domain.setting_rows import jsonable
from security_service.domain.tenants import Tenant


class TenantSection(StrEnum):
    """A group of settings, in the order in which they are shown."""

    GENERAL = "general"
    CODES = "codes"
    SIM = "sim"
    LIMITS = "limits"
    FOUR_EYES = "four_eyes"
    ROUTES = "routes"
    SENDERS = "senders"
    TEMPLATES = "templates"
    NOTICES = "notices"
    RELAY = "relay"
    FACES = "faces"


SETTINGS: Final[Mapping[TenantSection, tuple[str, ...]]] = {
    TenantSection.GENERAL: ("name", "region", "locale", "policy", "override_days"),
    TenantSection.CODES: ("code_length", "code_life_s", "resend_after_s", "deadline_s", "unknown_is"),
    TenantSection.SIM: (
        "first_contact", "lookups", "lookup_deadline_s", "pin_at_check", "caller_owns_reference",
        "imsi_form", "imsi_answer", "bulk_reverify_per_s",
    ),
    TenantSection.LIMITS: ("limits", "guesses"),
    TenantSection.FOUR_EYES: ("four_eyes", "four_eyes_hours"),
    TenantSection.ROUTES: (
        "channels", "gateways", "routes", "resend_unknown", "fallback_channels", "fallback_after_s",
    ),
    TenantSection.SENDERS: ("sender", "senders"),
    TenantSection.TEMPLATES: ("templates",),
    TenantSection.NOTICES: ("notices", "notices_a_day", "notice_channels"),
    TenantSection.RELAY: ("reply_numbers", "refusal_words", "reply_handler", "balance_told"),
    TenantSection.FACES: ("code_type", "member_case", "xml_namespace"),
}  # fmt: skip
"""The settings of each section; a tenant's id is told once, when it is made."""


class Widget(StrEnum):
    """How a setting is asked for."""

    TEXT = "text"
    NUMBER = "number"
    TICK = "tick"
    SELECT = "select"
    LIST = "list"
    LINES = "lines"
    TICKS = "ticks"
    WINDOWS = "windows"
    ROUTES = "routes"
    TEXTS = "texts"
    TEMPLATES = "templates"


_BY_KEY: Final = {
    "four_eyes": Widget.TICKS,
    "routes": Widget.ROUTES,
    "senders": Widget.LINES,
    "templates": Widget.TEMPLATES,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One setting of a form: its dotted key, how it is asked for, what may be chosen, its default."""

    key: str
    widget: Widget
    default: object
    options: tuple[str, ...] = field(default=())
    is_whole: bool = False


def asked_of(section: TenantSection) -> tuple[Asked, ...]:
    """Give the settings of a section in the order of their form, those of a table under dotted keys."""
    known = {one.key: one for one in setting_fields(Tenant)}
    asked: list[Asked] = []
    for key in SETTINGS[section]:
        one = known[key]
        if isinstance(one.kind, Section) and key not in _BY_KEY:
            asked += [_asked(inner, f"{key}.{inner.key}") for inner in setting_fields(one.kind.cls)]
        else:
            asked.append(_asked(one, key))
    return tuple(asked)


def _asked(one: SettingField, key: str) -> Asked:
    widget = _BY_KEY.get(key) or _widget(one.kind)
    default = None if widget is Widget.TEMPLATES else jsonable(one.default)
    return Asked(key, widget, default, _options(one.kind), one.kind is Plain.INTEGER)


def _widget(kind: Kind) -> Widget:
    match kind:
        case Plain.INTEGER | Plain.NUMBER:
            return Widget.NUMBER
        case Plain.TRUTH:
            return Widget.TICK
        case Choice():
            return Widget.SELECT
        case ListOf(Section()):
            return Widget.WINDOWS
        case ListOf():
            return Widget.LIST
        case TableOf():
            return Widget.TEXTS
        case _:
            return Widget.TEXT


def _options(kind: Kind) -> tuple[str, ...]:
    match kind:
        case Choice() | ListOf(Choice()):
            choice = kind.item if isinstance(kind, ListOf) else kind
            return tuple(choice.members) if isinstance(choice, Choice) else ()
        case _:
            return ()
