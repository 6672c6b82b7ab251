"""The web application: every face with the authentication it states; leaves what they do to each of them."""

from __future__ import annotations

from typing import Final

from flask import Flask

from security_service.web.admin import BLUEPRINT as MANAGEMENT
from security_service.web.admin import register_admin
from security_service.web.auth import Authentication
from security_service.web.callbacks import create_callbacks
from security_service.web.camara_otp import create_camara_otp
from security_service.web.camara_services import CamaraServices
from security_service.web.camara_sim_swap import create_camara_sim_swap
from security_service.web.camara_swap_subscriptions import create_camara_subscriptions
from security_service.web.console.frame import create_console
from security_service.web.devino import create_devino
from security_service.web.devino_rest import create_devino_rest
from security_service.web.health import create_health, create_metrics
from security_service.web.imsi_soap import create_imsi_soap
from security_service.web.jwks import BLUEPRINT as JWKS
from security_service.web.jwks import create_jwks
from security_service.web.oauth import create_discovery, create_oauth
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
    if services.verdicts is not None:
        app.register_blueprint(create_jwks(services.verdicts))
        stated[JWKS] = Authentication.NONE
    if services.older is not None:
        imsi = create_imsi_soap(services, services.older)
        app.register_blueprint(imsi)
        stated[imsi.name] = Authentication.ACCOUNT
        if services.older.rest is not None:
            rest = create_devino_rest(services, services.older, services.older.rest)
            app.register_blueprint(rest)
            stated[rest.name] = Authentication.ACCOUNT
    if services.camara is not None:
        stated |= _register_camara(app, services, services.camara)
    if services.console is not None:
        console = create_console(services.console)
        app.register_blueprint(console)
        stated[console.name] = Authentication.CONSOLE_SESSION
    stated[register_admin(app, services)] = Authentication.NONE
    stated[MANAGEMENT] = Authentication.MANAGEMENT_KEY
    register_problems(app)
    app.extensions[AUTHENTICATION] = stated
    return app


def _register_camara(app: Flask, services: WebServices, camara: CamaraServices) -> dict[str, Authentication]:
    """Register the Open Gateway faces; gives how each of them knows its callers."""
    faces = (
        (create_oauth(camara, services.trusted_proxies), Authentication.OAUTH_CLIENT),
        (create_discovery(camara), Authentication.NONE),
        (create_camara_otp(camara, services.chance), Authentication.OAUTH_CLIENT),
        (create_camara_sim_swap(camara, services.chance), Authentication.OAUTH_CLIENT),
        (create_camara_subscriptions(camara, services.chance), Authentication.OAUTH_CLIENT),
    )
    for blueprint, _ in faces:
        app.register_blueprint(blueprint)
    return {blueprint.name: authentication for blueprint, authentication in faces}
