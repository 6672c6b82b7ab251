from __future__ import annotations

import pytest

from security_service.domain.lookup import NoData
from security_service.links.map_errors import MAP_ERRORS, no_data_of

ROWS = {
    NoData.UNKNOWN_SUBSCRIBER: {1, 5, 44},
    NoData.ABSENT: {6, 27},
    NoData.BARRED: {9, 10, 11, 13, 193},
    NoData.NOT_SUPPORTED: {21, 49, 61, 62, 191, 192},
    NoData.UNAVAILABLE: {31, 33, 34, 35, 36, 51},
}


@pytest.mark.parametrize(("no_data", "numbers"), ROWS.items())
def test_each_map_error_has_its_class(no_data: NoData, numbers: set[int]) -> None:
    assert {number for number in MAP_ERRORS if no_data_of(number) is no_data} == numbers


@pytest.mark.parametrize("number", [-1, 0, 2, 255, 10**9])
def test_a_number_that_is_not_in_the_table_is_worth_another_try(number: int) -> None:
    assert no_data_of(number) is NoData.UNAVAILABLE
