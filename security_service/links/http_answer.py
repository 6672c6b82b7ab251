"""What one HTTP call can end in, as closed types; leaves the making of calls to the link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class NotSentReason(StrEnum):
    """Why a request surely did not reach the peer."""

    NO_TIME = "no_time"
    NAME_UNKNOWN = "name_unknown"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"


class NoReplyReason(StrEnum):
    """Why there is no usable answer to a request that may have reached the peer."""

    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    BROKEN_ANSWER = "broken_answer"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer of the peer, whatever its status.

    Header names are in lower case. Headers and body may hold secrets (a session id comes in one),
    so neither is printed.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotSent:
    """The peer surely never got the request: what it asked for was not done."""

    reason: NotSentReason


@dataclass(frozen=True, slots=True)
class NoReply:
    """The peer may have got the request; whether it did what was asked is unknown."""

    reason: NoReplyReason


HttpReply = HttpAnswer | NotSent | NoReply
