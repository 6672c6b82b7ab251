"""The sandbox's own API for messengers: who uses which; leaves their messages to the faces."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from security_service.sandbox.handset_api import WrongRequestError, read_number
from security_service.sandbox.messengers import Messenger
from security_service.sandbox.switchboard import Switchboard


class MessengerApi:
    """Which messengers a subscriber uses, for programs; lets messages go on before every request."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._messengers = switchboard.messengers

    def blueprint(self) -> Blueprint:
        """Give the routes; access is for everyone on this machine, as the guard decides."""
        blueprint = Blueprint("messenger_api", __name__)
        blueprint.before_app_request(self._messengers.advance)
        blueprint.add_url_rule("/handsets/<number>/messengers", view_func=self.show)
        blueprint.add_url_rule(
            "/handsets/<number>/messengers", "change", view_func=self.change, methods=["POST"]
        )
        return blueprint

    def show(self, number: str) -> Response:
        """Tell which messengers a subscriber uses."""
        try:
            return jsonify(self._messengers.used(read_number(number)))
        except WrongRequestError as error:
            return _wrong(str(error))

    def change(self, number: str) -> Response:
        """Say for some messengers whether the subscriber uses them: `{"viber": false}`."""
        try:
            digits = read_number(number)
        except WrongRequestError as error:
            return _wrong(str(error))
        document = request.get_json(force=True, silent=True)
        known = set(Messenger)
        if (
            not isinstance(document, dict)
            or not set(document) <= known
            or not all(isinstance(used, bool) for used in document.values())
        ):
            return _wrong("the body is a JSON object with viber and vk, each true or false")
        for name, used in document.items():
            self._messengers.use(digits, Messenger(name), used=used)
        return self.show(digits)


def _wrong(words: str) -> Response:
    response = jsonify({"error": words})
    response.status_code = 400
    return response
