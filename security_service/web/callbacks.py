"""Where providers bring receipts: `/callbacks/<gateway>/<token>`; leaves reading them to the gateways."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, assert_never

from flask import Blueprint, Response, request

from security_service.usecases.receive_push import PushTaken, UnknownCallback
from security_service.web.problems import Problem, ProblemRaised
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import WebServices

BLUEPRINT: Final = "callbacks"


def create_callbacks(services: WebServices) -> Blueprint:
    """Give the blueprint; the token in the path is the caller's proof."""
    blueprint = Blueprint(BLUEPRINT, __name__)

    @blueprint.route("/callbacks/<gateway>/<token>", methods=["GET", "POST"])
    def receive(gateway: str, token: str) -> Response:
        """Take receipts in; a provider that gets 503, since the store is away, brings them again."""
        query = {name: values[-1] for name, values in request.args.lists()}
        result = services.receive_push.run(
            gateway, token, request.content_type or "", request.get_data(), query
        )
        match result:
            case PushTaken():
                return SecuredResponse("OK", content_type="text/plain; charset=utf-8")
            case UnknownCallback():
                unknown = Problem(HTTPStatus.NOT_FOUND, "unknown-callback", "Nothing is taken in here.")
                raise ProblemRaised(unknown)
            case _:
                assert_never(result)

    return blueprint
