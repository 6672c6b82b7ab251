"""The IMSI and switch of a number through Infobip Number Lookup (`POST /number/1/query`).

The swap date is another product of theirs and another plug-in (`infobip_sim_swap`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.infobip import InfobipLink, InfobipSettings, refusal, told_of
from security_service.links.json_body import members, text, whole
from security_service.links.map_errors import MAP_ERRORS


@dataclass(frozen=True, kw_only=True)
class InfobipLookupSettings(InfobipSettings):
    """Settings of one `infobip` lookup. Raises ValueError for values that cannot work."""


ERRORS: Final[Mapping[int, NoData]] = {
    **MAP_ERRORS,
    7: NoData.UNAVAILABLE,  # unknown equipment: of the handset, not of the SIM
    8: NoData.BARRED,  # roaming not allowed: abroad, and no message gets there
    12: NoData.BARRED,  # illegal equipment
    20: NoData.UNAVAILABLE,  # a supplementary service that does not fit
    32: NoData.UNAVAILABLE,  # delivery failed
    33: NoData.ABSENT,  # too many messages wait for it already: it has been off for long
    255: NoData.UNAVAILABLE,
    500: NoData.UNAVAILABLE,
    502: NoData.UNAVAILABLE,  # EC_NO_RESPONSE
    503: NoData.UNAVAILABLE,
    504: NoData.UNAVAILABLE,
    # The provider's own lists: it never asks for these numbers.
    2049: NoData.NOT_SUPPORTED,
    2050: NoData.NOT_SUPPORTED,
}
"""`error.id`: the network's own numbers up to 255, the provider's above."""

STATUS_GROUPS: Final[Mapping[int, NoData]] = {
    1: NoData.UNAVAILABLE,  # PENDING: the synchronous call came back before the network did
    2: NoData.UNAVAILABLE,  # UNDELIVERABLE
    4: NoData.UNAVAILABLE,  # EXPIRED
    5: NoData.UNAVAILABLE,  # REJECTED: credits, keys, floods; what concerns the number is below
}
"""`status.groupId` where no error tells more; 3 is DELIVERED."""

REJECTIONS: Final[Mapping[int, NoData]] = {
    6: NoData.NOT_SUPPORTED,  # REJECTED_NETWORK: not for this account
    8: NoData.NOT_SUPPORTED,  # REJECTED_PREFIX_MISSING: no network of theirs has such numbers
    14: NoData.NOT_SUPPORTED,  # REJECTED_DESTINATION: on their black list
    18: NoData.NOT_SUPPORTED,  # REJECTED_DESTINATION_NOT_REGISTERED: a trial account
    19: NoData.NOT_SUPPORTED,  # REJECTED_ROUTE_NOT_AVAILABLE
}
"""`status.id` of rejections that hold for the number whenever it is asked about."""

_DELIVERED: Final = 3


def lookup_answer(source: str, number: Msisdn, reply: HttpReply) -> LookupAnswer:
    """Read the answer to a query about one number."""
    match reply:
        case HttpAnswer():
            if reply.status != 200:
                return SimNotSeen(source, NoData.UNAVAILABLE, refusal(reply))
            results = told_of(reply).get("results")
            rows = [members(row) for row in results] if isinstance(results, list) else []
            if len(rows) != 1 or text(rows[0].get("to")).removeprefix("+") != number.digits:
                return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
            return result_answer(source, rows[0])
        case NotSent() | NoReply():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason.value)
        case _:
            assert_never(reply)


def result_answer(source: str, told: Mapping[str, object]) -> LookupAnswer:
    """Read one result: an error first, then the status, then the IMSI as it stands."""
    status, error = members(told.get("status")), members(told.get("error"))
    operator = _operator(told)
    error_id = whole(error.get("id"))
    if error_id:
        return SimNotSeen(source, _error_class(error_id, error), f"error_{error_id}", operator)
    group, status_id = whole(status.get("groupid")), whole(status.get("id"))
    if group != _DELIVERED:
        by_group = STATUS_GROUPS.get(group or 0, NoData.UNAVAILABLE)
        no_data = REJECTIONS.get(status_id or 0, by_group) if group == 5 else by_group
        return SimNotSeen(source, no_data, f"status_{status_id}", operator)
    imsi = text(told.get("imsi")).strip()
    if not imsi:
        return SimNotSeen(source, NoData.UNTRUSTED, "imsi_missing", operator)
    roaming = told.get("roaming")
    return SimSeen(
        source,
        Imsi(imsi),
        # The product is a question to the network at this moment; it has no other mode.
        Liveness.LIVE,
        mcc_mnc=operator,
        msc=text(told.get("servingmsc"))[:20],
        roaming=roaming if isinstance(roaming, bool) else None,
    )


def _error_class(error_id: int, error: Mapping[str, object]) -> NoData:
    """An error that nobody listed: a permanent one will be the same at every question about the number."""
    known = ERRORS.get(error_id)
    if known is not None:
        return known
    return NoData.NOT_SUPPORTED if error.get("permanent") is True else NoData.UNAVAILABLE


def _operator(told: Mapping[str, object]) -> str:
    mcc_mnc = text(told.get("mccmnc"))
    return mcc_mnc if mcc_mnc.isascii() and mcc_mnc.isdigit() and len(mcc_mnc) in {5, 6} else ""


class InfobipLookup:
    """Asks for one number and waits for the answer. Implements the port `SimLookup`; safe between threads."""

    def __init__(self, name: str, settings: InfobipLookupSettings) -> None:
        self._name = name
        self._link = InfobipLink(settings)

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask which SIM a number has now, within `within_s` seconds in all."""
        reply = self._link.post("/number/1/query", {"to": [number.digits]}, within_s)
        return lookup_answer(self._name, number, reply)
