"""What one answer tells the trust book: how it compared, and what else the number showed within the day."""

from __future__ import annotations

from typing import assert_never

from security_service.domain.imsi import ImsiMember, SealedImsi, SimAnswer, SimState
from security_service.domain.lookup import SimSeen
from security_service.domain.secret import Msisdn
from security_service.domain.subscriber import Subscriber
from security_service.domain.trust import DAY_S, Sight, Sighting


def sighting_of(
    seen: SimSeen,
    sealed: SealedImsi,
    answer: SimAnswer,
    number: Msisdn,
    subscriber: Subscriber,
    now: int,
    *,
    is_stable: bool,
) -> Sighting | None:
    """Give the sighting of a usable answer at `now` (Unix seconds); None where nothing was compared.

    A source that is not stable leaves no candidate behind, so nobody can tell its new changes from
    those seen again: they count as the latter, and raise no rate.
    """
    sight = _sight(sealed, answer, subscriber, is_stable=is_stable)
    if sight is None:
        return None
    recent = [(member.imsi, member.last_seen) for member in subscriber.reference.members]
    if subscriber.candidate is not None:
        recent.append((subscriber.candidate.imsi, subscriber.candidate.last_seen))
    others = tuple(
        _token(imsi)
        for imsi, last_seen in recent
        if now - last_seen < DAY_S and sealed.under(imsi) is not None and not sealed.equals(imsi)
    )
    return Sighting(seen.source, seen.mcc_mnc, number, _token(sealed.newest()), sight, others)


def _sight(sealed: SealedImsi, answer: SimAnswer, subscriber: Subscriber, *, is_stable: bool) -> Sight | None:
    match answer.state:
        case SimState.FIRST_SEEN:
            return Sight.FIRST
        case SimState.SAME:
            return Sight.SAME
        case SimState.CHANGED:
            candidate = subscriber.candidate
            is_known = candidate is not None and sealed.equals(candidate.imsi)
            return Sight.CHANGED if is_stable and not is_known else Sight.CHANGED_AGAIN
        case SimState.NO_DATA | SimState.NOT_ASKED:
            return None
        case _:
            assert_never(answer.state)


def _token(member: ImsiMember) -> str:
    """Sixteen hex digits of the keyed digest: enough to tell a number's IMSIs apart."""
    return member.digest.hex()[:16]
