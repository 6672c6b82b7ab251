"""When a number's SIM changed, as far as it was seen (CAMARA SIM Swap 2.1); asks nobody.

What is seen are sightings: between the last one of the old SIM and the first one of the new SIM lies the
change, and nobody knows where. Its later end counts, so that no SIM looks older than it may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from security_service.domain.imsi import NOT_ASKED, SimAnswer, SimState
from security_service.domain.subscriber import Subscriber

LEAST_AGE_H: Final = 1
MOST_AGE_H: Final = 2400
USUAL_AGE_H: Final = 240
HOUR_S: Final = 3600
DAY_S: Final = 86_400

_SEEN_NOW: Final = frozenset({SimState.SAME, SimState.CHANGED})


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the SIM between two Unix seconds; `earliest` is 0 where nobody saw the SIM before."""

    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a number: since when, up to when, and the latest change; times are Unix seconds."""

    since: int
    until: int
    change: Change | None


class Swapped(StrEnum):
    """Whether the SIM changed within a period, and if that cannot be said, why."""

    YES = "yes"
    NO = "no"
    NOT_WATCHED_SO_LONG = "not_watched_so_long"
    NOT_SEEN_NOW = "not_seen_now"


def observed(subscriber: Subscriber, now: int, sim: SimAnswer = NOT_ASKED) -> Observed | None:
    """Put together what was seen by `now` (Unix seconds); `sim` is a fresh answer. None: nothing ever was."""
    members = sorted(subscriber.reference.members, key=lambda member: member.first_seen)
    if not members:
        if sim.swapped_at is None:
            return None
        dated = Change(sim.swapped_from or 0, sim.swapped_at)
        return Observed(sim.swapped_at, now, dated)
    changes = _changes(subscriber, now, sim)
    candidate = subscriber.candidate
    seen = [member.last_seen for member in members] + ([candidate.last_seen] if candidate else [])
    is_covered = sim.state in _SEEN_NOW or sim.swapped_at is not None
    until = now if is_covered else max(seen)
    since = members[0].first_seen
    if sim.swapped_at is not None:
        # Who dates the last swap now says that there was none since.
        since = min(since, sim.swapped_at)
    latest = max(changes, key=lambda change: change.latest, default=None)
    return Observed(since, until, latest)


def _changes(subscriber: Subscriber, now: int, sim: SimAnswer) -> list[Change]:
    """Every change that was seen; a return to a SIM that was trusted before is none."""
    reference, candidate = subscriber.reference, subscriber.candidate
    members = sorted(reference.members, key=lambda member: member.first_seen)
    changes = []
    for place, member in enumerate(members):
        before = [min(other.last_seen, member.first_seen) for other in members[:place]]
        if before or reference.retired:
            changes.append(Change(max(before, default=0), member.first_seen))
    last = max(member.last_seen for member in members)
    if candidate is not None:
        changes.append(Change(min(last, candidate.first_seen), candidate.first_seen))
    is_known = candidate is not None and sim.imsi is not None and sim.imsi.equals(candidate.imsi)
    if sim.state is SimState.CHANGED and not is_known:
        changes.append(Change(min(max(last, candidate.last_seen if candidate else 0), now), now))
    if sim.swapped_at is not None:
        changes.append(Change(sim.swapped_from or 0, sim.swapped_at))
    return changes


def swapped_within(seen: Observed, now: int, hours: int) -> Swapped:
    """Tell whether the SIM changed in the last `hours`.

    A change that may lie within them counts as one that does. `no` needs the whole period to have been
    watched, with the SIM seen now.
    """
    begin = now - hours * HOUR_S
    if seen.change is not None and seen.change.latest >= begin:
        return Swapped.YES
    if seen.since > begin:
        return Swapped.NOT_WATCHED_SO_LONG
    return Swapped.NO if seen.until >= now else Swapped.NOT_SEEN_NOW
