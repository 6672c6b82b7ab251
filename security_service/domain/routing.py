"""Which gateways a message is offered to, and in which order; leaves offering it to the use cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from security_service.domain.messages import Channel
from security_service.domain.secret import Msisdn

ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Leg:
    """One gateway of a route. Of the legs of one channel each comes first as often as its weight says."""

    gateway: str = field(metadata={"help": "name of the gateway"})
    weight: int = field(default=1, metadata={"help": "share of its channel's traffic", "least": 0})

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError("weight must not be negative")


@dataclass(frozen=True, slots=True)
class Route:
    """The gateways for some numbers: those that fit every list that is not empty.

    Operators are MCC-MNCs as the lookup told them; a number whose operator nobody told fits only
    routes without operators.
    """

    legs: tuple[Leg, ...] = field(metadata={"help": "gateways with their weights"})
    prefixes: tuple[str, ...] = field(default=(), metadata={"help": "numbers that begin so, digits only"})
    countries: tuple[str, ...] = field(default=(), metadata={"help": "ISO 3166 countries of numbers"})
    operators: tuple[str, ...] = field(default=(), metadata={"help": "MCC-MNCs such as 25001"})

    def fits(self, number: Msisdn, country: str, operator: str) -> bool:
        """Tell whether this route is for a number."""
        return (
            (not self.prefixes or number.digits.startswith(self.prefixes))
            and (not self.countries or country in self.countries)
            and (not self.operators or operator in self.operators)
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configured gateway as routing sees it.

    `is_away` says that codes stopped arriving through it for the operator at hand, `is_broken`
    that it stopped answering; both send it behind the others of its channel, not out of the route.
    """

    name: str
    channel: Channel
    is_away: bool = False
    is_broken: bool = False


def legs_for(
    routes: Sequence[Route], fallback: Sequence[Leg], number: Msisdn, country: str, operator: str
) -> Sequence[Leg]:
    """Give the legs of the first route that fits, else `fallback`."""
    return next((route.legs for route in routes if route.fits(number, country, operator)), fallback)


def order(
    legs: Sequence[Leg],
    known: Callable[[str], Candidate | None],
    channels: Sequence[Channel],
    draw: Callable[[], float],
) -> list[str]:
    """Give the names of gateways in the order in which a message is offered to them.

    Channels come in the order of `channels`; others are left out. Within one the legs are drawn
    by weight without replacement (`draw` gives numbers from 0 up to 1), healthy ones first; a
    leg of weight 0 is only taken when all others of its channel failed. Names that no
    configured gateway has are passed over.
    """
    ordered: list[str] = []
    for channel in channels:
        here = [
            (leg, gateway)
            for leg in legs
            if (gateway := known(leg.gateway)) is not None and gateway.channel is channel
        ]
        for is_ill in (False, True):
            group = [leg for leg, gateway in here if (gateway.is_away or gateway.is_broken) is is_ill]
            ordered += _drawn(group, draw)
    return ordered


def _drawn(legs: Sequence[Leg], draw: Callable[[], float]) -> list[str]:
    left = [leg for leg in legs if leg.weight > 0]
    drawn: list[str] = []
    while left:
        point = draw() * sum(leg.weight for leg in left)
        for leg in left:
            point -= leg.weight
            if point < 0:
                break
        drawn.append(leg.gateway)
        left.remove(leg)
    return drawn + [leg.gateway for leg in legs if leg.weight == 0]
