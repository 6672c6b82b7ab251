from __future__ import annotations

import threading
from typing import Final

import pytest
from argon2 import extract_parameters

from security_service.domain.people_answers import PasswordAnswer
from security_service.domain.people_ports import Busy
from security_service.domain.secret import Secret
from security_service.links.passwords import Argon2Passwords, HashCost, HashPlaces

CHEAP: Final = HashCost(memory_kib=64, passes=1, lanes=1)
RIVER: Final = Secret("a quiet green river")


def hashed(passwords: Argon2Passwords, password: Secret = RIVER) -> str:
    text = passwords.hashed(password)
    assert isinstance(text, str)
    return text


def test_a_password_is_right_for_its_own_hash_only() -> None:
    passwords = Argon2Passwords(CHEAP)
    text = hashed(passwords)
    assert passwords.check(text, RIVER, known_device=False) is PasswordAnswer.RIGHT
    assert passwords.check(text, Secret("a quiet green rivet"), known_device=True) is PasswordAnswer.WRONG
    assert text != hashed(passwords)


def test_a_composed_letter_is_the_same_however_a_keyboard_writes_it() -> None:
    passwords = Argon2Passwords(CHEAP)
    text = hashed(passwords, Secret("зелёный й берег"))
    typed = Secret("зеле\u0308ный и\u0306 берег")
    assert passwords.check(text, typed, known_device=True) is PasswordAnswer.RIGHT


def test_the_usual_cost_is_the_second_choice_of_the_standard() -> None:
    parameters = extract_parameters(hashed(Argon2Passwords()))
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (65536, 3, 4)
    assert parameters.type.name == "ID"


def test_a_hash_of_before_is_right_and_outgrown() -> None:
    text = hashed(Argon2Passwords(CHEAP))
    dearer = Argon2Passwords(HashCost(memory_kib=128, passes=1, lanes=1))
    assert dearer.check(text, RIVER, known_device=True) is PasswordAnswer.OUTGROWN
    assert dearer.check(text, Secret("something else"), known_device=True) is PasswordAnswer.WRONG


@pytest.mark.parametrize("stored", ["", "$argon2id$broken", "plain"])
def test_nobodys_password_is_never_right(stored: str) -> None:
    assert Argon2Passwords(CHEAP).check(stored, RIVER, known_device=False) is PasswordAnswer.WRONG


def test_nobodys_hash_is_as_dear_as_a_real_one() -> None:
    passwords = Argon2Passwords(CHEAP)
    real = extract_parameters(hashed(passwords))
    assert extract_parameters(passwords._nobodys) == real  # noqa: SLF001 - what is compared where nobody is


def test_strangers_who_hold_every_place_leave_those_of_known_devices_free() -> None:
    passwords = Argon2Passwords(CHEAP, at_once=1, waiting=0, wait_s=0.0)
    text = hashed(passwords)
    with passwords._strange.taken() as has_place:  # noqa: SLF001 - a stranger's hash that takes its time
        assert has_place
        assert passwords.check(text, RIVER, known_device=False) is PasswordAnswer.BUSY
        assert passwords.check(text, RIVER, known_device=True) is PasswordAnswer.RIGHT
    assert passwords.check(text, RIVER, known_device=False) is PasswordAnswer.RIGHT


def test_a_new_password_waits_for_nobody_for_ever() -> None:
    passwords = Argon2Passwords(CHEAP, at_once=1, waiting=0, wait_s=0.0)
    with passwords._known.taken():  # noqa: SLF001 - as above
        assert passwords.hashed(RIVER) == Busy()


def test_who_waits_gets_the_place_that_is_given_back() -> None:
    places = HashPlaces(at_once=1, waiting=1, wait_s=30.0)
    answers: list[bool] = []

    def wait() -> None:
        with places.taken() as has_place:
            answers.append(has_place)

    with places.taken() as first:
        waiter = threading.Thread(target=wait)
        waiter.start()
    waiter.join(30)
    assert (first, answers) == (True, [True])


def test_no_more_wait_than_may() -> None:
    places = HashPlaces(at_once=1, waiting=0, wait_s=30.0)
    with places.taken() as first, places.taken() as second:
        assert (first, second) == (True, False)
    with places.taken() as third:
        assert third
