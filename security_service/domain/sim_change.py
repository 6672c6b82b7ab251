"""What a SIM change is worth and what kind it is: grade, age and operator; leaves verdicts to the gate."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from security_service.domain.imsi import Grade, Reference, SimAnswer, SimState
from security_service.domain.policy import AgeBand

_HOUR: Final = 3600
_AGE_BANDS: Final = (
    (24 * _HOUR, AgeBand.DAY),
    (72 * _HOUR, AgeBand.THREE_DAYS),
    (240 * _HOUR, AgeBand.TEN_DAYS),
)
SETTLED_S: Final = _AGE_BANDS[-1][0]
"""Seconds after which a swap no longer counts as recent: ten days."""


class SimChange(StrEnum):
    """What the clear part of an IMSI (MCC-MNC) tells of a change."""

    SAME_OPERATOR = "same_operator"
    PORT = "port"
    COUNTRY = "country"
    UNKNOWN = "unknown"


def change_of(reference: Reference, mcc_mnc: str) -> SimChange:
    """Tell a replaced SIM from a ported number and from one of another country.

    The newest member that names its operator is what the number changed from.
    """
    known = [member.imsi.mcc_mnc for member in reference.members if member.imsi.mcc_mnc]
    if not known or not mcc_mnc:
        return SimChange.UNKNOWN
    if mcc_mnc in known:
        return SimChange.SAME_OPERATOR
    return SimChange.PORT if known[-1][:3] == mcc_mnc[:3] else SimChange.COUNTRY


def first_grade(sim: SimAnswer, now: int) -> Grade:
    """Give the grade of a first sight: `dated` where a source dates the last swap ten days back or more."""
    if sim.swapped_at is not None and now - sim.swapped_at >= SETTLED_S:
        return Grade.DATED
    return Grade.FIRST_SEEN


def age_band(sim: SimAnswer, now: int) -> AgeBand:
    """Give the age of the SIM's last change; `now` is Unix seconds (design, section 3).

    It runs from the first sight of the IMSI, or the source's swap date if later; without an IMSI
    from the swap date alone, where a source gave one. A person may have waived it.
    """
    if sim.state is SimState.FIRST_SEEN:
        changed_at: int | None = now
    elif sim.state is SimState.NO_DATA and sim.imsi is None:
        changed_at = sim.swapped_at
    elif sim.matched is None:
        changed_at = None
    elif sim.matched.age_waived:
        return AgeBand.OLDER
    else:
        changed_at = max(sim.matched.first_seen, sim.swapped_at or 0)
    if changed_at is None:
        return AgeBand.NONE
    return next((band for limit, band in _AGE_BANDS if now - changed_at < limit), AgeBand.OLDER)
