"""Accounts of older systems over a real store: who comes in, who waits, and what an attacker gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from security_service.domain.accounts import WRONG_PASSWORDS_A_MINUTE, AccountRefusal, Face
from security_service.domain.secret import KeyRing, Secret
from security_service.links.operating_system import SystemChance
from security_service.store.accounts import StoredAccounts, StoredAccountSessions
from security_service.usecases.keep_accounts import AccountWish, KeepAccounts, LoginTaken, MadeAccount
from security_service.usecases.sign_in_account import AccountSession, SignedInAccount, SignInAccount
from tests.store.rig import StoreRig
from tests.usecases.behind_the_scenes import TENANT, MemoryTenants

KEYS = KeyRing({1: b"a" * 32})
HOME, AWAY = "10.0.0.7", "203.0.113.9"


class Door:
    """Accounts and their sign-in over one store."""

    def __init__(self, rig: StoreRig) -> None:
        self.accounts = StoredAccounts(rig.frame)
        self.keep = KeepAccounts(self.accounts, self.accounts, SystemChance(), KEYS)
        sessions = StoredAccountSessions(rig.frame)
        self.sign_in = SignInAccount(self.accounts, sessions, MemoryTenants(TENANT), SystemChance(), KEYS)

    def make(self, login: str = "bank1", **wished: tuple[str, ...]) -> Secret:
        faces = frozenset({Face.REST, Face.SMPP})
        made = self.keep.make(AccountWish(login, TENANT.id, faces, wished.get("networks", ())), "cli:op")
        assert isinstance(made, MadeAccount)
        return made.password

    def enter(
        self, password: Secret, login: str = "bank1", face: Face = Face.REST, address: str = HOME
    ) -> SignedInAccount | AccountRefusal:
        return self.sign_in.by_password(login, password, face, address)


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def door(rig: StoreRig) -> Door:
    return Door(rig)


def test_the_right_password_lets_an_account_in_for_its_tenant(door: Door) -> None:
    entered = door.enter(door.make())
    assert isinstance(entered, SignedInAccount)
    assert entered.tenant == TENANT


def test_unknown_login_and_wrong_password_are_answered_alike(door: Door) -> None:
    password = door.make()
    assert door.enter(Secret("wrong")) is door.enter(password, "nobody") is AccountRefusal.WRONG


def test_a_face_or_address_that_is_not_allowed_stays_out(door: Door) -> None:
    password = door.make(networks=("10.0.0.0/8",))
    assert door.enter(password, face=Face.SOAP) is AccountRefusal.FACE
    assert door.enter(password, address=AWAY) is AccountRefusal.ADDRESS
    assert door.enter(password, address="") is AccountRefusal.ADDRESS


def test_a_guesser_waits_and_the_banks_own_systems_do_not(door: Door, rig: StoreRig) -> None:
    password = door.make()
    for _ in range(WRONG_PASSWORDS_A_MINUTE):
        assert door.enter(Secret("guess"), address=AWAY) is AccountRefusal.WRONG
    assert door.enter(password, address=AWAY) is AccountRefusal.WAIT
    assert isinstance(door.enter(password, address=HOME), SignedInAccount)
    told = [text for text in rig.texts("m") if b"account_refused" in text]
    assert len(told) == 1


def test_a_session_ends_with_the_state_of_its_account(door: Door) -> None:
    password = door.make()
    session = door.sign_in.begin_session("bank1", password, Face.REST, HOME)
    assert isinstance(session, AccountSession)
    assert len(session.token.reveal()) == 36
    assert isinstance(door.sign_in.by_session(session.token, Face.REST, HOME), SignedInAccount)
    assert door.keep.change_password("bank1", "cli:op") is not None
    assert door.sign_in.by_session(session.token, Face.REST, HOME) is AccountRefusal.SESSION
    assert door.enter(password) is AccountRefusal.WRONG


def test_a_removed_account_and_a_made_up_session_stay_out(door: Door) -> None:
    password = door.make()
    assert door.keep.remove("bank1", "cli:op")
    assert not door.keep.remove("bank1", "cli:op")
    assert door.enter(password) is AccountRefusal.WRONG
    assert door.sign_in.by_session(Secret("A" * 36), Face.REST, HOME) is AccountRefusal.SESSION
    assert door.sign_in.by_session(Secret("short"), Face.REST, HOME) is AccountRefusal.SESSION


def test_a_login_is_given_once(door: Door) -> None:
    door.make()
    wish = AccountWish("bank1", "other", frozenset({Face.REST}))
    assert door.keep.make(wish, "cli:op") == LoginTaken()
    with pytest.raises(ValueError, match="login"):
        door.keep.make(AccountWish("x" * 16, "other", frozenset({Face.REST})), "cli:op")


def test_no_password_lies_in_the_store_or_in_an_event(door: Door, rig: StoreRig) -> None:
    password = door.make().reveal()
    door.enter(Secret(password + "!"))
    everything = b"".join(rig.redis.dump(key) for key in rig.redis.scan_iter())
    assert password.encode() not in everything
