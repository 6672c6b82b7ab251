"""How figures are printed: aligned columns under a heading, with notes below; measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.arithmetic import Figures

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A part of the report: a heading, rows under column heads, and what must be known to read them."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default=())

    def text(self) -> str:
        """Give the table as lines; the first column is set to the left, the others to the right."""
        cells = [list(self.columns), *([cell_text(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.columns))]
        lines = [
            "  ".join(
                [
                    row[0].ljust(widths[0]),
                    *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
                ]
            )
            for row in cells
        ]
        lines.insert(1, "-" * len(lines[0]))
        return "\n".join([self.heading, *lines, *(f"  {note}" for note in self.notes)])


def cell_text(cell: Cell) -> str:
    """Write a value: small numbers with two places, greater ones with one or none, nothing as a dash."""
    match cell:
        case None:
            return "-"
        case str():
            return cell
        case int():
            return f"{cell:,}"
        case _:
            places = 2 if abs(cell) < 10 else 1 if abs(cell) < 100 else 0
            return f"{cell:,.{places}f}"


def processor_cells(measured: Figures) -> list[Cell]:
    """Give the cells of the columns of CPU microseconds a call: web, store, stub, load generator."""
    return [round(part) for part in (measured.web_us, measured.store_us, measured.stub_us, measured.load_us)]


PROCESSOR_COLUMNS = ("web", "store", "stub", "load")
