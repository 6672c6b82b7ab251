"""Make, change, list and remove the accounts of a tenant's older systems; leaves signing in to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from security_service.domain.accounts import Account, AccountList, Accounts, Face, password_digest
from security_service.domain.audit import Event, EventKind
from security_service.domain.ports import Chance
from security_service.domain.secret import KeyRing, Secret

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
_SMPP_PASSWORD: Final = 8
_LONG_PASSWORD: Final = 24


@dataclass(frozen=True, slots=True)
class LoginTaken:
    """Another tenant's account, or one of this tenant that is not to be replaced, has the login."""


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """An account and its password, which is shown now and never again."""

    account: Account
    password: Secret


@dataclass(frozen=True, slots=True)
class AccountWish:
    """What an account is to be; `networks` is empty for anywhere."""

    login: str
    tenant: str
    faces: frozenset[Face]
    networks: tuple[str, ...] = ()
    a_second: int = 100
    sessions: int = 4


@dataclass(frozen=True, slots=True)
class KeepAccounts:
    """Passwords are drawn here and never chosen: eight characters where SMPP takes no more, else 24.

    Raises StoreUnavailable.
    """

    accounts: Accounts
    listed: AccountList
    chance: Chance
    keys: KeyRing

    def make(self, wish: AccountWish, actor: str) -> MadeAccount | LoginTaken:
        """Make an account; raises ValueError for a wish that no account can be."""
        if self.accounts.find(wish.login, "").account is not None:
            return LoginTaken()
        length = _SMPP_PASSWORD if Face.SMPP in wish.faces else _LONG_PASSWORD
        password = Secret("".join(self._letter() for _ in range(length)))
        return self.lay_down(wish, password, actor)

    def lay_down(self, wish: AccountWish, password: Secret, actor: str) -> MadeAccount:
        """Make an account, or make it anew, with a password that was drawn where accounts are prepared.

        Raises ValueError for a wish that no account can be.
        """
        version = self.keys.newest
        account = Account(
            wish.login,
            wish.tenant,
            wish.faces,
            version,
            password_digest(self.keys, version, wish.login, password),
            wish.networks,
            wish.a_second,
            wish.sessions,
        )
        self.accounts.save(account, _event(EventKind.ACCOUNT_SAVED, account.login, actor))
        return MadeAccount(account, password)

    def change_password(self, login: str, actor: str) -> MadeAccount | None:
        """Draw a new password; the old one and every session end at once. None where there is no account."""
        account = self.accounts.find(login, "").account
        if account is None:
            return None
        length = _SMPP_PASSWORD if Face.SMPP in account.faces else _LONG_PASSWORD
        password = Secret("".join(self._letter() for _ in range(length)))
        version = self.keys.newest
        changed = replace(
            account, version=version, digest=password_digest(self.keys, version, login, password)
        )
        self.accounts.save(changed, _event(EventKind.ACCOUNT_SAVED, login, actor))
        return MadeAccount(changed, password)

    def remove(self, login: str, actor: str) -> bool:
        """Remove an account; its sessions end at once. False where there was none."""
        return self.accounts.remove(login, _event(EventKind.ACCOUNT_REMOVED, login, actor))

    def of(self, tenant: str) -> Sequence[Account]:
        """List a tenant's accounts, or all of them where `tenant` is ''."""
        return self.listed.of(tenant)

    def _letter(self) -> str:
        return _LETTERS[int(self.chance.share() * len(_LETTERS))]


def _event(kind: EventKind, login: str, actor: str) -> Event:
    return Event(kind, {"actor": actor, "login": login})
