from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.access import Role
from security_service.domain.people import (
    Credentials,
    PasswordFault,
    Person,
    PersonState,
    code_digest,
    csrf_of,
    federated_name,
    has_code,
    is_name,
    network_of,
    normal_name,
    password_fault,
    spoken_code,
)
from security_service.domain.secret import Secret


@pytest.mark.parametrize("name", ["anna", "a1", "i.petrova", "night-shift_2", "a" * 48])
def test_a_name_is_letters_digits_and_three_signs(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "a", "Anna", "1anna", "анна", "anna ", "oidc:anna", "a" * 49, "a\n"])
def test_other_names_are_none(name: str) -> None:
    assert not is_name(name)


def test_a_name_is_compared_without_case_and_white_space() -> None:
    assert normal_name("  Anna ") == "anna"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("elevenchars", PasswordFault.TOO_SHORT),
        ("x" * 257, PasswordFault.TOO_LONG),
        ("I am Anna, really", PasswordFault.HOLDS_NAME),
        ("password12345", PasswordFault.GUESSED_FIRST),
        ("Passw0rd!!!!", PasswordFault.GUESSED_FIRST),
        ("aaaaaaaaaaaa", PasswordFault.GUESSED_FIRST),
        ("123456789012", PasswordFault.GUESSED_FIRST),
        ("qwertyuiop[]asdf", PasswordFault.GUESSED_FIRST),
        ("hunter2hunter2", PasswordFault.GUESSED_FIRST),
        ("пароль!!!!!!2024", PasswordFault.GUESSED_FIRST),
        ("a quiet green river", None),
        ("тихая зелёная река", None),
        ("correcthorsebattery", None),
        ("qwerty and some more words", None),
    ],
)
def test_length_counts_and_what_attackers_try_first_is_refused(
    password: str, fault: PasswordFault | None
) -> None:
    assert password_fault("anna", Secret(password)) is fault


@given(st.text(min_size=32, max_size=32, alphabet="0123456789abcdef"))
def test_a_spoken_code_is_read_however_it_is_typed(token: str) -> None:
    code = spoken_code(token)
    typed = Secret(code.reveal().replace("-", " ").upper() + " ")
    assert code_digest("recovery", "anna", typed) == code_digest("recovery", "anna", code)
    assert len(code.reveal()) == 24
    assert code.reveal() not in repr(code)


def test_a_code_holds_for_one_person_and_one_use() -> None:
    code = spoken_code("0123456789abcdef" * 2)
    kept = (code_digest("recovery", "anna", code),)
    assert has_code(kept, code_digest("recovery", "anna", code))
    assert not has_code(kept, code_digest("recovery", "boris", code))
    assert not has_code(kept, code_digest("invitation", "anna", code))
    assert not has_code((), code_digest("recovery", "anna", code))


def test_the_token_of_forms_is_bound_to_the_session_and_does_not_tell_it() -> None:
    session = Secret("s" * 64)
    assert csrf_of(session) == csrf_of(session) != csrf_of(Secret("t" * 64))
    assert csrf_of(session).reveal() not in session.reveal()


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("not an address", "not an address"),
    ],
)
def test_neighbours_are_counted_as_one(source: str, network: str) -> None:
    assert network_of(source) == network


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("A.Petrova@bank.example", "oidc:a.petrova@bank.example"),
        ("", ""),
        ("anna\n", "oidc:anna"),
        ("an na", ""),
        ('anna"', ""),
        ("анна", ""),
        ("x" * 200, ""),
    ],
)
def test_names_of_the_provider_never_meet_ours(name: str, ours: str) -> None:
    assert federated_name(name) == ours
    assert not is_name(ours)


def test_only_an_active_person_with_a_password_here_counts_as_an_admin() -> None:
    anna = Person("anna", frozenset({Role.ADMIN}), state=PersonState.ACTIVE)
    assert anna.is_local_admin
    assert not Person("anna", frozenset({Role.ADMIN}), state=PersonState.DISABLED).is_local_admin
    assert not Person("anna", frozenset({Role.LEAD}), state=PersonState.ACTIVE).is_local_admin
    assert not Person(
        "oidc:a", frozenset({Role.ADMIN}), state=PersonState.ACTIVE, is_federated=True
    ).is_local_admin


def test_what_a_person_proves_themselves_by_is_not_printed() -> None:
    kept = Credentials("$argon2id$hash", b"sealed", b"offered", ("digest",), 1, "invitation")
    shown = repr(Person("anna", frozenset({Role.LEAD}), credentials=kept))
    assert all(word not in shown for word in ("argon2", "sealed", "offered", "digest", "invitation'"))
