"""The wire of SMSC: account, calls, answers, error tables, sender names; leaves meaning to the plug-ins.

What the provider's documents tell of it: calls are POSTs to `<base_url>/<script>.php` with everything
in a form body, `fmt=3` makes answers JSON, an error is `{"error": words, "error_code": N}` at HTTP 200.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_settings import HttpAccountSettings
from security_service.links.json_body import members, read_json, text, whole

DEFAULT_BASE_URL: Final = "https://smsc.ru/sys"
OWN_ID_LIMIT: Final = 2**31 - 1
"""Ids that the sender gives run from 1 to here."""

POLLS_A_MINUTE: Final = 5
"""Questions about one message that the provider answers in a minute; the next gets error 9."""

_MINUTE_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class SmscAccountSettings(HttpAccountSettings):
    """An account at SMSC. Raises ValueError for values that cannot work."""

    base_url: str = field(
        default=DEFAULT_BASE_URL,
        metadata={"help": "where the service is, without the name of a script; https unless on loopback"},
    )
    api_key: bool = field(
        default=False,
        metadata={"help": "the password is an API key of the account, sent in place of login and password"},
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.plain_http:
            raise ValueError("plain_http is not possible: this provider is called over https alone")


SEND_ERRORS: Final[Mapping[int, str]] = {
    1: "parameters_wrong",
    2: "login_refused",
    3: "no_funds",
    4: "address_blocked",
    5: "date_wrong",
    6: "forbidden",
    7: "number_wrong",
    8: "not_deliverable",
    9: "flood",
}
"""Errors of `send.php`: messages, calls and HLR requests."""

STATUS_ERRORS: Final[Mapping[int, str]] = {
    1: "parameters_wrong",
    2: "login_refused",
    4: "address_blocked",
    9: "flood",
}
"""Errors of `status.php`; 9 comes at the sixth question about one message in a minute."""

SENDER_ERRORS: Final[Mapping[int, str]] = {
    1: "parameters_wrong",
    2: "login_refused",
    3: "sender_unknown",
    4: "address_blocked",
    5: "sender_not_saved",
    7: "number_wrong",
    8: "code_not_deliverable",
    9: "flood",
    10: "code_already_sent",
    11: "code_wrong",
}
"""Errors of `senders.php` (SMSC HTTP API, sender names, answers and error codes)."""


@dataclass(frozen=True, slots=True)
class SmscData:
    """The decoded JSON of an answer without an error; numbers are texts with all their digits."""

    value: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmscError:
    """The provider turned the request away, with a number from the table of the script."""

    code: int

    def reason(self, table: Mapping[int, str]) -> str:
        """Give the token of the error; `code_N` for one that the table does not know."""
        return table.get(self.code, f"code_{self.code}")


@dataclass(frozen=True, slots=True)
class SmscUnread:
    """There was an answer, but no JSON of theirs: a broken one, or one of a proxy on the way."""

    status: int

    @property
    def reason(self) -> str:
        """Give the token for outcomes and receipts."""
        return "answer_unreadable" if self.status == 200 else f"http_{self.status}"


SmscReply = SmscData | SmscError | SmscUnread | NotSent | NoReply


def read_reply(reply: HttpReply) -> SmscReply:
    """Read an answer with `fmt=3`. Never raises."""
    if not isinstance(reply, HttpAnswer):
        return reply
    read = read_json(reply.body)
    code = whole(members(read).get("error_code"))
    if code is not None:
        return SmscError(code)
    if reply.status != 200 or not isinstance(read, dict | list) or "error" in members(read):
        return SmscUnread(reply.status)
    return SmscData(read)


class StatusPolls:
    """Counts the questions about each message, so that the provider's limit is never passed.

    Holds for one process; safe to share between threads. `clock` is monotonic, in seconds.
    """

    def __init__(self, limit: int = POLLS_A_MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()

    def admits(self, message: str) -> bool:
        """Count a question about a message; False, and not counted, where it would be one too many."""
        with self._lock:
            now = self._clock()
            self._forget(now - _MINUTE_S)
            times = self._asked.setdefault(message, deque(maxlen=self._limit))
            if len(times) == self._limit and now - times[0] < _MINUTE_S:
                return False
            times.append(now)
            self._asked.move_to_end(message)
            return True

    def _forget(self, before: float) -> None:
        while self._asked:
            message, times = next(iter(self._asked.items()))
            if times[-1] > before:
                return
            del self._asked[message]


class SmscLink:
    """Makes authenticated calls on one account; safe to share between threads."""

    def __init__(self, settings: SmscAccountSettings) -> None:
        self._link = settings.link()
        self._login = settings.login
        self._password = settings.password
        self._by_key = settings.api_key

    def call(self, script: str, params: Mapping[str, str], within_s: float) -> SmscReply:
        """POST to a script (`send`, `status`, `senders`, ...) within `within_s` seconds in all."""
        password = self._password.reveal()
        account = {"apikey": password} if self._by_key else {"login": self._login, "psw": password}
        form = {**account, "fmt": "3", "charset": "utf-8", **params}
        return read_reply(self._link.post_form(f"/{script}.php", form, within_s))


def own_id(*parts: str) -> str:
    """Give an id of 1 to 2^31-1 that follows from the parts: the same message has it at each attempt.

    The provider does not ask for ids to be unique: a message is found by its id and its number.
    """
    digest = hashlib.sha256("\n".join(parts).encode("utf-8")).digest()
    return str(int.from_bytes(digest[:8], "big") % OWN_ID_LIMIT + 1)


def is_signed(told: Mapping[str, str], secret: str) -> bool:
    """Tell whether a callback's `md5` and `sha1`, those that are there, are of `id:phone:status:<secret>`.

    One of them must be there; `crc32` proves nothing. Never true without a secret. The signature
    covers neither `err` nor an IMSI.
    """
    signed = f"{told.get('id', '')}:{told.get('phone', '')}:{told.get('status', '')}:{secret}".encode()
    right = {
        "md5": hashlib.md5(signed, usedforsecurity=False).hexdigest(),  # the provider's choice
        "sha1": hashlib.sha1(signed, usedforsecurity=False).hexdigest(),  # as above
    }
    given = [name for name in right if told.get(name)]
    return bool(secret and given) and all(
        hmac.compare_digest(told[name].lower().encode(), right[name].encode()) for name in given
    )


class SenderState(StrEnum):
    """Whether a sender name may be used (SMSC HTTP API, sender names: 0, 1, 2)."""

    AWAITING = "awaiting"
    ADMITTED = "admitted"
    OFF = "off"
    UNKNOWN = "unknown"


_SENDER_STATES: Final[Mapping[str, SenderState]] = {
    "0": SenderState.AWAITING,
    "1": SenderState.ADMITTED,
    "2": SenderState.OFF,
}


@dataclass(frozen=True, slots=True)
class SenderName:
    """One sender name of the account, with the id that the provider gave it."""

    name: str
    id: str
    state: SenderState


@dataclass(frozen=True, slots=True)
class SenderNames:
    """The sender names of the account, in the provider's order."""

    names: tuple[SenderName, ...]


