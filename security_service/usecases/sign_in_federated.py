"""Sign a person in on the word of the bank's identity provider; leaves the protocol to `links`.

Between the two halves nothing is kept here: the browser carries what was asked, sealed, for ten minutes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.access import Role
from security_service.domain.link_ports import NotOpened, Sealer
from security_service.domain.people import (
    FEDERATED_PREFIX,
    Person,
    PersonState,
    federated_name,
    token_digest,
)
from security_service.domain.people_answers import RefusedReason
from security_service.domain.people_ports import (
    Attempt,
    FederationRequest,
    Identity,
    IdentityProvider,
    NotVouched,
    People,
    ProviderAway,
    StoredPerson,
)
from security_service.domain.ports import Chance, Clock
from security_service.domain.secret import Secret
from security_service.usecases.prove_person import NotProven
from security_service.usecases.sign_in import Doorkeeper, Moved, SignedIn, SignInRefused

ASKED_FOR_S: Final = 600
WITHIN_S: Final = 8.0
_ABOUT: Final = "console federation"
_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class FederationRules:
    """What the provider's words are worth here: roles by the value of its claim, and tenants (none: all)."""

    roles: Mapping[str, frozenset[Role]]
    tenants: frozenset[str] = frozenset()
    locale: str = "ru"

    def roles_of(self, groups: tuple[str, ...]) -> frozenset[Role]:
        """Give the roles that are mapped; a value that nobody mapped gives none."""
        return frozenset(role for group in groups for role in self.roles.get(group, frozenset()))


@dataclass(frozen=True, slots=True)
class FederationStarted:
    """Where the browser goes, and the cookie that it must bring back (HttpOnly, Lax, ten minutes)."""

    address: Secret
    cookie: Secret


@dataclass(frozen=True, slots=True)
class FederationReturn:
    """What came back from the provider by way of the browser; `error` is what it said in place of a code."""

    state: Secret
    code: Secret
    error: str
    cookie: Secret
    source: str
    device: Secret


@dataclass(frozen=True, slots=True)
class SignInFederated:
    """The authorisation code flow from a use case's height (OpenID Connect Core, section 3.1)."""

    provider: IdentityProvider
    people: People
    door: Doorkeeper
    sealer: Sealer
    rules: FederationRules
    chance: Chance
    clock: Clock

    def begin(self) -> FederationStarted | ProviderAway:
        """Ask: gives the address to send the browser to, with its cookie. Writes nothing."""
        request = FederationRequest(self._token(), self._token(), self._token())
        address = self.provider.address(request, WITHIN_S)
        if isinstance(address, ProviderAway):
            return address
        asked = {
            "nonce": request.nonce.reveal(),
            "state": request.state.reveal(),
            "until": self.clock.unix_ms() + ASKED_FOR_S * 1000,
            "verifier": request.verifier.reveal(),
        }
        sealed = self.sealer.seal(json.dumps(asked).encode("ascii"), _ABOUT)
        return FederationStarted(address, Secret(base64.urlsafe_b64encode(sealed).decode("ascii")))

    def finish(self, returned: FederationReturn) -> SignedIn | SignInRefused:
        """Let in whom the provider vouches for, where a role of ours is theirs. Raises StoreUnavailable."""
        tried, admitted = self.door.admit(
            FEDERATED_PREFIX, returned.source, returned.device, counts_name=False
        )
        if isinstance(admitted, SignInRefused):
            return admitted
        request = self._asked(returned)
        if request is None:
            return self.door.refuse(tried, NotProven(RefusedReason.STATE, is_known=False))
        if returned.error or not returned.code.reveal():
            return self.door.refuse(tried, NotProven(RefusedReason.PROVIDER, is_known=False))
        identity = self.provider.identity(returned.code, request, WITHIN_S)
        if isinstance(identity, NotVouched | ProviderAway):
            return self.door.refuse(tried, NotProven(RefusedReason.PROVIDER, is_known=False))
        once = token_digest("federation state", request.state)
        return self._enter(tried, identity, once, known_device=admitted.known_device)

    def _enter(
        self, tried: Attempt, identity: Identity, once: str, *, known_device: bool
    ) -> SignedIn | SignInRefused:
        for _ in range(_ATTEMPTS):
            person = self._person(identity)
            if isinstance(person, NotProven):
                return self.door.refuse(tried, person)
            entered = self.door.enter(tried, person, "oidc", known_device=known_device, once=once)
            if not isinstance(entered, Moved):
                return entered
        return self.door.refuse(tried, NotProven(RefusedReason.BUSY, is_known=True))

    def _person(self, identity: Identity) -> StoredPerson | NotProven:
        """Give the record as it becomes: the roles are the provider's of this moment, the rest is ours."""
        name, roles = federated_name(identity.name), self.rules.roles_of(identity.groups)
        if not name:
            return NotProven(RefusedReason.NO_NAME, is_known=False)
        found = self.people.get(name)
        if not roles:
            return NotProven(RefusedReason.NO_ROLE, found is not None)
        if found is None:
            person = Person(
                name,
                roles,
                self.rules.tenants,
                self.rules.locale,
                PersonState.ACTIVE,
                created_ms=self.clock.unix_ms(),
                created_by="oidc",
                is_federated=True,
            )
            return StoredPerson(person, b"")
        if found.person.state is not PersonState.ACTIVE:
            return NotProven(RefusedReason.NOT_ACTIVE, is_known=True)
        return StoredPerson(replace(found.person, roles=roles), found.stored)

    def _asked(self, returned: FederationReturn) -> FederationRequest | None:
        """Give what this browser asked, None where it did not ask this, or too long ago."""
        try:
            sealed = base64.urlsafe_b64decode(returned.cookie.reveal().encode("ascii"))
        except (ValueError, binascii.Error):
            return None
        opened = self.sealer.open(sealed, _ABOUT)
        if isinstance(opened, NotOpened):
            return None
        asked = json.loads(opened)
        same = hmac.compare_digest(asked["state"].encode(), returned.state.reveal().encode())
        if not same or asked["until"] <= self.clock.unix_ms():
            return None
        return FederationRequest(Secret(asked["state"]), Secret(asked["nonce"]), Secret(asked["verifier"]))

    def _token(self) -> Secret:
        return Secret(self.chance.token() + self.chance.token())
