"""The Flights port: two lookups of one number in flight are one, across processes."""

from __future__ import annotations

from typing import Final

from security_service.domain.ports import Chance, Clock, Flight
from security_service.domain.secret import Msisdn
from security_service.store.frame import StoreFrame, words
from security_service.store.scripts import load

_POLL_S: Final = 0.02


class StoredFlights:
    """A flight is a key with a lease; its landing is read by those who waited, by nobody later."""

    def __init__(self, frame: StoreFrame, clock: Clock, chance: Chance) -> None:
        self._frame, self._clock, self._chance = frame, clock, chance
        self._join, self._land = load("join_flight"), load("land_flight")

    def join(self, tenant: str, number: Msisdn, lease_s: float) -> Flight:
        """Take the flight, or learn the name of the one that another caller has."""
        keys = self._frame.layout.of(tenant, number)
        name = self._chance.token()
        reply = self._frame.scripts.run(
            self._join, [keys.of_number("flight")], [name, max(int(lease_s * 1000), 1)]
        )
        under_way = words(reply[0])
        return Flight(under_way, under_way == name)

    def land(self, tenant: str, number: Msisdn, flight: Flight, answer: str) -> None:
        """Leave the answer for those who wait, for a few seconds, and end the flight."""
        keys = self._frame.layout.of(tenant, number)
        places = [keys.of_number("flight"), keys.of_number(_landing(flight))]
        self._frame.scripts.run(self._land, places, [flight.name, answer])

    def wait(self, tenant: str, number: Msisdn, flight: Flight, within_s: float) -> str:
        """Wait for another caller's answer; empty where none came in time."""
        landing = self._frame.layout.of(tenant, number).of_number(_landing(flight))
        ends = self._clock.monotonic() + within_s
        while self._clock.monotonic() < ends:
            reply = self._frame.scripts.command("GET", landing)
            if isinstance(reply, bytes):
                return reply.decode("utf-8")
            self._clock.pause(_POLL_S)
        return ""


def _landing(flight: Flight) -> str:
    """Each flight lands at a place of its own: the next one may land before all who waited have looked."""
    return f"landing.{flight.name}"