@dataclass(frozen=True, slots=True)
class SenderCreated:
    """The name was registered and waits for the provider's people; `id` is the provider's."""

    id: str


@dataclass(frozen=True, slots=True)
class SendersRefused:
    """The names were not told, or the name was not created, for this reason."""

    reason: str


class SmscSenders:
    """Lists and creates sender names (SMSC HTTP API, sender names).

    The provider takes three equal questions for the list and five creations a minute; the next ends as
    `flood`.
    """

    def __init__(self, link: SmscLink) -> None:
        self._link = link

    def list(self, within_s: float) -> SenderNames | SendersRefused:
        """Give all names with their states, those that are not admitted included."""
        reply = self._link.call("senders", {"get": "1", "all": "1"}, within_s)
        if not isinstance(reply, SmscData):
            return _refused(reply)
        rows = [members(row) for row in reply.value] if isinstance(reply.value, list) else [{}]
        names = tuple(
            SenderName(
                text(row.get("sender")),
                text(row.get("id")),
                _SENDER_STATES.get(text(row.get("status")), SenderState.UNKNOWN),
            )
            for row in rows
        )
        if not all(one.name and one.id for one in names):
            return SendersRefused("answer_unreadable")
        return SenderNames(names)

    def create(self, name: str, comment: str, within_s: float) -> SenderCreated | SendersRefused:
        """Register a name; `comment` tells the provider's people what it is for."""
        reply = self._link.call("senders", {"add": "1", "sender": name, "cmt": comment}, within_s)
        if not isinstance(reply, SmscData):
            return _refused(reply)
        created = text(members(reply.value).get("sender"))
        return SenderCreated(created) if created else SendersRefused("answer_unreadable")


def _refused(reply: SmscError | SmscUnread | NotSent | NoReply) -> SendersRefused:
    match reply:
        case SmscError():
            return SendersRefused(reply.reason(SENDER_ERRORS))
        case SmscUnread():
            return SendersRefused(reply.reason)
        case NotSent() | NoReply():
            return SendersRefused(reply.reason.value)
        case _:
            assert_never(reply)
