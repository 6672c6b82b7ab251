"""The management API's OpenAPI document as the service gives it; no store is reached and nothing served."""

from __future__ import annotations

from typing import Any, Final

from security_service.cli.web_app import web_services
from security_service.config.sources import load
from security_service.telemetry.metrics import PrometheusMeter
from security_service.web.admin import PREFIX, register_admin
from security_service.web.application import faceless_app
from security_service.wiring import plugin_kinds

# The document is the same under all settings: these only make a service that is never asked for anything.
_SETTINGS: Final = {
    "data_dir": "/nonexistent",
    "installation_id": "docs",
    "store": {"address": "redis://127.0.0.1:1/0"},
    "keys": {use: {"1": digit * 64} for use, digit in (("code", "1"), ("imsi", "2"), ("api", "3"))},
}


def openapi_document() -> dict[str, Any]:
    """Give the document of /api/v1/openapi.json."""
    settings = load(plugin_kinds(), options=_SETTINGS, environ={}).settings
    app = faceless_app()
    register_admin(app, web_services(settings, PrometheusMeter()))
    document: dict[str, Any] = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
    return document
