"""REST v2 calls: login and password with each (Devino manual, chapter 2); leaves meaning to callers."""

from __future__ import annotations

from collections.abc import Mapping

from security_service.domain.secret import Secret
from security_service.links.devino_access import DevinoReply
from security_service.links.http_link import HttpLink


class DevinoLogin:
    """Adds `Login` and `Password` to every call. A GET bears them in the query, as the manual has it."""

    def __init__(self, link: HttpLink, login: str, password: Secret) -> None:
        self._link = link
        self._login = login
        self._password = password

    def get(self, path: str, params: Mapping[str, str], within_s: float) -> DevinoReply:
        """Ask with the parameters in the query, within `within_s` seconds in all."""
        return self._link.get(path, self._signed(params), within_s)

    def post(self, path: str, params: Mapping[str, str], within_s: float) -> DevinoReply:
        """Ask with the parameters form-encoded in the body, within `within_s` seconds in all."""
        return self._link.post_form(path, self._signed(params), within_s)

    def _signed(self, params: Mapping[str, str]) -> dict[str, str]:
        return {"Login": self._login, "Password": self._password.reveal(), **params}
