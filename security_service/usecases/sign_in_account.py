"""Let a tenant's older systems in by login and password, or by a session; leaves words to the faces."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from security_service.domain.accounts import (
    WRONG_PASSWORDS_A_MINUTE,
    Account,
    AccountRefusal,
    Accounts,
    AccountSessions,
    Face,
    FoundAccount,
    password_digest,
)
from security_service.domain.audit import Event, EventKind
from security_service.domain.ports import Chance, Tenants
from security_service.domain.secret import KeyRing, Secret
from security_service.domain.tenants import Tenant

_SESSION_LENGTH: Final = 36
_NOBODY: Final = bytes(16)


@dataclass(frozen=True, slots=True)
class SignedInAccount:
    """Who came in: the account and its tenant."""

    account: Account
    tenant: Tenant


@dataclass(frozen=True, slots=True)
class AccountSession:
    """A session that was begun: its token, of 36 characters as the Devino faces give it."""

    token: Secret
    account: Account


@dataclass(frozen=True, slots=True)
class SignInAccount:
    """Judges login and password, address and face.

    Wrong passwords are counted by the address they come from: an outsider cannot lock a bank's account.
    An unknown login costs the same as a wrong password and is answered alike. Raises StoreUnavailable.
    """

    accounts: Accounts
    sessions: AccountSessions
    tenants: Tenants
    chance: Chance
    keys: KeyRing

    def by_password(
        self, login: str, password: Secret, face: Face, address: str
    ) -> SignedInAccount | AccountRefusal:
        """Let an account in by its password; `address` is the client's, '' where nobody knows it."""
        found = self.accounts.find(login, address)
        if found.tries >= WRONG_PASSWORDS_A_MINUTE:
            return AccountRefusal.WAIT
        if not self._is_right(found, login, password):
            facts = {"address": address, "face": face.value, "login": login[:64]}
            self.accounts.refused(address, Event(EventKind.ACCOUNT_REFUSED, facts))
            return AccountRefusal.WRONG
        return self._admitted(found.account, face, address)

    def begin_session(
        self, login: str, password: Secret, face: Face, address: str
    ) -> AccountSession | AccountRefusal:
        """Let an account in by its password and begin a session of two hours (Devino manual 1.2, 7.2)."""
        entered = self.by_password(login, password, face, address)
        if isinstance(entered, AccountRefusal):
            return entered
        stored = self.accounts.find(login, address).stored
        token = Secret((self.chance.token() + self.chance.token())[:_SESSION_LENGTH].upper())
        self.sessions.begin(token, login, stored)
        return AccountSession(token, entered.account)

    def by_session(self, token: Secret, face: Face, address: str) -> SignedInAccount | AccountRefusal:
        """Let an account in by its session; one whose account changed since has ended."""
        if len(token.reveal()) != _SESSION_LENGTH:
            return AccountRefusal.SESSION
        login, state = self.sessions.find(token)
        if not login:
            return AccountRefusal.SESSION
        found = self.accounts.find(login, address)
        if not hmac.compare_digest(sha256(found.stored.encode("utf-8")).hexdigest(), state):
            return AccountRefusal.SESSION
        return self._admitted(found.account, face, address)

    def again(self, entered: SignedInAccount, face: Face, address: str) -> SignedInAccount | AccountRefusal:
        """Let one who came in by password stay, with account and tenant as they are now.

        Ended are those whose account is gone, has another password, or may not come this way any more.
        """
        account = self.accounts.find(entered.account.login, address).account
        came_with = (entered.account.version, entered.account.digest)
        if account is None or (account.version, account.digest) != came_with:
            return AccountRefusal.WRONG
        return self._admitted(account, face, address)

    def _is_right(self, found: FoundAccount, login: str, password: Secret) -> bool:
        account = found.account
        version = account.version if account and account.version in self.keys.keys else self.keys.newest
        given = password_digest(self.keys, version, login, password)
        known = account.digest if account and account.version == version else _NOBODY
        return hmac.compare_digest(given, known) and account is not None

    def _admitted(
        self, account: Account | None, face: Face, address: str
    ) -> SignedInAccount | AccountRefusal:
        if account is None:
            return AccountRefusal.WRONG
        if face not in account.faces:
            return AccountRefusal.FACE
        if not account.admits(address):
            return AccountRefusal.ADDRESS
        tenant = self.tenants.get(account.tenant)
        return AccountRefusal.WRONG if tenant is None else SignedInAccount(account, tenant)
