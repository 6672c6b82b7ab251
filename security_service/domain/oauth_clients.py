"""Clients of the Open Gateway face: their keys, scopes, assertions and tokens; leaves signatures to a port.

OAuth 2.0 client credentials with `private_key_jwt` (RFC 6749 section 4.4, RFC 7523), as the security profile
of CAMARA narrows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from security_service.domain.audit import Event, Json
from security_service.domain.secret import Secret

TOKEN_LIFE_S: Final = 900
"""How long an access token lasts in seconds."""

SKEW_S: Final = 30
"""How far a client's clock may be off in seconds."""

LONGEST_ASSERTION_LIFE_S: Final = 300
"""What the profile of CAMARA allows between `iat` and `exp` in seconds."""

OTP_SCOPE: Final = "one-time-password-sms:send-validate"
SIM_SWAP_SCOPE: Final = "sim-swap"
CHECK_SCOPE: Final = "sim-swap:check"
DATE_SCOPE: Final = "sim-swap:retrieve-date"
SWAPPED_SCOPE: Final = "sim-swap-subscriptions:org.camaraproject.sim-swap-subscriptions.v0.swapped:create"
SUBSCRIPTIONS_READ_SCOPE: Final = "sim-swap-subscriptions:read"
SUBSCRIPTIONS_DELETE_SCOPE: Final = "sim-swap-subscriptions:delete"
SCOPES: Final = (
    OTP_SCOPE, SIM_SWAP_SCOPE, CHECK_SCOPE, DATE_SCOPE,
    SWAPPED_SCOPE, SUBSCRIPTIONS_READ_SCOPE, SUBSCRIPTIONS_DELETE_SCOPE,
)  # fmt: skip
"""The scopes that a client may be given, besides purposes (`dpv:…`)."""

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_PURPOSE: Final = re.compile(r"dpv:[A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """One client of a tenant; `jwks` is its set of public keys (RFC 7517) as canonical JSON."""

    id: str
    tenant: str
    jwks: str
    scopes: frozenset[str]

    def __post_init__(self) -> None:
        if not _CLIENT_ID.fullmatch(self.id):
            raise ValueError("a client's id has 1 to 64 of A-Z a-z 0-9 _ . -")
        unknown = sorted(scope for scope in self.scopes if not is_scope(scope))
        if not self.scopes or unknown:
            raise ValueError(f"scopes are {', '.join(SCOPES)} or dpv:<Purpose>; not {unknown}")


def is_scope(text: str) -> bool:
    """True for a scope of the interfaces served here, or a purpose of the Data Privacy Vocabulary."""
    return text in SCOPES or is_purpose(text)


def is_purpose(text: str) -> bool:
    """True for a purpose of the Data Privacy Vocabulary as a scope."""
    return _PURPOSE.fullmatch(text) is not None


def granted_scopes(client: OAuthClient, asked: str) -> frozenset[str] | None:
    """Give the scopes of a token; None where more was asked than the client has, or two purposes at once.

    A request that names none gets all but the purposes (RFC 6749 section 3.3).
    """
    wanted = frozenset(asked.split())
    if not wanted:
        return frozenset(scope for scope in client.scopes if not is_purpose(scope))
    if not wanted <= client.scopes or sum(1 for scope in wanted if is_purpose(scope)) > 1:
        return None
    return wanted


class AssertionFault(StrEnum):
    """What was wrong with an assertion; stands in the audit, never on the wire."""

    UNREADABLE = "unreadable"
    CLIENT = "unknown_client"
    SIGNATURE = "signature"
    SUBJECT = "iss_or_sub"
    AUDIENCE = "aud"
    TIME = "exp_iat_or_nbf"
    JTI = "jti"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class AssertionUse:
    """A good assertion: what names its single use, and when it may be forgotten (Unix seconds)."""

    jti: str
    until: int


def judged(
    claims: Mapping[str, object], client_id: str, audiences: Sequence[str], now: int
) -> AssertionUse | AssertionFault:
    """Judge the claims of an assertion whose signature holds, at `now` (Unix s; RFC 7523 section 3)."""
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        return AssertionFault.SUBJECT
    told = claims.get("aud")
    meant = told if isinstance(told, list) else [told]
    if not any(one in audiences for one in meant if isinstance(one, str)):
        return AssertionFault.AUDIENCE
    expires, issued, begins = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None or ("nbf" in claims and begins is None):
        return AssertionFault.TIME
    is_early = max(issued, begins or 0) > now + SKEW_S
    if is_early or expires <= now - SKEW_S or not 0 < expires - issued <= LONGEST_ASSERTION_LIFE_S:
        return AssertionFault.TIME
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
        return AssertionFault.JTI
    return AssertionUse(jti, expires + SKEW_S)


def _seconds(value: object) -> int | None:
    """A NumericDate (RFC 7519 section 2); `true` is none, nor is what no clock shows."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        return None
    return int(value)


@dataclass(frozen=True, slots=True)
class FoundClient:
    """What the store has of a client; `stored` names this very state of it."""

    client: OAuthClient | None
    stored: str


@dataclass(frozen=True, slots=True)
class HeldToken:
    """What an access token stands for: client, its state when the token was given, scopes."""

    client_id: str
    state: str
    scopes: frozenset[str]


class OAuthClients(Protocol):
    """Clients of all tenants. Every method may raise StoreUnavailable."""

    def find(self, client_id: str) -> FoundClient:
        """Give a client as it is now."""
        ...

    def save(self, client: OAuthClient, event: Event) -> None:
        """Write a client; tokens of it as it was before end."""
        ...

    def remove(self, client_id: str, event: Event) -> bool:
        """Forget a client and end its tokens; False where there was none."""
        ...

    def of(self, tenant: str) -> Sequence[OAuthClient]:
        """Give a tenant's clients, or all where `tenant` is ''."""
        ...


class OAuthTokens(Protocol):
    """Access tokens and the assertions that were used. Every method may raise StoreUnavailable."""

    def begin(self, token: Secret, held: HeldToken) -> None:
        """Keep a token for its life."""
        ...

    def find(self, token: Secret) -> HeldToken | None:
        """Give what a token stands for; None where it ended or never was."""
        ...

    def use(self, client_id: str, jti: str, for_s: int) -> bool:
        """Mark an assertion as used for so many seconds; False where it was used before."""
        ...


class RefusedSignIns(Protocol):
    """Counts who was not let in. May raise StoreUnavailable."""

    def refused(self, source: str, event: Event) -> None:
        """Count a refusal of `source`; the first of a minute is told with `event`."""
        ...


class Assertions(Protocol):
    """Reads signed assertions. Never raises."""

    def issuer(self, assertion: Secret) -> str:
        """Give whose an assertion claims to be, before anything is believed; '' for what cannot be read."""
        ...

    def claims(self, assertion: Secret, jwks: str) -> Mapping[str, Json] | None:
        """Give the claims where a key of the set signed them; None where none did."""
        ...
