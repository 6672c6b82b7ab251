"""MAP error numbers of the mobile network, as classes of no data; leaves provider codes to the lookups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from security_service.domain.lookup import NoData

MAP_ERROR_NAMES: Final[Mapping[NoData, Mapping[int, str]]] = {
    NoData.UNKNOWN_SUBSCRIBER: {
        1: "unknown subscriber",
        5: "unidentified subscriber",
        44: "number changed",
    },
    NoData.ABSENT: {
        6: "absent subscriber for short messages",
        27: "absent subscriber",
    },
    NoData.BARRED: {
        9: "illegal subscriber",
        10: "bearer service not provisioned",
        11: "teleservice not provisioned",
        13: "call barred",
        193: "fixed line, a vendors' number: no message will ever arrive there",
    },
    NoData.NOT_SUPPORTED: {
        21: "facility not supported",
        49: "any-time interrogation not allowed",
        61: "any-time interrogation not allowed, as some vendors number it",
        62: "information not available",
        191: "network not covered, a vendors' number",
        192: "network not covered, a vendors' number",
    },
    NoData.UNAVAILABLE: {
        31: "subscriber busy",
        33: "congestion",
        34: "system failure",
        35: "data missing",
        36: "unexpected data value",
        51: "resource limitation",
    },
}
"""By what another try could change: unknown and barred nothing, absent later, unavailable soon."""

MAP_ERRORS: Final[Mapping[int, NoData]] = {
    number: no_data for no_data, names in MAP_ERROR_NAMES.items() for number in names
}


def no_data_of(map_error: int) -> NoData:
    """Give the class of a MAP error number; a number that is not in the table is `unavailable`."""
    return MAP_ERRORS.get(map_error, NoData.UNAVAILABLE)
