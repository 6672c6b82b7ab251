"""The token endpoint and the discovery document of the Open Gateway faces (RFC 6749, RFC 7523, RFC 8414)."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Final

import structlog
from flask import Blueprint, Response, request

from security_service.domain.errors import StoreUnavailable
from security_service.domain.oauth_clients import SCOPES
from security_service.domain.secret import Secret
from security_service.usecases.grant_token import TokenRefusal
from security_service.web.callers import ClientAddresses, Network
from security_service.web.camara_services import CamaraServices
from security_service.web.secured_response import SecuredResponse

BLUEPRINT: Final = "oauth"
DISCOVERY: Final = "oauth_discovery"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_ALGORITHMS: Final = ("ES256", "PS256", "RS256")
_TAKEN: Final = ("grant_type", "client_assertion_type", "client_assertion", "client_id", "scope")

_log = structlog.get_logger(__name__)


class _Refused(Exception):
    """Ends a request with an error of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        self.error, self.description, self.status = error, description, status
        super().__init__(error)


def create_oauth(camara: CamaraServices, trusted_proxies: tuple[Network, ...]) -> Blueprint:
    """Give the blueprint of the token endpoint; the client is known by the assertion that it signs."""
    blueprint = Blueprint(BLUEPRINT, __name__)
    addresses = ClientAddresses(trusted_proxies)

    @blueprint.post("/oauth2/token")
    def token() -> Response:
        """Give an access token for an assertion."""
        form = _form()
        address = addresses.of(request.environ)
        assertion = Secret(form["client_assertion"])
        given = camara.tokens.run(assertion, form["client_id"], form["scope"], address)
        if given is TokenRefusal.CLIENT:
            raise _Refused(given.value, "The client is not known by this assertion.", HTTPStatus.UNAUTHORIZED)
        if isinstance(given, TokenRefusal):
            raise _Refused(given.value, "The client may not have these scopes.")
        return _written(
            {
                "access_token": given.token.reveal(),
                "token_type": "Bearer",
                "expires_in": given.life_s,
                "scope": " ".join(sorted(given.scopes)),
            }
        )

    blueprint.register_error_handler(_Refused, _refused)
    blueprint.register_error_handler(StoreUnavailable, _store_away)
    blueprint.register_error_handler(Exception, _unforeseen)
    return blueprint


def create_discovery(camara: CamaraServices) -> Blueprint:
    """Give the blueprint of the discovery document, at both of its usual places."""
    blueprint = Blueprint(DISCOVERY, __name__)

    def discovery() -> Response:
        """Say where tokens are to be had, and how."""
        return _written(
            {
                "issuer": camara.issuer,
                "token_endpoint": camara.token_endpoint,
                "grant_types_supported": ["client_credentials"],
                "response_types_supported": [],
                "scopes_supported": list(SCOPES),
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": list(_ALGORITHMS),
            }
        )

    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        blueprint.add_url_rule(path, view_func=discovery, methods=["GET"])
    return blueprint


def _form() -> Mapping[str, str]:
    """Read the form; a parameter that comes twice is refused (RFC 6749 section 3.2), as is one in the URL."""
    if request.args or request.mimetype != "application/x-www-form-urlencoded":
        raise _Refused("invalid_request", "Parameters come as a form in the body.")
    told = {name: request.form.getlist(name) for name in _TAKEN}
    if any(len(values) > 1 for values in told.values()):
        raise _Refused("invalid_request", "A parameter comes twice.")
    form = {name: values[0] if values else "" for name, values in told.items()}
    if not form["grant_type"]:
        raise _Refused("invalid_request", "grant_type is missing.")
    if form["grant_type"] != "client_credentials":
        raise _Refused("unsupported_grant_type", "grant_type must be client_credentials.")
    if form["client_assertion_type"] != ASSERTION_TYPE or not form["client_assertion"]:
        # No password and no other way: `private_key_jwt` only.
        raise _Refused(
            "invalid_client", "A client signs an assertion (private_key_jwt).", HTTPStatus.UNAUTHORIZED
        )
    return form


def _written(document: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    response = SecuredResponse(json.dumps(document), status.value, content_type="application/json")
    response.headers["Pragma"] = "no-cache"
    return response


def _refused(refused: _Refused) -> Response:
    return _written({"error": refused.error, "error_description": refused.description}, refused.status)


def _store_away(_error: StoreUnavailable) -> Response:
    _log.error("store_unavailable")
    return _written({"error": "temporarily_unavailable"}, HTTPStatus.SERVICE_UNAVAILABLE)


def _unforeseen(error: Exception) -> Response:
    """Promise nothing; log what broke, never its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    _log.error("unforeseen", fault=type(error).__name__, where=where)
    return _written({"error": "server_error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
