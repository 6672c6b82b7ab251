"""Sim Swap Subscriptions 0.2 of CAMARA at /sim-swap-subscriptions/v0.2: decode, one use case, encode."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response

from security_service.domain.oauth_clients import (
    SUBSCRIPTIONS_DELETE_SCOPE,
    SUBSCRIPTIONS_READ_SCOPE,
    SWAPPED_SCOPE,
)
from security_service.domain.ports import Chance
from security_service.domain.secret import Secret
from security_service.domain.swap_subscriptions import SWAPPED, SwapRequest, SwapSubscription, moment_text
from security_service.usecases.keep_swap_subscriptions import NotSubscribed
from security_service.web.camara_answers import (
    CamaraError,
    CamaraRefusal,
    Json,
    answered,
    body_members,
    camara_blueprint,
    number_member,
    refuse_bad_correlator,
    text_member,
)
from security_service.web.camara_services import CamaraServices, caller_with
from security_service.web.secured_response import SecuredResponse

BLUEPRINT: Final = "camara_swap_subscriptions"

_LONGEST_SINK: Final = 2048
_LONGEST_TOKEN: Final = 4096
_MOST_EVENTS: Final = 1_000_000
_NOT_MADE: Final[Mapping[NotSubscribed, CamaraError]] = {
    NotSubscribed.NO_SUCH_NUMBER: CamaraError.IDENTIFIER_NOT_FOUND,
    NotSubscribed.SINK: CamaraError.INVALID_SINK,
    NotSubscribed.ALREADY_OVER: CamaraError.INVALID_ARGUMENT,
    NotSubscribed.TOO_MANY: CamaraError.TOO_MANY_REQUESTS,
}


def create_camara_subscriptions(camara: CamaraServices, chance: Chance) -> Blueprint:
    """Give the blueprint; access is by the token of each request."""
    blueprint = camara_blueprint(BLUEPRINT, "/sim-swap-subscriptions/v0.2", chance)

    @blueprint.post("/subscriptions")
    def subscribe() -> Response:
        """Subscribe to the SIM swaps of a number."""
        caller = caller_with(camara.tokens, SWAPPED_SCOPE)
        made = camara.subscriptions.create(caller.tenant, caller.client.id, _asked(body_members()))
        if isinstance(made, NotSubscribed):
            raise CamaraRefusal(_NOT_MADE[made])
        return answered(_document(made), HTTPStatus.CREATED)

    @blueprint.get("/subscriptions")
    def list_subscriptions() -> Response:
        """Give the client's own subscriptions."""
        caller = caller_with(camara.tokens, SUBSCRIPTIONS_READ_SCOPE)
        refuse_bad_correlator()
        found = camara.subscriptions.listed(caller.tenant, caller.client.id)
        return answered([_document(one) for one in found])

    @blueprint.get("/subscriptions/<subscription_id>")
    def show(subscription_id: str) -> Response:
        """Give one of the client's own."""
        caller = caller_with(camara.tokens, SUBSCRIPTIONS_READ_SCOPE)
        refuse_bad_correlator()
        found = camara.subscriptions.find(caller.tenant, caller.client.id, subscription_id)
        if found is None:
            raise CamaraRefusal(CamaraError.NOT_FOUND)
        return answered(_document(found))

    @blueprint.delete("/subscriptions/<subscription_id>")
    def delete(subscription_id: str) -> Response:
        """End one of the client's own."""
        caller = caller_with(camara.tokens, SUBSCRIPTIONS_DELETE_SCOPE)
        refuse_bad_correlator()
        if not camara.subscriptions.delete(caller.tenant, caller.client.id, subscription_id):
            raise CamaraRefusal(CamaraError.NOT_FOUND)
        return SecuredResponse(b"", HTTPStatus.NO_CONTENT.value)

    return blueprint


def _asked(members: Mapping[str, object]) -> SwapRequest:
    """Read the body; raises CamaraRefusal."""
    if text_member(members, "protocol", 16) != "HTTP":
        raise CamaraRefusal(CamaraError.INVALID_PROTOCOL)
    sink = text_member(members, "sink", _LONGEST_SINK)
    types = members.get("types")
    if isinstance(types, list) and len(types) > 1:
        raise CamaraRefusal(CamaraError.MULTIEVENT)
    if types != [SWAPPED]:
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, f"types must be [{SWAPPED}].")
    token, token_ends_ms = _credential(members)
    config = _object(members, "config")
    most = config.get("subscriptionMaxEvents")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int)):
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, "subscriptionMaxEvents must be a whole number.")
    if most is not None and not 1 <= most <= _MOST_EVENTS:
        raise CamaraRefusal(CamaraError.OUT_OF_RANGE, f"subscriptionMaxEvents must be 1 to {_MOST_EVENTS}.")
    if config.get("initialEvent", False) is not False:
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, "initialEvent can only be false.")
    ends_ms = _moment(config, "subscriptionExpireTime") if "subscriptionExpireTime" in config else 0
    number = number_member(_object(config, "subscriptionDetail"), is_required_by_schema=False)
    return SwapRequest(number, sink, ends_ms, most or 0, token, token_ends_ms)


def _credential(members: Mapping[str, object]) -> tuple[Secret | None, int]:
    """Give the token that the sink wants and when it ends (Unix ms); raises CamaraRefusal."""
    if "sinkCredential" not in members:
        return None, 0
    told = _object(members, "sinkCredential")
    if told.get("credentialType") != "ACCESSTOKEN":
        raise CamaraRefusal(CamaraError.INVALID_CREDENTIAL)
    if told.get("accessTokenType") != "bearer":
        raise CamaraRefusal(CamaraError.INVALID_TOKEN)
    token = text_member(told, "accessToken", _LONGEST_TOKEN)
    # It becomes a header: what is no visible ASCII would end it, or begin another.
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise CamaraRefusal(CamaraError.INVALID_TOKEN)
    return Secret(token), _moment(told, "accessTokenExpiresUtc")


def _object(members: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = members.get(name)
    if not isinstance(value, dict):
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, f"{name} must be an object.")
    return value


def _moment(members: Mapping[str, object], name: str) -> int:
    """Give a moment with its zone (RFC 3339) in Unix milliseconds; raises CamaraRefusal."""
    text = text_member(members, name, 40)
    try:
        moment = datetime.fromisoformat(text)
        unix_ms = round(moment.timestamp() * 1000) if moment.tzinfo is not None else 0
    except (ValueError, OverflowError):
        unix_ms = 0
    if unix_ms <= 0:
        raise CamaraRefusal(CamaraError.INVALID_ARGUMENT, f"{name} must be a moment with a zone (RFC 3339).")
    return unix_ms


def _document(one: SwapSubscription) -> Mapping[str, Json]:
    """Give a subscription; its credential is never told."""
    config: dict[str, Json] = {"subscriptionDetail": {"phoneNumber": f"+{one.number.digits}"}}
    if one.asked_end_ms:
        config["subscriptionExpireTime"] = moment_text(one.asked_end_ms)
    if one.most_events:
        config["subscriptionMaxEvents"] = one.most_events
    return {
        "id": one.id,
        "protocol": "HTTP",
        "sink": one.sink,
        "types": [SWAPPED],
        "config": config,
        "startsAt": moment_text(one.starts_ms),
        "expiresAt": moment_text(one.ends_ms),
        "status": "ACTIVE",
    }
