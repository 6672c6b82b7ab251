"""Which answers mean that a source failed to answer: what its breaker counts; leaves counting to it."""

from __future__ import annotations

from security_service.domain.lookup import NoData, SimNotSeen


def lookup_gave_no_answer(answer: object) -> bool:
    """Tell whether a lookup ended as `unavailable`; the other classes of no data are answers."""
    return isinstance(answer, SimNotSeen) and answer.no_data is NoData.UNAVAILABLE
