"""The wire of Stream Telecom's REST service: session key, calls, errors; leaves meaning to the gateway."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Final

from security_service.domain.secret import Secret
from security_service.links.deadline import Deadline
from security_service.links.http_answer import HttpAnswer, HttpReply, NotSent, NotSentReason
from security_service.links.http_link import HttpLink
from security_service.links.json_body import members, read_json, text, whole
from security_service.links.session import NoSession, NoSessionReason, SessionKeeper

DEFAULT_BASE_URL: Final = "https://gateway.api.sc/rest"

StreamReply = HttpReply | NoSession

NAMES: Final[Mapping[int, str]] = {
    1: "ArgumentCanNotBeNullOrEmpty",
    2: "InvalidArgument",
    3: "InvalidSessionID",
    4: "UnauthorizedAccess",
    5: "NotEnoughCredits",
    6: "InvalidOperation",
    7: "Forbidden",
    8: "GatewayError",
    9: "InternalServerError",
    10: "Flood SMS",
}
"""Error codes (Stream Telecom REST manual 4.1)."""

_BY_WORDS: Final = {
    **{name.lower().replace(" ", ""): code for code, name in NAMES.items()},
    "sessionidexpired": 3,  # the words of 3.3.8
}
_SESSION_OVER: Final = frozenset({3, 4})
_BROKEN: Final = frozenset({8, 9})
_SESSION_KEY: Final = re.compile(r"[!-~]{8,128}")
_UNAUTHORIZED: Final = 401
_PRINTED_DATE: Final = re.compile(rb'"\\(Date\(-?[0-9]+\))\\"')


def answer_json(answer: HttpAnswer) -> object:
    r"""Read the body; also where a date is `"\Date(1377761466000)\"`, as the manual prints it (3.3.5)."""
    read = read_json(answer.body)
    return read_json(_PRINTED_DATE.sub(rb'"/\1/"', answer.body)) if read is None else read


def error_code(answer: HttpAnswer) -> int | None:
    """Give the code of an error answer (manual 4.1); None where the answer is no error that it knows.

    The manual gives the codes and their names, and not the form of the answer that bears them: a code
    is taken from a member `Code`, a name from a member `Desc` or from a bare text.
    """
    read = answer_json(answer)
    named = members(read)
    code = whole(named.get("code"))
    if code is not None:
        return code
    words = text(named.get("desc")) or (text(read) if answer.status >= 400 else "")
    found = _BY_WORDS.get(words.lower().replace(" ", ""))
    return 4 if found is None and answer.status == _UNAUTHORIZED else found


def is_session_refused(answer: HttpAnswer) -> bool:
    """Tell whether the provider refused the session key: it did nothing else of what was asked."""
    return error_code(answer) in _SESSION_OVER


def read_session_key(answer: HttpAnswer) -> Secret | NoSession:
    """Read the answer to `Session/session.php` (manual 3.1.1): the key as a text in quotes, or an error."""
    code = error_code(answer)
    if code in _BROKEN or answer.status >= 500:
        return NoSession(NoSessionReason.UNREACHABLE)
    if code is not None:
        return NoSession(NoSessionReason.REFUSED)
    key = text(answer_json(answer)) if answer.status == 200 else ""
    return Secret(key) if _SESSION_KEY.fullmatch(key) else NoSession(NoSessionReason.UNREADABLE)


class StreamSession:
    """Calls under one session key that all threads share (manual 3.1).

    Everything goes in the body of a POST, the login too. A call whose key the provider refuses is made
    once more under a new one. `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        link: HttpLink,
        login: str,
        password: Secret,
        *,
        life_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._login = login
        self._password = password
        self._keeper = SessionKeeper(self._fetch, life_s=life_s, clock=clock)

    def post(self, path: str, params: Mapping[str, str], within_s: float) -> StreamReply:
        """Ask within `within_s` seconds in all."""
        deadline = Deadline.after(within_s)
        key = self._keeper.current(within_s)
        if isinstance(key, NoSession):
            return key
        reply = self._ask(path, key, params, deadline)
        if not isinstance(reply, HttpAnswer) or not is_session_refused(reply):
            return reply
        key = self._keeper.renewed(key, deadline.left())
        return key if isinstance(key, NoSession) else self._ask(path, key, params, deadline)

    def _ask(self, path: str, key: Secret, params: Mapping[str, str], deadline: Deadline) -> HttpReply:
        return self._link.post_form(path, {"sessionId": key.reveal(), **params}, deadline.left())

    def _fetch(self, within_s: float) -> Secret | NoSession:
        params = {"login": self._login, "password": self._password.reveal()}
        reply = self._link.post_form("/Session/session.php", params, within_s)
        if isinstance(reply, HttpAnswer):
            return read_session_key(reply)
        no_time = isinstance(reply, NotSent) and reply.reason is NotSentReason.NO_TIME
        return NoSession(NoSessionReason.NO_TIME if no_time else NoSessionReason.UNREACHABLE)
