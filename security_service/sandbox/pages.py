"""The page for people: a handset's inbox, its SIM, its switch, the faults; leaves programs to the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from security_service.sandbox.faults import FaultMode, FaultTarget
from security_service.sandbox.handset_api import (
    WrongRequestError,
    read_fault,
    read_number,
    read_state,
)
from security_service.sandbox.handsets import HandsetRecord, HandsetState
from security_service.sandbox.networks import network_of
from security_service.sandbox.switchboard import Switchboard

_LISTED: Final = 20
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """The page and the two forms on it."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard

    def blueprint(self) -> Blueprint:
        """Give the routes; access is for everyone on this machine, as the guard decides."""
        blueprint = Blueprint("pages", __name__)
        blueprint.add_url_rule("/", "index", self.index)
        blueprint.add_url_rule("/page/handset", "change_handset", self.change_handset, methods=["POST"])
        blueprint.add_url_rule("/page/fault", "change_fault", self.change_fault, methods=["POST"])
        blueprint.add_app_template_filter(_clock_time, "clock_time")
        return blueprint

    def index(self) -> Response:
        """Show one handset if a number is given, else the form for one, those in use, and the faults."""
        text = request.args.get("number", "")
        if not text:
            return self._page()
        try:
            return self._page(handset=self._switchboard.handsets.look(read_number(text)))
        except WrongRequestError as error:
            return self._page(error=str(error))

    def change_handset(self) -> WerkzeugResponse:
        """Do what a button of the handset says, and show the handset again."""
        handsets, action = self._switchboard.handsets, request.form.get("action", "")
        try:
            number = read_number(request.form.get("number", ""))
            match action:
                case "swap":
                    handsets.swap(number)
                case "clear":
                    handsets.clear(number)
                case _:
                    handsets.switch(number, read_state(action))
        except WrongRequestError as error:
            return self._page(error=str(error))
        self._switchboard.saver.now()
        return redirect(url_for("pages.index", number=number), 303)

    def change_fault(self) -> WerkzeugResponse:
        """Set the fault of one service, and show the front again."""
        try:
            self._switchboard.faults.put(*read_fault(request.form))
        except WrongRequestError as error:
            return self._page(error=str(error))
        return redirect(url_for("pages.index"), 303)

    def _page(self, handset: HandsetRecord | None = None, error: str = "") -> Response:
        page = render_template(
            "sandbox.html",
            handset=handset,
            network=network_of(handset.number) if handset else None,
            recent=() if handset else self._switchboard.handsets.recent(_LISTED),
            faults=self._switchboard.faults.all(),
            targets=FaultTarget,
            modes=FaultMode,
            states=HandsetState,
            error=error,
        )
        response = make_response(page, 400 if error else 200)
        response.headers.update(_HEADERS)
        return response


def _clock_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
