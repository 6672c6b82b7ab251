"""Forms of a tenant's settings: a document into fields, and what was typed back into one; judges nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from security_service.domain.settings import SourceText
from security_service.web.console.tenant_sections import Asked, TenantSection, Widget, asked_of

Typed = Mapping[str, str]
"""A form's fields by name, as they were sent."""

MOST_ROWS: Final = 60
_SPARE: Final = 1
_LONGEST: Final = 4000
_INDEX: Final = re.compile(r"\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list of tables: its cells by name, as they stand in the form."""

    index: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FormField:
    """One setting as a form shows it: `faults` are about it, `cell_faults` about its cells by name."""

    asked: Asked
    value: str = ""
    chosen: frozenset[str] = frozenset()
    rows: Sequence[Row] = ()
    faults: Sequence[str] = ()
    cell_faults: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def default(self) -> str:
        """The default as it would stand in the field; empty where that says nothing."""
        return shown_value(self.asked.default)


@dataclass(frozen=True, slots=True)
class FilledForm:
    """The fields of a section, and the sentences that belong to none of them."""

    fields: Sequence[FormField]
    faults: Sequence[str]


def shown_value(value: object) -> str:
    """Give a plain value or a list of them as a field shows it."""
    match value:
        case bool():
            return "on" if value else ""
        case None | dict():
            return ""
        case list() | tuple():
            return ", ".join(shown_value(one) for one in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def filled_form(section: TenantSection, document: Mapping[str, Any], faults: Sequence[str]) -> FilledForm:
    """Fill in the fields of a section from a document, each with the faults that name it."""
    told: dict[str, list[str]] = {}
    for fault in faults:
        key, _, sentence = fault.partition(": ")
        told.setdefault(_INDEX.sub(r".\1", key), []).append(sentence or fault)
    fields = [_filled(asked, value_at(document, asked.key), told) for asked in asked_of(section)]
    used = {asked.key for asked in asked_of(section)}
    used |= {key for one in fields for key in one.cell_faults}
    return FilledForm(
        fields, [f"{key}: {one}" for key, many in told.items() if key not in used for one in many]
    )


def value_at(document: Mapping[str, Any], key: str) -> object:
    """Give what stands at a dotted key, None where nothing does."""
    found: object = document
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _filled(asked: Asked, value: object, told: Mapping[str, Sequence[str]]) -> FormField:
    faults = tuple(told.get(asked.key, ()))
    cells = {key: many for key, many in told.items() if key.startswith(f"{asked.key}.")}
    match asked.widget:
        case Widget.WINDOWS | Widget.ROUTES | Widget.TEXTS:
            rows = [*_rows(asked.widget, value)]
            spare = [Row(len(rows) + more, {}) for more in range(_SPARE)]
            return FormField(asked, rows=[*rows, *spare], faults=faults, cell_faults=cells)
        case Widget.TICKS:
            chosen = frozenset(value if isinstance(value, list | tuple) else ())
            return FormField(asked, chosen=chosen, faults=faults, cell_faults=cells)
        case Widget.LINES:
            lines = value if isinstance(value, str) else "\n".join(value if isinstance(value, list) else ())
            return FormField(asked, lines, faults=faults, cell_faults=cells)
        case Widget.TEXT | Widget.NUMBER | Widget.TICK | Widget.SELECT | Widget.LIST | Widget.TEMPLATES:
            return FormField(asked, shown_value(value), faults=faults, cell_faults=cells)
        case _:
            assert_never(asked.widget)


def _rows(widget: Widget, value: object) -> Iterator[Row]:
    if isinstance(value, Mapping):
        for index, (locale, text) in enumerate(value.items()):
            yield Row(index, {"locale": str(locale), "text": str(text)})
    elif isinstance(value, list):
        for index, one in enumerate(value):
            cells = {name: shown_value(cell) for name, cell in one.items() if name != "legs"}
            if widget is Widget.ROUTES:
                cells["legs"] = ", ".join(_leg_text(leg) for leg in one.get("legs", ()))
            yield Row(index, cells)


def _leg_text(leg: Mapping[str, object]) -> str:
    weight = str(leg.get("weight", "1"))
    return str(leg["gateway"]) if weight == "1" else f"{leg['gateway']}:{weight}"


# --- what was typed -----------------------------------------------------------------------------


def typed_document(section: TenantSection, typed: Typed) -> dict[str, Any]:
    """Read a section's form into that part of a document, every value as the text it is."""
    document: dict[str, Any] = {}
    for asked in asked_of(section):
        *tables, last = asked.key.split(".")
        branch = document
        for table in tables:
            branch = branch.setdefault(table, {})
        branch[last] = _typed(asked, typed)
    return document


def typed_text(typed: Typed, name: str) -> str:
    """Give a field as it was typed: in NFC, with line ends of one character, cut where it is far too long.

    What may not stand in it is for whoever reads it, so that nothing is left out in silence.
    """
    text = typed.get(name, "")[: 2 * _LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text)[:_LONGEST]


def _typed(asked: Asked, typed: Typed) -> object:
    key = asked.key
    match asked.widget:
        case Widget.TEXT | Widget.NUMBER | Widget.SELECT | Widget.LIST:
            return SourceText(typed_text(typed, key).strip())
        case Widget.LINES:
            return [line.strip() for line in typed_text(typed, key).split("\n") if line.strip()]
        case Widget.TICK:
            return typed.get(key, "") == "on"
        case Widget.TICKS:
            return [option for option in asked.options if typed.get(f"{key}.{option}", "") == "on"]
        case Widget.WINDOWS:
            return [_window(cells) for cells in rows_of(typed, key, ("name", "limit", "seconds"))]
        case Widget.ROUTES:
            names = ("legs", "prefixes", "countries", "operators")
            return [_route(cells) for cells in rows_of(typed, key, names)]
        case Widget.TEXTS:
            rows = rows_of(typed, key, ("locale", "text"))
            return {cells("locale").strip(): cells("text").strip() for cells in rows}
        case Widget.TEMPLATES:
            return templates_of(typed, key)
        case _:
            assert_never(asked.widget)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a form; called with a name it gives that cell."""

    typed: Typed
    row: str

    def __call__(self, name: str) -> str:
        """Give a cell as it was typed."""
        return typed_text(self.typed, f"{self.row}.{name}")


def rows_of(typed: Typed, key: str, names: Sequence[str]) -> Iterator[Cells]:
    """Give the rows of a list in which one of the named cells was filled in."""
    for index in range(MOST_ROWS):
        cells = Cells(typed, f"{key}.{index}")
        if any(cells(name).strip() for name in names):
            yield cells


def _window(cells: Cells) -> dict[str, object]:
    return {
        "name": cells("name").strip(),
        "limit": SourceText(cells("limit").strip()),
        "seconds": SourceText(cells("seconds").strip()),
        "record_only": cells("record_only") == "on",
    }


def _route(cells: Cells) -> dict[str, object]:
    legs: list[dict[str, object]] = []
    for part in (one.strip() for one in cells("legs").split(",")):
        gateway, colon, weight = part.rpartition(":")
        if part:
            legs.append(
                {"gateway": gateway.strip(), "weight": SourceText(weight)} if colon else {"gateway": part}
            )
    lists = ("prefixes", "countries", "operators")
    return {"legs": legs, **{name: SourceText(cells(name).strip()) for name in lists}}


def templates_of(typed: Typed, key: str = "templates") -> dict[str, object]:
    """Read the editor of texts; of two texts for one purpose and locale the later counts."""
    texts: dict[str, dict[str, object]] = {}
    for cells in rows_of(typed, f"{key}.texts", ("purpose", "locale", "text")):
        text = {"text": cells("text").strip(), "payment": cells("payment") == "on"}
        texts.setdefault(cells("purpose").strip(), {})[cells("locale").strip()] = text
    ending = {name: typed_text(typed, f"{key}.{name}").strip() for name in ("web_otp", "app_hash")}
    return {"texts": texts, **ending}
