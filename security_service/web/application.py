"""The web application: every face with the authentication it states; leaves what they do to each of them."""

from __future__ import annotations

from typing import Final

from flask import Flask

from security_service.web.admin import BLUEPRINT as MANAGEMENT
from security_service.web.admin import register_admin
from security_service.web.auth import Authentication
from security_service.web.callbacks import create_callbacks
from security_service.web.console.frame import create_console
from security_service.web.devino import create_devino
from security_service.web.health import create_health, create_metrics
from security_service.web.imsi_soap import create_imsi_soap
from security_service.web.problems import register_problems
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import WebServices
from security_service.web.whole_bodies import register_whole_bodies
from security_service.web.wire.codec import MAX_BODY_BYTES

AUTHENTICATION: Final = "etalon-authentication"
"""Where the application keeps, by blueprint, how each face knows its callers."""


def faceless_app() -> Flask:
    """Give an application that has no face yet: how it takes bodies and paths, and what its answers bear."""
    app = Flask("security_service.web", static_folder=None)
    app.response_class = SecuredResponse
    # One byte more than is taken: a body of unstated length is cut there, and its readers see that it was.
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES + 1, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.strict_slashes = False
    # A redirect would let a POST lose its body, and answers nothing in the asked format.
    app.url_map.merge_slashes = False
    register_whole_bodies(app)
    return app


def create_app(services: WebServices) -> Flask:
    """Put the faces together; connects to nothing and reads no configuration."""
    app = faceless_app()
    stated: dict[str, Authentication] = {}
    for blueprint, authentication in (
        (create_devino(services), Authentication.TENANT_KEY),
        (create_callbacks(services), Authentication.CALLBACK_TOKEN),
        (create_health(services), Authentication.NONE),
        (create_metrics(services), Authentication.CLIENT_NETWORK),
    ):
        app.register_blueprint(blueprint)
        stated[blueprint.name] = authentication
    if services.older is not None:
        imsi = create_imsi_soap(services, services.older)
        app.register_blueprint(imsi)
        stated[imsi.name] = Authentication.ACCOUNT
    if services.console is not None:
        console = create_console(services.console)
        app.register_blueprint(console)
        stated[console.name] = Authentication.CONSOLE_SESSION
    stated[register_admin(app, services)] = Authentication.NONE
    stated[MANAGEMENT] = Authentication.MANAGEMENT_KEY
    register_problems(app)
    app.extensions[AUTHENTICATION] = stated
    return app
