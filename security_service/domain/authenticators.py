"""Subscribers' authenticator apps as they are kept: states and outcomes; leaves keeping them to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from security_service.domain.secret import Msisdn


class AuthenticatorState(StrEnum):
    """How far an enrolment has come."""

    OFFERED = "offered"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class KeptAuthenticator:
    """What the store keeps of one; `since_ms` is when it was offered, or confirmed once it is active."""

    id: str
    state: AuthenticatorState
    since_ms: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """The authenticator of a number, None where there is none; `now_ms` is the store's time."""

    authenticator: KeptAuthenticator | None
    now_ms: int


class NotKept(StrEnum):
    """Why the store changed nothing."""

    ACTIVE = "active"
    NO_OFFER = "no_offer"
    FROZEN = "frozen"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class WrongConfirmation:
    """The code was not the offer's; with none left the offer has ended."""

    left: int


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Whose authenticator it is about, and the record that was judged, for compare-and-set."""

    tenant: str
    number: Msisdn
    stored: bytes
    request_id: str
