"""The IMSI and switch of a number from a real HLR: osmo-hlr, over its control port.

For private networks and for trials with a real register; leaves framing to `links/osmo_ctrl.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn
from security_service.links.http_answer import NoReply, NotSent
from security_service.links.http_link import is_loopback
from security_service.links.osmo_ctrl import DEFAULT_PORT, CtrlError, CtrlLink, CtrlReply, CtrlValue


@dataclass(frozen=True, kw_only=True)
class OsmoHlrSettings:
    """Settings of one `osmo_hlr` lookup. Raises ValueError for values that cannot work."""

    host: str = field(default="127.0.0.1", metadata={"help": "address of the HLR's control port"})
    port: int = field(default=DEFAULT_PORT, metadata={"help": "its port", "least": 1, "most": 65_535})
    mcc_mnc: str = field(
        default="", metadata={"help": "MCC-MNC of the HLR's network, told of IMSIs that begin with it"}
    )
    home_switches: str = field(
        default="",
        metadata={"help": "what names of switches at home begin with; others are roaming; empty: not told"},
    )
    connect_s: float = field(
        default=1.0, metadata={"help": "seconds to connect; within the deadline of the question"}
    )
    max_idle_s: float = field(
        default=30.0, metadata={"help": "seconds after which an unused connection is not used again"}
    )
    plain_tcp: bool = field(
        default=False,
        metadata={"help": "allow a host that is not on loopback; the port knows neither login nor TLS"},
    )

    def __post_init__(self) -> None:
        if not is_loopback(self.host) and not self.plain_tcp:
            raise ValueError("host must be on loopback unless plain_tcp is set")
        if self.mcc_mnc and not (
            self.mcc_mnc.isascii() and self.mcc_mnc.isdigit() and len(self.mcc_mnc) in {5, 6}
        ):
            raise ValueError("mcc_mnc must be five or six digits")
        if self.connect_s <= 0 or self.max_idle_s < 0:
            raise ValueError("connect_s must be above 0 and max_idle_s not under 0")


ERRORS: Final[Mapping[str, NoData]] = {
    "No such subscriber.": NoData.UNKNOWN_SUBSCRIBER,
}
"""Words of the HLR that tell of a number; all others tell that it could not be asked."""

STATES: Final[tuple[tuple[str, str, NoData], ...]] = (
    # No short messages for a subscription without the circuit-switched part of the network.
    ("nam_cs", "0", NoData.BARRED),
    # The switch has forgotten the phone: it was off or away for long.
    ("ms_purged_cs", "1", NoData.ABSENT),
)
"""Members of the HLR's answer, and the value with which a message would not arrive; the first decides."""

_LONGEST_SWITCH: Final = 20


def info_members(told: str) -> dict[str, str]:
    """Read the lines `name<TAB>value` of an answer to `info`."""
    pairs = (line.split("\t", 1) for line in told.splitlines() if "\t" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def info_answer(
    source: str, told: Mapping[str, str], number: Msisdn, settings: OsmoHlrSettings
) -> LookupAnswer:
    """Read the members of an answer; the IMSI is passed on as it stands."""
    if told.get("msisdn", number.digits) != number.digits:
        return SimNotSeen(source, NoData.UNAVAILABLE, "another_number")
    for name, value, no_data in STATES:
        if told.get(name) == value:
            return SimNotSeen(source, no_data, f"{name}_{value}", _operator(told.get("imsi", ""), settings))
    imsi, switch = told.get("imsi", ""), told.get("vlr_number", "")
    if not imsi:
        return SimNotSeen(source, NoData.UNTRUSTED, "imsi_missing")
    roaming = None
    if switch and settings.home_switches:
        roaming = not switch.startswith(settings.home_switches)
    return SimSeen(
        source,
        Imsi(imsi),
        Liveness.LIVE,
        mcc_mnc=_operator(imsi, settings),
        msc=switch[:_LONGEST_SWITCH],
        roaming=roaming,
    )


def _operator(imsi: str, settings: OsmoHlrSettings) -> str:
    return settings.mcc_mnc if settings.mcc_mnc and imsi.startswith(settings.mcc_mnc) else ""


class OsmoHlrLookup:
    """Asks for the subscriber of a number. Implements the port `SimLookup`; safe between threads."""

    def __init__(self, name: str, settings: OsmoHlrSettings) -> None:
        self._name = name
        self._settings = settings
        self._link = CtrlLink(
            settings.host, settings.port, connect_s=settings.connect_s, max_idle_s=settings.max_idle_s
        )

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask which SIM a number has now, within `within_s` seconds in all."""
        # The number becomes part of a command: nothing but digits may get into it.
        if not (number.digits.isascii() and number.digits.isdigit()):
            return SimNotSeen(self._name, NoData.NOT_SUPPORTED, "number_not_digits")
        reply: CtrlReply = self._link.get(f"subscriber.by-msisdn-{number.digits}.info", within_s)
        match reply:
            case CtrlValue():
                return info_answer(self._name, info_members(reply.text), number, self._settings)
            case CtrlError():
                no_data = ERRORS.get(reply.words.strip(), NoData.UNAVAILABLE)
                is_known = no_data is not NoData.UNAVAILABLE
                return SimNotSeen(self._name, no_data, "no_such_subscriber" if is_known else "hlr_error")
            case NotSent() | NoReply():
                return SimNotSeen(self._name, NoData.UNAVAILABLE, reply.reason.value)
            case _:
                assert_never(reply)
