"""Whether the process lives and is ready, and its figures for Prometheus; leaves judging to Health."""

from __future__ import annotations

import json
from http import HTTPStatus
from ipaddress import ip_network
from typing import Final

from flask import Blueprint, Response, request

from security_service.domain.errors import StoreUnavailable
from security_service.web.callers import ClientAddresses, read_address, within
from security_service.web.problems import Problem, written
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import WebServices

_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_NOT_HERE: Final = Problem(
    HTTPStatus.FORBIDDEN, "network-not-allowed", "Metrics are read from loopback and listed networks only."
)


def create_health(services: WebServices) -> Blueprint:
    """Give the blueprint of /healthz and /readyz; they tell nothing that needs a key."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Tell that the process answers; asks nothing else."""
        return _json(HTTPStatus.OK, {"status": "alive"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        """Tell whether both operations can be decided, and what is down where they cannot."""
        try:
            faults = services.health.faults()
        except StoreUnavailable:
            faults = ["the store does not answer"]
        if faults:
            return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "not_ready", "faults": faults})
        told = [*services.notes, *services.notes_now()]
        notes: dict[str, object] = {"notes": told} if told else {}
        return _json(HTTPStatus.OK, {"status": "ready", "faults": [], **notes})

    return blueprint


def create_metrics(services: WebServices) -> Blueprint:
    """Give the blueprint of /metrics, which only loopback and the networks of the settings may read."""
    blueprint = Blueprint("metrics", __name__)
    addresses = ClientAddresses(services.trusted_proxies)
    networks = (*_LOOPBACK, *services.metrics_networks)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Give the figures; they hold no number, code or key."""
        client = read_address(addresses.of(request.environ))
        if client is None or addresses.is_hidden(request.environ) or not within(client, networks):
            return written(_NOT_HERE)
        body, content_type = services.render_metrics()
        return SecuredResponse(body, content_type=content_type)

    return blueprint


def _json(status: HTTPStatus, document: dict[str, object]) -> Response:
    return SecuredResponse(json.dumps(document), status.value, content_type="application/json")
