"""Events as rows of CSV for people with a spreadsheet; leaves choosing events and files to others."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Final

COLUMNS: Final = (
    *("at", "kind", "tenant", "number", "verdict", "reason", "rule", "policy", "actor"),
    *("shard", "seq", "facts", "outcome"),
)
"""The names of the columns, in their order."""


def csv_row(event: str) -> tuple[str, ...]:
    """Give an event's row: what is asked for most in columns of its own, the rest as JSON."""
    read = json.loads(event)
    facts, outcome, subject = read["facts"], read["outcome"], read["subject"]
    cells = {
        **{name: facts.get(name, outcome.get(name, "")) for name in COLUMNS},
        "at": datetime.fromtimestamp(read["at"] / 1000, UTC).isoformat(timespec="milliseconds"),
        "kind": read["kind"],
        "tenant": subject.get("tenant", ""),
        "number": subject.get("number", ""),
        "shard": read["shard"],
        "seq": read["seq"],
        "facts": json.dumps(facts, ensure_ascii=False, sort_keys=True),
        "outcome": json.dumps(outcome, ensure_ascii=False, sort_keys=True),
    }
    return tuple(_cell(cells[name]) for name in COLUMNS)


def csv_line(cells: tuple[str, ...]) -> str:
    """Give one line of CSV with its end (RFC 4180)."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _cell(value: object) -> str:
    """Give a cell's text; one that a spreadsheet would take for a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
