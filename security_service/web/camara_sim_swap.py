"""SIM Swap 2.1 of CAMARA at /sim-swap/v2: decode, one use case, encode; what was seen is for the domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response

from security_service.domain.oauth_clients import CHECK_SCOPE, DATE_SCOPE, SIM_SWAP_SCOPE
from security_service.domain.ports import Chance
from security_service.domain.sim_swap import LEAST_AGE_H, MOST_AGE_H, USUAL_AGE_H
from security_service.usecases.tell_sim_swap import SwapDate, SwapUntold, WatchedForLess
from security_service.web.camara_answers import (
    CamaraError,
    CamaraRefusal,
    Json,
    answered,
    body_members,
    camara_blueprint,
    number_member,
)
from security_service.web.camara_services import CamaraServices, caller_with

BLUEPRINT: Final = "camara_sim_swap"

_UNTOLD: Final[Mapping[SwapUntold, CamaraError]] = {
    SwapUntold.NO_SUCH_NUMBER: CamaraError.IDENTIFIER_NOT_FOUND,
    SwapUntold.NEVER_SEEN: CamaraError.NOT_APPLICABLE,
    SwapUntold.NOT_SEEN_NOW: CamaraError.NOT_APPLICABLE,
    SwapUntold.UNAVAILABLE: CamaraError.UNAVAILABLE,
    SwapUntold.TOO_MANY_REQUESTS: CamaraError.TOO_MANY_REQUESTS,
}


def create_camara_sim_swap(camara: CamaraServices, chance: Chance) -> Blueprint:
    """Give the blueprint; access is by the token of each request."""
    blueprint = camara_blueprint(BLUEPRINT, "/sim-swap/v2", chance)

    @blueprint.post("/check")
    def check() -> Response:
        """Tell whether the SIM changed within the last hours."""
        caller = caller_with(camara.tokens, CHECK_SCOPE, SIM_SWAP_SCOPE)
        members = body_members()
        hours = _hours(members)
        number = number_member(members, is_required_by_schema=False)
        told = camara.sim_swap.check(caller.tenant, caller.client.id, number, hours)
        if isinstance(told, WatchedForLess):
            message = f"This number is watched for {told.hours} hours: maxAge must not be more."
            raise CamaraRefusal(CamaraError.OUT_OF_RANGE, message)
        if isinstance(told, SwapUntold):
            raise CamaraRefusal(_UNTOLD[told])
        return answered({"swapped": told})

    @blueprint.post("/retrieve-date")
    def retrieve_date() -> Response:
        """Tell when the SIM changed last."""
        caller = caller_with(camara.tokens, DATE_SCOPE, SIM_SWAP_SCOPE)
        number = number_member(body_members(), is_required_by_schema=False)
        told = camara.sim_swap.date(caller.tenant, caller.client.id, number)
        if isinstance(told, SwapUntold):
            raise CamaraRefusal(_UNTOLD[told])
        return answered(_document(told))

    return blueprint


def _hours(members: Mapping[str, object]) -> int:
    """Give `maxAge`: another type is an invalid argument, a whole number of hours out of range says so."""
    value = members.get("maxAge", USUAL_AGE_H)
    if isinstance(value, bool) or not isinstance(value, int):
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, "maxAge must be a whole number of hours.")
    if not LEAST_AGE_H <= value <= MOST_AGE_H:
        raise CamaraRefusal(CamaraError.OUT_OF_RANGE, f"maxAge must be {LEAST_AGE_H} to {MOST_AGE_H}.")
    return value


def _document(told: SwapDate) -> Mapping[str, Json]:
    if told.at is None:
        return {"latestSimChange": None, "monitoredPeriod": told.days}
    moment = datetime.fromtimestamp(told.at, UTC).isoformat(timespec="milliseconds")
    return {"latestSimChange": moment.replace("+00:00", "Z")}
