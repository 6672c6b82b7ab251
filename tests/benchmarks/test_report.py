from __future__ import annotations

import pytest

from benchmarks.answers import Answers
from benchmarks.report import Cell, Table, cell_text

METRICS = """
# TYPE etalon_operations_total counter
etalon_operations_total{answer="0",operation="CheckCode",reason="valid"} 41.0
etalon_operations_total{answer="0",operation="CheckCode",reason="replayed"} 1.0
etalon_operations_total{answer="5",operation="CheckCode",reason="wrong"} 8.0
etalon_operations_total{answer="0",operation="GenerateCode",reason="sent"} 1.234e+06
etalon_lookups_total{outcome="seen",source="stub"} 7.0
"""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(None, "-"), ("text", "text"), (12345, "12,345"), (0.4567, "0.46"), (45.67, "45.7"), (4567.8, "4,568")],
)
def test_a_cell_is_as_exact_as_its_size_asks_for(cell: Cell, expected: str) -> None:
    assert cell_text(cell) == expected


def test_a_table_is_aligned_under_its_heading_with_its_notes_below() -> None:
    table = Table(
        "Rates", ("", "a second", "ratio"), [["bare", 20000, 1.0], ["CheckCode", 900, 0.5]], ["note"]
    )
    assert table.text().splitlines() == [
        "Rates",
        "           a second  ratio",
        "--------------------------",
        "bare         20,000   1.00",
        "CheckCode       900   0.50",
        "  note",
    ]


def test_answers_are_told_by_operation() -> None:
    answers = Answers.read(METRICS)
    assert answers.told("CheckCode") == "42 of 50 answers 0, 8 times 5 (wrong)"
    assert answers.told("GenerateCode") == "1,234,000 of 1,234,000 answers 0"


def test_only_what_came_since_counts() -> None:
    later = Answers.read(METRICS.replace(" 41.0", " 141.0"))
    assert later.since(Answers.read(METRICS)).told("CheckCode") == "100 of 100 answers 0"
