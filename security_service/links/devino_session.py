"""Devino REST calls under a session id (Devino manual 1.2), renewed in time; leaves meaning to callers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.deadline import Deadline
from security_service.links.devino import is_session_refused, read_session_id
from security_service.links.devino_access import DevinoReply
from security_service.links.http_answer import HttpAnswer, HttpReply, NotSent, NotSentReason
from security_service.links.http_link import HttpLink
from security_service.links.session import NoSession, NoSessionReason, SessionKeeper

SESSION_LIFE_S: Final = 115 * 60.0
"""A session is valid for 120 minutes (Devino manual 1.2); five are left for calls under way and clocks."""


class DevinoSession:
    """Adds `SessionID` to every call; safe to share between threads.

    A call whose session the provider refuses (codes 3 and 4, HTTP 401) is made once more under a new
    one: the provider checks the session first, so the refused call surely did nothing. `clock` is
    monotonic, in seconds.
    """

    def __init__(
        self,
        link: HttpLink,
        login: str,
        password: Secret,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._login = login
        self._password = password
        self._keeper = SessionKeeper(self._fetch, life_s=SESSION_LIFE_S, clock=clock)

    def get(self, path: str, params: Mapping[str, str], within_s: float) -> DevinoReply:
        """Ask with the parameters in the query, within `within_s` seconds in all."""
        return self._under_session(self._link.get, path, params, within_s)

    def post(self, path: str, params: Mapping[str, str], within_s: float) -> DevinoReply:
        """Ask with the parameters form-encoded in the body, within `within_s` seconds in all."""
        return self._under_session(self._link.post_form, path, params, within_s)

    def _under_session(
        self,
        ask: Callable[[str, Mapping[str, str], float], HttpReply],
        path: str,
        params: Mapping[str, str],
        within_s: float,
    ) -> DevinoReply:
        deadline = Deadline.after(within_s)
        session = self._keeper.current(within_s)
        if isinstance(session, NoSession):
            return session
        reply = ask(path, {"SessionID": session.reveal(), **params}, deadline.left())
        if not isinstance(reply, HttpAnswer) or not is_session_refused(reply):
            return reply
        session = self._keeper.renewed(session, deadline.left())
        if isinstance(session, NoSession):
            return session
        return ask(path, {"SessionID": session.reveal(), **params}, deadline.left())

    def _fetch(self, within_s: float) -> Secret | NoSession:
        params = {"login": self._login, "password": self._password.reveal()}
        reply = self._link.get("/user/sessionid", params, within_s)
        if isinstance(reply, HttpAnswer):
            return read_session_id(reply)
        no_time = isinstance(reply, NotSent) and reply.reason is NotSentReason.NO_TIME
        return NoSession(NoSessionReason.NO_TIME if no_time else NoSessionReason.UNREACHABLE)
