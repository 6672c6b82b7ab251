"""When a number last changed its SIM, by CAMARA SIM Swap v2 (GSMA Open Gateway, release r3.3).

It never names the SIM. `retrieve-date` gives a date, `check` only whether there was a swap in so many
hours. A swap is any new pairing of number and SIM: a replacement, a port, a first activation.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SwapDated
from security_service.domain.secret import Msisdn, Secret
from security_service.links.deadline import Deadline
from security_service.links.http_answer import HttpAnswer, HttpReply, NoReply, NotSent
from security_service.links.http_link import checked_base_url
from security_service.links.http_settings import HttpPeerSettings
from security_service.links.json_body import members, read_json, text, whole
from security_service.links.oauth import AccessTokens, OAuthClient, read_signing_key
from security_service.links.session import NoSession
from security_service.links.swap_dates import NoDate, none_within, read_moment, within


class SwapQuestion(StrEnum):
    """Which of the API's two questions is asked."""

    RETRIEVE_DATE = "retrieve-date"
    CHECK = "check"


@dataclass(frozen=True, kw_only=True)
class CamaraSimSwapSettings(HttpPeerSettings):
    """Settings of one `camara_sim_swap` lookup. Raises ValueError for values that cannot work."""

    base_url: str = field(metadata={"help": "address of the API: https://operator/sim-swap/v2"})
    token_url: str = field(metadata={"help": "address of the operator's token endpoint, in full"})
    client_id: str = field(metadata={"help": "id of this client at the operator"})
    private_key: Secret = field(
        metadata={"help": "PEM of the key that signs for the client: RSA or EC P-256", "secret": True}
    )
    key_id: str = field(default="", metadata={"help": "kid of that key as the operator knows it"})
    audience: str = field(
        default="", metadata={"help": "whom assertions are addressed to; empty: the token endpoint"}
    )
    purpose: str = field(
        default="dpv:FraudPreventionAndDetection", metadata={"help": "purpose of use, one dpv term"}
    )
    question: SwapQuestion = field(
        default=SwapQuestion.RETRIEVE_DATE,
        metadata={"help": "retrieve-date: when; check: whether within max_age_h, where no date is given"},
    )
    max_age_h: int = field(
        default=240,
        metadata={"help": "hours back that check asks about; France allows 168", "least": 1, "most": 2400},
    )
    requests_per_second: float = field(
        default=0.0, metadata={"help": "requests a second that the operator allows; 0: no limit", "least": 0}
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            checked_base_url(self.token_url, plain_http=self.plain_http)
        except ValueError as error:
            raise ValueError(str(error).replace("base_url", "token_url")) from None
        if not self.client_id:
            raise ValueError("client_id must not be empty")
        read_signing_key(self.private_key)


ERRORS: Final[Mapping[tuple[int, str], NoData]] = {
    (400, "INVALID_ARGUMENT"): NoData.UNAVAILABLE,
    # The operator looks back less far than it was asked: it will at every question.
    (400, "OUT_OF_RANGE"): NoData.NOT_SUPPORTED,
    (401, "UNAUTHENTICATED"): NoData.UNAVAILABLE,
    (403, "PERMISSION_DENIED"): NoData.UNAVAILABLE,
    (403, "INVALID_TOKEN_CONTEXT"): NoData.UNAVAILABLE,
    # The number is none of this operator's: another operator may well have it.
    (404, "NOT_FOUND"): NoData.NOT_SUPPORTED,
    (404, "IDENTIFIER_NOT_FOUND"): NoData.NOT_SUPPORTED,
    (422, "SERVICE_NOT_APPLICABLE"): NoData.NOT_SUPPORTED,
    # Both tell that the token is bound to a number: it was not got by client credentials.
    (422, "MISSING_IDENTIFIER"): NoData.UNAVAILABLE,
    (422, "UNNECESSARY_IDENTIFIER"): NoData.UNAVAILABLE,
    (429, "QUOTA_EXCEEDED"): NoData.UNAVAILABLE,
    (429, "TOO_MANY_REQUESTS"): NoData.UNAVAILABLE,
}
"""Status and `code` of the API's error table; what is not in it is `unavailable`."""


def request_body(number: Msisdn, settings: CamaraSimSwapSettings) -> dict[str, str | int]:
    """Give the body: with a token of the client's own the number is required."""
    asked: dict[str, str | int] = {"phoneNumber": f"+{number.digits}"}
    if settings.question is SwapQuestion.CHECK:
        asked["maxAge"] = settings.max_age_h
    return asked


def swap_answer(
    source: str, reply: HttpReply, settings: CamaraSimSwapSettings, correlator: str, now: int
) -> LookupAnswer:
    """Read the answer of either question; `now` is Unix seconds."""
    match reply:
        case HttpAnswer():
            told = members(read_json(reply.body))
            if reply.headers.get("x-correlator", correlator) != correlator:
                return SimNotSeen(source, NoData.UNAVAILABLE, "another_answer")
            if reply.status != 200:
                return _refused(source, reply.status, text(told.get("code")))
            if settings.question is SwapQuestion.CHECK:
                return _checked(source, told, settings.max_age_h, now)
            return _retrieved(source, told, now)
        case NotSent() | NoReply():
            return SimNotSeen(source, NoData.UNAVAILABLE, reply.reason.value)
        case _:
            assert_never(reply)


def _refused(source: str, status: int, code: str) -> SimNotSeen:
    no_data = ERRORS.get((status, code))
    if no_data is None:
        return SimNotSeen(source, NoData.UNAVAILABLE, f"http_{status}")
    return SimNotSeen(source, no_data, code.lower())


def _checked(source: str, told: Mapping[str, object], hours: int, now: int) -> LookupAnswer:
    swapped = told.get("swapped")
    if not isinstance(swapped, bool):
        return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
    stretch = within(hours, now) if swapped else none_within(hours, now)
    return SwapDated(source, Liveness.LIVE, stretch.latest, stretch.earliest, hours // 24)


def _retrieved(source: str, told: Mapping[str, object], now: int) -> LookupAnswer:
    if "latestsimchange" not in told:
        return SimNotSeen(source, NoData.UNAVAILABLE, "answer_unreadable")
    change, monitored = told["latestsimchange"], whole(told.get("monitoredperiod"))
    if change is None:
        if monitored is None or monitored < 1:
            # No swap ever, none that may be told, or no SIM: without a period nobody can say which.
            return SimNotSeen(source, NoData.NOT_SUPPORTED, "date_not_told")
        stretch = none_within(monitored * 24, now)
        return SwapDated(source, Liveness.LIVE, stretch.latest, stretch.earliest, monitored)
    read = read_moment(text(change), now)
    match read:
        case NoDate.SENTINEL:
            return SimNotSeen(source, NoData.NOT_SUPPORTED, read.value)
        case NoDate.UNREADABLE | NoDate.IN_FUTURE:
            return SimNotSeen(source, NoData.UNTRUSTED, read.value)
        case _:
            return SwapDated(source, Liveness.LIVE, read.latest, read.earliest, monitored)


class CamaraSimSwapLookup:
    """Asks under a token that is renewed in time. Implements the port `SimLookup`; safe between threads.

    `now` gives Unix seconds, which days are counted back from.
    """

    def __init__(
        self, name: str, settings: CamaraSimSwapSettings, *, now: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._settings = settings
        self._now = now
        self._link = settings.link()
        client = OAuthClient(
            settings.client_id,
            read_signing_key(settings.private_key),
            settings.key_id,
            settings.audience or settings.token_url,
            f"sim-swap:{settings.question.value} {settings.purpose}".strip(),
        )
        self._tokens = AccessTokens(client, settings.link_to(settings.token_url), now)

    @property
    def name(self) -> str:
        """The short stable name of the configured source."""
        return self._name

    def find(self, number: Msisdn, within_s: float) -> LookupAnswer:
        """Ask when a number last changed its SIM, within `within_s` seconds in all."""
        deadline = Deadline.after(within_s)
        correlator = secrets.token_hex(16)
        token = self._tokens.current(within_s)
        reply = self._ask(token, number, correlator, deadline)
        if isinstance(reply, HttpAnswer) and reply.status == 401 and isinstance(token, Secret):
            reply = self._ask(self._tokens.renewed(token, deadline.left()), number, correlator, deadline)
        if isinstance(reply, NoSession):
            return SimNotSeen(self._name, NoData.UNAVAILABLE, reply.reason.value)
        return swap_answer(self._name, reply, self._settings, correlator, int(self._now()))

    def _ask(
        self, token: Secret | NoSession, number: Msisdn, correlator: str, deadline: Deadline
    ) -> HttpReply | NoSession:
        if isinstance(token, NoSession):
            return token
        headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "x-correlator": correlator,
        }
        body = json.dumps(request_body(number, self._settings), separators=(",", ":")).encode()
        return self._link.post(f"/{self._settings.question.value}", body, headers, deadline.left())
