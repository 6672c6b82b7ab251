from __future__ import annotations

from security_service.sandbox.sessions import SessionCheck, Sessions
from tests.sandbox.rig import Clock


def test_a_session_has_36_characters_and_lives_exactly_its_time() -> None:
    clock = Clock()
    sessions = Sessions("bank", "secret", 7200, clock)
    session_id = sessions.open()
    assert len(session_id) == 36
    clock.move(7199.9)
    assert sessions.check(session_id) is SessionCheck.VALID
    assert sessions.check(session_id.lower()) is SessionCheck.VALID
    clock.move(0.1)
    assert sessions.check(session_id) is SessionCheck.EXPIRED


def test_a_session_that_was_never_opened_is_unknown() -> None:
    sessions = Sessions("bank", "secret", 7200, Clock())
    assert sessions.check("Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1") is SessionCheck.UNKNOWN


def test_only_the_whole_login_and_password_are_let_in() -> None:
    sessions = Sessions("bank", "пароль", 7200, Clock())
    assert sessions.admits("bank", "пароль")
    assert not sessions.admits("bank", "парол")
    assert not sessions.admits("Bank", "пароль")
    assert not sessions.admits("", "")
