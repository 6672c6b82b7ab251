"""The ports through which people are kept, let in and recognised; no behaviour here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from security_service.domain.audit import Event
from security_service.domain.people import Person
from security_service.domain.people_answers import EntryEnd, PasswordAnswer, RefusedReason, SaveEnd
from security_service.domain.secret import Secret

# --- the store: every method may raise StoreUnavailable -------------------------------------


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """A person with the bytes that compare-and-set needs."""

    person: Person
    stored: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonWrite:
    """A person to be written where the record still is `stored` (empty: where there is none).

    `ends_sessions` ends every session of theirs at once, but for `keeps`. `forget` removes the record.
    `even_last` lets the last active local admin go, which only the command line may.
    """

    person: Person
    stored: bytes = field(repr=False)
    event: Event
    ends_sessions: bool = False
    keeps: Secret = Secret("")
    forget: bool = False
    even_last: bool = False


class People(Protocol):
    """The records of people."""

    def get(self, name: str) -> StoredPerson | None:
        """Give a person by name; None where nobody has it."""
        ...

    def all(self) -> Sequence[Person]:
        """Give everybody, by name."""
        ...

    def save(self, write: PersonWrite) -> SaveEnd:
        """Write a person with its event."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to get in.

    It is counted under its device where that is known, else under its network and the name it is for;
    without `counts_name` strange devices are counted under their networks only. `source` is the address,
    `request` a token of this attempt's own.
    """

    name: str
    source: str
    device: Secret
    request: str
    counts_name: bool = True


@dataclass(frozen=True, slots=True)
class MayTry:
    """The attempt has its place; `known_device` has signed in under this name before."""

    known_device: bool


@dataclass(frozen=True, slots=True)
class TooMany:
    """The attempts of this device, this network, or of strange devices for this name are used up."""

    retry_after_s: int


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts unused, and at most, in seconds."""

    idle_s: int
    longest_s: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody is let in: the record as it becomes, where it still is `stored`, and what the browser gets.

    `once` is a digest that lets in once only, empty where something else sees to that.
    """

    attempt: Attempt
    person: Person
    stored: bytes = field(repr=False)
    session: Secret
    device: Secret
    event: Event
    once: str = ""


class SignInBook(Protocol):
    """Counts attempts and lets people in; each method is one script, which writes its events."""

    def admit(self, attempt: Attempt) -> MayTry | TooMany:
        """Take a place for an attempt. The first refusal of a window is an event, the rest are counted."""
        ...

    def refuse(self, attempt: Attempt, reason: RefusedReason, *, is_known: bool) -> None:
        """Write that an attempt failed; `is_known`: its name is somebody's, and may stand in the event."""
        ...

    def release(self, attempt: Attempt) -> None:
        """Give the place of an attempt back that was no guess."""
        ...

    def enter(self, entry: Entry) -> EntryEnd:
        """Write a session with its event, know the device, give the places of the attempt back."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is open, and whose it is now."""

    person: Person


class Sessions(Protocol):
    """Sessions by their tokens, of which only digests are kept."""

    def open(self, token: Secret) -> Session | None:
        """Give the session and count it as used; None for one that is unknown or has ended."""
        ...

    def end(self, token: Secret) -> bool:
        """End a session with its event; False where there was none."""
        ...


# --- passwords and authenticator apps -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Busy:
    """Too many passwords are being hashed; none was hashed for this call."""


class Passwords(Protocol):
    """Slow hashes of passwords, a few at a time. Devices that are known have places of their own."""

    def hashed(self, password: Secret) -> str | Busy:
        """Hash a password that is chosen."""
        ...

    def check(self, stored: str, password: Secret, *, known_device: bool) -> PasswordAnswer:
        """Hold a password against a hash; an empty one costs the same and is never right."""
        ...


class Authenticator(Protocol):
    """Codes of authenticator apps (RFC 6238: six digits, 30 seconds, SHA-1)."""

    def new_secret(self) -> Secret:
        """Draw a secret, in base 32."""
        ...

    def uri(self, secret: Secret, account: str, issuer: str) -> Secret:
        """Give the `otpauth://` address that an app reads from a QR code."""
        ...

    def qr_svg(self, uri: Secret) -> str:
        """Draw the address as an SVG image; it holds the secret."""
        ...

    def matching_step(self, secret: Secret, code: Secret, at_s: int) -> int | None:
        """Give the time step of a code, the present one or one beside it; None for a wrong code."""
        ...


# --- the bank's identity provider -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FederationRequest:
    """One request to sign in at the provider: what the answer must match (OpenID Connect Core 3.1)."""

    state: Secret
    nonce: Secret
    verifier: Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for: their name there, and the values of the claim that roles come from."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotVouched:
    """The provider vouches for nobody, or its word cannot be believed. `reason` is a short token."""

    reason: str


@dataclass(frozen=True, slots=True)
class ProviderAway:
    """The provider cannot be reached, or what it says of itself cannot be read."""


class IdentityProvider(Protocol):
    """The authorisation code flow with PKCE. Never raises for what a provider does."""

    def address(self, request: FederationRequest, within_s: float) -> Secret | ProviderAway:
        """Give the address that the browser is sent to."""
        ...

    def identity(
        self, code: Secret, request: FederationRequest, within_s: float
    ) -> Identity | NotVouched | ProviderAway:
        """Exchange the code that the browser brought, and check the ID token."""
        ...
