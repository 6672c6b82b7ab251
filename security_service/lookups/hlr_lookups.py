"""The IMSI and switch of a number from hlr-lookups.com, API v2 (`POST /hlr-lookup`).

Only what the provider got from the HLR now (`data_source` LIVE_HLR) may decide: its other routes answer
from portability data, which a swapped SIM does not change. Leaves masked IMSIs to the domain.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, assert_never

from security_service.domain.imsi import is_whole_imsi
from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn, Secret
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_settings import HttpPeerSettings
from security_service.links.json_body import members, read_json, text, whole
from security_service.links.map_errors import MAP_ERRORS

_RESOURCE: Final = "/hlr-lookup"


@dataclass(frozen=True, kw_only=True)
class HlrLookupsSettings(HttpPeerSettings):
    """Settings of one `hlr_lookups` lookup. Raises ValueError for values that cannot work."""

    api_key: str = field(metadata={"help": "API key of the account"})
    api_secret: Secret = field(metadata={"help": "API secret of the account", "secret": True})
    base_url: str = field(
        default="https://www.hlr-lookups.com/api/v2",
        metadata={"help": "where the service is, without the resource"},
    )
    route: str = field(
        default="",
        metadata={"help": "route to ask by, one that asks the HLR itself; empty: the account's own"},
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the provider allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.api_key.isascii() or not self.api_key.isprintable() or not self.api_key:
            raise ValueError("api_key must be printable ASCII")
        if not self.api_secret.reveal():
            raise ValueError("api_secret must not be empty")


LIVE: Final = "LIVE_HLR"
"""The one `data_source` whose word may decide."""

STATUSES: Final[Mapping[str, NoData | None]] = {
    "CONNECTED": None,
    "ABSENT": NoData.ABSENT,
    "INVALID_MSISDN": NoData.UNKNOWN_SUBSCRIBER,
    # No connectivity, an error or an invalid number: their own table tells no more.
    "UNDETERMINED": NoData.UNAVAILABLE,
}
"""`connectivity_status`; None where the number is there and the IMSI should be."""


def digest_headers(api_key: str, api_secret: Secret, body: str, timestamp: int) -> dict[str, str]:
    """Sign a POST to the resource: HMAC-SHA256 over path, time, method and body, without separators.

    The path is that under the base URL, as the provider's own clients sign it.
    """
    signed = f"{_RESOURCE}{timestamp}POST{body}".encode()
    return {
        "X-Digest-Key": api_key,
        "X-Digest-Timestamp": str(timestamp),
        "X-Digest-Signature": hmac.new(api_secret.reveal().encode(), signed, sha256).hexdigest(),
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def request_body(number: Msisdn, route: str) -> str:
    """Give the body of the request for one number."""
    asked = {"msisdn": f"+{number.digits}", **({"route": route} if route else {})}
    return json.dumps(asked, separators=(",", ":"))


def lookup_answer(source: str, number: Msisdn, reply: HttpReply) -> LookupAnswer:
    """Read the answer to `/hlr-lookup`."""
    match reply:
        case HttpAnswer():
            if reply.status != 200:
                return SimNotSeen(source, NoData.UNAVAILABLE, f"http_{reply.status}")
            return _told(source, number, members(read_json(reply.body)))
        case NotSent() | NoReply():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason.value)
        case _:
            assert_never(reply)


def _told(source: str, number: Msisdn, told: Mapping[str, object]) -> LookupAnswer:
    status, about = text(told.get("connectivity_status")), text(told.get("msisdn"))
    if status not in STATUSES or about.removeprefix("+") != number.digits:
        return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
    if text(told.get("processing_status")) != "COMPLETED":
        return SimNotSeen(source, NoData.UNAVAILABLE, "not_completed")
    operator, country = _operator(told), _country(told)
    live = text(told.get("data_source")) == LIVE
    imsi = text(told.get("imsi")).strip()
    no_data = STATUSES[status]
    # The HLR may name the SIM of a phone that is off, and then the SIM is what counts.
    if imsi and (no_data is None or (no_data is NoData.ABSENT and is_whole_imsi(imsi))):
        roaming = told.get("is_roaming")
        return SimSeen(
            source,
            Imsi(imsi),
            Liveness.LIVE if live else Liveness.CACHED,
            mcc_mnc=operator,
            msc=text(told.get("msc"))[:20],
            country=country,
            roaming=roaming if isinstance(roaming, bool) else None,
        )
    if not live:
        # Nothing of what such a route says of a number is the network's word, its absence included.
        return SimNotSeen(source, NoData.UNTRUSTED, "not_live", operator, country)
    if no_data is None:
        return SimNotSeen(source, NoData.UNTRUSTED, "imsi_missing", operator, country)
    error = whole(told.get("error_code"))
    if error is not None and error in MAP_ERRORS:
        return SimNotSeen(source, MAP_ERRORS[error], f"map_{error}", operator, country)
    return SimNotSeen(source, no_data, status.lower(), operator, country)


def _operator(told: Mapping[str, object]) -> str:
    mcc_mnc = text(told.get("mccmnc"))
    return mcc_mnc if mcc_mnc.isascii() and mcc_mnc.isdigit() and len(mcc_mnc) in {5, 6} else ""


def _country(told: Mapping[str, object]) -> str:
    """The country of the number's network: the one it was ported to, where it was."""
    name = "ported_country_code" if told.get("is_ported") is True else "original_country_code"
    country = text(told.get(name))
    return country if country.isascii() and country.isupper() and len(country) == 2 else ""


class HlrLookupsLookup:
    """Asks for one number and waits for the answer. Implements the port `SimLookup`; safe between threads.

    `now` gives Unix seconds, which the signature holds.
    """

    def __init__(
        self, name: str, settings: HlrLookupsSettings, *, now: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._link = settings.link()

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask which SIM a number has now, within `within_s` seconds in all."""
        settings = self._settings
        body = request_body(number, settings.route)
        headers = digest_headers(settings.api_key, settings.api_secret, body, int(self._now()))
        reply = self._link.post(_RESOURCE, body.encode(), headers, within_s)
        return lookup_answer(self._name, number, reply)
