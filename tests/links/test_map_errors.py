from __future__ import annotations

import pytest

from security_service.domain.lookup import NoData
from security_service.links.map_errors import MAP_ERROR_NAMES, MAP_ERRORS, no_data_of

# MAP errors (3GPP TS 29.002) and the numbers that vendors add, by what they mean for a message.
ROWS = [
    (1, NoData.UNKNOWN_SUBSCRIBER),
    (5, NoData.UNKNOWN_SUBSCRIBER),
    (44, NoData.UNKNOWN_SUBSCRIBER),
    (6, NoData.ABSENT),
    (27, NoData.ABSENT),
    (9, NoData.BARRED),
    (10, NoData.BARRED),
    (11, NoData.BARRED),
    (13, NoData.BARRED),
    (193, NoData.BARRED),
    (21, NoData.NOT_SUPPORTED),
    (49, NoData.NOT_SUPPORTED),
    (61, NoData.NOT_SUPPORTED),
    (62, NoData.NOT_SUPPORTED),
    (191, NoData.NOT_SUPPORTED),
    (192, NoData.NOT_SUPPORTED),
    (31, NoData.UNAVAILABLE),
    (33, NoData.UNAVAILABLE),
    (34, NoData.UNAVAILABLE),
    (35, NoData.UNAVAILABLE),
    (36, NoData.UNAVAILABLE),
    (51, NoData.UNAVAILABLE),
]


@pytest.mark.parametrize(("number", "no_data"), ROWS)
def test_each_map_error_has_its_class(number: int, no_data: NoData) -> None:
    assert no_data_of(number) is no_data


def test_the_table_has_these_rows_and_no_others() -> None:
    assert dict(ROWS) == MAP_ERRORS
    assert len(ROWS) == sum(len(names) for names in MAP_ERROR_NAMES.values())


@pytest.mark.parametrize("number", [-1, 0, 2, 255, 10**9])
def test_a_number_that_is_not_in_the_table_is_worth_another_try(number: int) -> None:
    assert no_data_of(number) is NoData.UNAVAILABLE
