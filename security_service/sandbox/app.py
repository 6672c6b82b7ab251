"""The sandbox operator as a WSGI application; leaves running it to `serve`."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request

from security_service.sandbox.aso_broker import AsoBroker
from security_service.sandbox.camara import Camara
from security_service.sandbox.devino_email import DevinoEmail
from security_service.sandbox.devino_hlr import DevinoHlr
from security_service.sandbox.devino_rest_viber import DevinoRestViber
from security_service.sandbox.devino_sms import DevinoSms
from security_service.sandbox.devino_soap import DevinoSoap
from security_service.sandbox.devino_viber import DevinoViber
from security_service.sandbox.devino_vk import DevinoVk
from security_service.sandbox.devino_xml import DevinoXml
from security_service.sandbox.faults import Faults
from security_service.sandbox.guard import refuse_strangers
from security_service.sandbox.handset_api import HandsetApi
from security_service.sandbox.handsets import Handsets
from security_service.sandbox.hlr_lookups import HlrLookups
from security_service.sandbox.imsi_soap import ImsiSoap
from security_service.sandbox.infobip import Infobip
from security_service.sandbox.messenger_api import MessengerApi
from security_service.sandbox.messengers import Messengers
from security_service.sandbox.pages import Pages
from security_service.sandbox.sessions import Sessions
from security_service.sandbox.settings import SandboxSettings
from security_service.sandbox.smsc import Smsc
from security_service.sandbox.state_file import Saver, read_state, write_state
from security_service.sandbox.stream_telecom import StreamTelecom
from security_service.sandbox.switchboard import Switchboard

_LARGEST_BODY: Final = 512 * 1024
_ANY_CASE: Final = ("/rest/", "/soap/", "/ws/", "/xmlapi/")


class SandboxOperator(Flask):
    """Flask, but what it writes of a failure holds neither the path nor any value of the request."""

    def log_exception(
        self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]
    ) -> None:
        """Write the endpoint, the kind of failure and the lines it passed."""
        kind, _, trace = exc_info
        lines = "".join(traceback.format_tb(trace))
        self.logger.error("%s failed: %s\n%s", request.endpoint, kind and kind.__name__, lines)


class _PathsInAnyCase:
    """The providers' paths are found whatever their case (Devino manual 1: `User/` and `user/`)."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", "")).lower()
        if path.startswith(_ANY_CASE):
            environ["PATH_INFO"] = path
        return self._application(environ, start_response)


def create_app(
    settings: SandboxSettings,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], Any] = time.sleep,
) -> Flask:
    """Give the application, with the handsets of the last run.

    `clock` gives Unix seconds, `pause` lets seconds pass for a slow service; tests bring their
    own. Messages are on disk a moment after they arrive, swaps and states at once.
    Raises StateFileError if the data file is not the sandbox's.
    """
    handsets: Handsets

    def save() -> None:
        write_state(settings.data_file, handsets.snapshot())

    saver = Saver(save)
    handsets = Handsets(settings.seed, clock, read_state(settings.data_file), saver.soon)
    switchboard = Switchboard(
        settings=settings,
        handsets=handsets,
        messengers=Messengers(handsets, clock),
        sessions=Sessions(settings.login, settings.password, settings.session_seconds, clock),
        faults=Faults(pause),
        saver=saver,
        clock=clock,
    )
    app = SandboxOperator(__name__)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = _LARGEST_BODY
    app.before_request(refuse_strangers)
    for face in (
        StreamTelecom,
        Smsc,
        AsoBroker,
        DevinoSms,
        DevinoHlr,
        DevinoRestViber,
        DevinoSoap,
        DevinoXml,
        DevinoViber,
        DevinoVk,
        DevinoEmail,
        ImsiSoap,
        HlrLookups,
        Infobip,
        Camara,
        HandsetApi,
        MessengerApi,
        Pages,
    ):
        app.register_blueprint(face(switchboard).blueprint())
    app.wsgi_app = _PathsInAnyCase(app.wsgi_app)  # type: ignore[method-assign] # Flask documents this way
    return app
