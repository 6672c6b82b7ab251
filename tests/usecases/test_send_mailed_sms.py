"""SMS by e-mail over a real store: one message a number, none twice, nothing without an account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from security_service.domain.accounts import Face
from security_service.domain.mail import Letter
from security_service.links.operating_system import SystemChance
from security_service.store.accounts import StoredAccounts, StoredAccountSessions
from security_service.usecases.keep_accounts import AccountWish, KeepAccounts, MadeAccount
from security_service.usecases.send_mailed_sms import MailedSmsEnd, SendMailedSms
from security_service.usecases.sign_in_account import SignInAccount
from tests.store.rig import RING, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, MemoryTenants
from tests.usecases.test_relay_over_a_store import BANK, Relay


class MailRoom:
    """The use case with one account of the bank, and its relay."""

    def __init__(self, rig: StoreRig, *faces: Face) -> None:
        self.relay = Relay(rig)
        accounts = StoredAccounts(rig.frame)
        keep = KeepAccounts(accounts, accounts, SystemChance(), RING)
        made = keep.make(AccountWish("bank1", BANK.id, frozenset(faces or (Face.EMAIL,))), "cli:op")
        assert isinstance(made, MadeAccount)
        self.password = made.password.reveal()
        sessions = StoredAccountSessions(rig.frame)
        sign_in = SignInAccount(accounts, sessions, MemoryTenants(BANK), SystemChance(), RING)
        self.send = SendMailedSms(sign_in, self.relay.take_message, SystemChance(), CountingMeter())

    def write(self, numbers: str, *, password: str = "", letter_id: str = "<1@b>") -> MailedSmsEnd:
        secret = password or self.password
        text = f"StartWithPoint;bank1;{secret};{numbers};SHOP;Заказ готов;EndWithPoint"
        return self.send.run(Letter("shop@bank.example", "", letter_id, text), "10.0.0.1")


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


def test_each_number_gets_a_message_that_passes_the_gate(rig: StoreRig) -> None:
    room = MailRoom(rig)
    assert room.write("79161112211,+79161112212,junk") == MailedSmsEnd(2, 1)
    room.relay.work()
    assert sorted(message.to.digits for message, _ in room.relay.sms.sent) == ["79161112211", "79161112212"]
    assert {message.sender for message, _ in room.relay.sms.sent} == {"SHOP"}


def test_a_letter_that_is_brought_again_sends_nothing_twice(rig: StoreRig) -> None:
    room = MailRoom(rig)
    room.write("79161112211")
    room.write("79161112211")
    room.relay.work()
    assert len(room.relay.sms.sent) == 1
    room.write("79161112211", letter_id="<2@b>")
    room.relay.work()
    assert len(room.relay.sms.sent) == 2


def test_a_wrong_password_and_an_account_for_other_faces_send_nothing(rig: StoreRig) -> None:
    room = MailRoom(rig, Face.REST)
    assert room.write("79161112211", password="wrong").reason == "wrong_login_or_password"
    assert room.write("79161112211").reason == "face_not_allowed"
    room.relay.work()
    assert room.relay.sms.sent == []
