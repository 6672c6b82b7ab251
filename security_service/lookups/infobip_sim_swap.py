"""When a number last changed its SIM, through Infobip Mobile Identity (`POST /mi/simswap/1/check`).

It never names the SIM: its answer stands beside that of another source, or alone dates a change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SwapDated
from security_service.domain.secret import Msisdn
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.infobip import InfobipLink, InfobipSettings, error_name, refusal, told_of
from security_service.links.json_body import members, text, whole
from security_service.links.swap_dates import NoDate, Stretch, between, none_within, read_moment, within

_LONGEST_PERIOD_H: Final = 2400


@dataclass(frozen=True, kw_only=True)
class InfobipSimSwapSettings(InfobipSettings):
    """Settings of one `infobip_sim_swap` lookup. Raises ValueError for values that cannot work."""

    period_h: int = field(
        default=240,
        metadata={"help": "hours back that are asked about", "least": 1, "most": _LONGEST_PERIOD_H},
    )
    consent: bool = field(
        default=False,
        metadata={"help": "the subscribers have agreed to be asked about; without it nothing is asked"},
    )


ERRORS: Final[Mapping[str, NoData]] = {
    "EC_NO_COVERAGE": NoData.NOT_SUPPORTED,
    "EC_UNKNOWN_SUBSCRIBER": NoData.UNKNOWN_SUBSCRIBER,
    "EC_CONSENT_NOT_GRANTED": NoData.NOT_SUPPORTED,
    "NO_ERROR": NoData.NOT_SUPPORTED,
}
"""`error.name` beside a `simSwapOccurred` of null; any other is a fault of the moment."""


def swap_answer(source: str, reply: HttpReply, period_h: int, now: int) -> LookupAnswer:
    """Read the answer about `period_h` hours; `now` is Unix seconds. A null is never taken for a no."""
    match reply:
        case HttpAnswer():
            told = told_of(reply)
            occurred = told.get("simswapoccurred")
            if reply.status == 200 and isinstance(occurred, bool):
                return _dated(source, told, period_h, now, occurred=occurred)
            name = error_name(told)
            if name in ERRORS:
                return SimNotSeen(source, ERRORS[name], name.lower())
            if name:
                return SimNotSeen(source, NoData.UNAVAILABLE, name.lower())
            if reply.status != 200:
                return SimNotSeen(source, NoData.UNAVAILABLE, refusal(reply))
            if "simswapoccurred" in told and occurred is None:
                return SimNotSeen(source, NoData.NOT_SUPPORTED, "swap_not_known")
            return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
        case NotSent() | NoReply():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason.value)
        case _:
            assert_never(reply)


def _dated(
    source: str, told: Mapping[str, object], period_h: int, now: int, *, occurred: bool
) -> LookupAnswer:
    stretch = _stretch(members(told.get("networkinfo")), period_h, now, occurred=occurred)
    if isinstance(stretch, NoDate):
        return SimNotSeen(source, NoData.UNTRUSTED, stretch.value)
    return SwapDated(source, Liveness.LIVE, stretch.latest, stretch.earliest, period_h // 24)


def _stretch(network: Mapping[str, object], period_h: int, now: int, *, occurred: bool) -> Stretch | NoDate:
    """The moment where the network gives one, else its band of hours, else the period asked about."""
    if not occurred:
        return none_within(period_h, now)
    moment = text(network.get("simswaptimestamp"))
    read = read_moment(moment, now) if moment else NoDate.SENTINEL
    if read is not NoDate.SENTINEL:
        return read
    start, end = (whole(network.get(f"simswapperiod{side}hours")) for side in ("start", "end"))
    if start is not None and end is not None and min(start, end) >= 0:
        return between(start, end, now)
    return within(period_h, now)


class InfobipSimSwapLookup:
    """Asks whether, and when, a SIM was swapped. Implements the port `SimLookup`; safe between threads.

    `now` gives Unix seconds, which hours are counted back from.
    """

    def __init__(
        self, name: str, settings: InfobipSimSwapSettings, *, now: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._link = InfobipLink(settings)

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask when a number last changed its SIM, within `within_s` seconds in all."""
        if not self._settings.consent:
            return SimNotSeen(self._name, NoData.NOT_SUPPORTED, "no_consent")
        asked = {
            "phoneNumber": number.digits,
            "period": self._settings.period_h,
            "consentGranted": True,
        }
        reply = self._link.post("/mi/simswap/1/check", asked, within_s)
        return swap_answer(self._name, reply, self._settings.period_h, int(self._now()))
