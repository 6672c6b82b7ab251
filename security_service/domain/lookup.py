"""What a source answers when asked whose SIM a number has now; leaves judging it to the gate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from security_service.domain.secret import Imsi


class NoData(StrEnum):
    """Why there is no usable IMSI (design, section 1); never mixed up with an answer."""

    UNKNOWN_SUBSCRIBER = "unknown_subscriber"
    ABSENT = "absent"
    BARRED = "barred"
    NOT_SUPPORTED = "not_supported"
    UNTRUSTED = "untrusted"
    INCOMPARABLE = "incomparable"
    UNAVAILABLE = "unavailable"


class Liveness(StrEnum):
    """Whether the source asked the network for this answer; only `live` may decide."""

    LIVE = "live"
    CACHED = "cached"
    NOT_STATED = "not_stated"


@dataclass(frozen=True, slots=True)
class SimSeen:
    """A source named the SIM.

    `representation` is `imsi` for digits, else the source's name. `mcc_mnc` is five or six
    digits or empty; `country` ISO 3166 alpha-2 or empty; `swapped_at` Unix seconds or None.
    """

    source: str
    imsi: Imsi
    liveness: Liveness
    representation: str = "imsi"
    mcc_mnc: str = ""
    msc: str = ""
    country: str = ""
    roaming: bool | None = None
    swapped_at: int | None = None


@dataclass(frozen=True, slots=True)
class SimNotSeen:
    """A source answered without an IMSI, or did not answer; `detail` is its own short code."""

    source: str
    no_data: NoData
    detail: str
    mcc_mnc: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Reachable:
    """A source that never gives an IMSI says the number is reachable: it decides nothing."""

    source: str
    operator: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class SwapDated:
    """A source that never names the SIM dates the number's last change of it: a stretch, not a point.

    The change lies between `earliest` and `latest` (Unix seconds, both included); `earliest` is None
    where the source only knows of none after `latest`. `monitored_days` is how far back it looks,
    where it told. A source whose answer proves nothing gives `SimNotSeen` instead.
    """

    source: str
    liveness: Liveness
    latest: int
    earliest: int | None = None
    monitored_days: int | None = None
    mcc_mnc: str = ""
    country: str = ""


LookupAnswer = SimSeen | SimNotSeen | Reachable | SwapDated
