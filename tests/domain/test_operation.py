from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.operation import Operation, OperationFault, exponent_of, read_operation
from security_service.domain.secret import KeyRing


def _read(
    amount: str | None = "1500.00",
    currency: str | None = "RUB",
    payee: str | None = None,
    purpose: str | None = None,
) -> Operation:
    operation = read_operation(purpose, amount, currency, payee)
    assert isinstance(operation, Operation), operation
    return operation


def _fault(
    amount: str | None = None,
    currency: str | None = None,
    payee: str | None = None,
    purpose: str | None = None,
) -> str:
    fault = read_operation(purpose, amount, currency, payee)
    assert isinstance(fault, OperationFault), fault
    assert fault.sentence
    return fault.member


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "shown"),
    [
        ("1500", "RUB", 150_000, "1500.00"),
        ("1500.0", "RUB", 150_000, "1500.00"),
        ("1500.00", "RUB", 150_000, "1500.00"),
        ("0.01", "EUR", 1, "0.01"),
        ("500", "JPY", 500, "500"),
        ("500.0", "JPY", 500, "500"),
        ("1.234", "KWD", 1234, "1.234"),
        ("1.2345", "CLF", 12_345, "1.2345"),
        ("007", "USD", 700, "7.00"),
        (" 12.5 ", "USD", 1250, "12.50"),
    ],
)
def test_amounts_are_brought_to_the_exponent_of_their_currency(
    amount: str, currency: str, minor: int, shown: str
) -> None:
    operation = _read(amount, currency)
    assert (operation.minor, operation.amount_text()) == (minor, shown)
    assert operation.is_payment


@pytest.mark.parametrize(
    ("currency", "exponent"), [("JPY", 0), ("RUB", 2), ("BHD", 3), ("UYW", 4), ("XXX", 2)]
)
def test_exponents_are_those_of_iso_4217(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1,500.00", "RUB"),
        ("1e3", "RUB"),
        ("-1", "RUB"),
        ("+1", "RUB"),
        ("0", "RUB"),
        ("0.00", "RUB"),
        ("1.001", "RUB"),
        ("1.5", "JPY"),
        (".5", "RUB"),
        ("5.", "RUB"),
        ("NaN", "RUB"),
        ("１５", "RUB"),
        ("1" * 15, "RUB"),
        ("1" * 16, "JPY"),
        (" ", "RUB"),
    ],
)
def test_an_amount_that_is_no_plain_positive_decimal_is_a_fault(amount: str, currency: str) -> None:
    assert _fault(amount, currency) == "Amount"


def test_an_amount_and_a_currency_come_together() -> None:
    assert _fault(amount="1500") == "Currency"
    assert _fault(currency="RUB") == "Amount"
    assert _fault(amount="1500", currency=" ") == "Currency"


@pytest.mark.parametrize("currency", ["RU", "RUBL", "R1B", "₽", "643"])
def test_a_currency_is_three_letters(currency: str) -> None:
    assert _fault("1", currency) == "Currency"


def test_a_currency_is_compared_in_upper_case() -> None:
    assert _read(currency=" rub ").parts() == _read(currency="RUB").parts()


def test_a_payee_is_compared_in_nfc_with_spaces_collapsed() -> None:
    composed = _read(payee="Кафе Йод")
    assert _read(payee="  Кафе\t\u00a0И\u0306од\n").parts() == composed.parts()
    assert composed.payee == "Кафе Йод"
    assert _read(payee="кафе Йод").parts() != composed.parts()


@pytest.mark.parametrize("payee", ["a\0b", "a\x1bb", "a\ud800b", "x" * 141])
def test_a_payee_that_cannot_be_read_or_is_too_long_is_a_fault(payee: str) -> None:
    assert _fault(payee=payee) == "Payee"


def test_an_operation_without_members_is_the_default_one() -> None:
    assert _read(None, None) == Operation("default", None, "", "")
    assert _read("", "", "", "") == Operation()
    assert not Operation().is_payment
    assert Operation().amount_text() == ""


@pytest.mark.parametrize("purpose", ["login", "Transfer_2", "a.b-c", "x" * 32])
def test_a_purpose_is_a_short_token(purpose: str) -> None:
    assert _read(None, None, purpose=purpose).purpose == purpose


@pytest.mark.parametrize("purpose", ["a b", "вход", "x" * 33, "a/b", "*", "a\n"])
def test_another_purpose_is_a_fault(purpose: str) -> None:
    assert _fault(purpose=purpose) == "Purpose"


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_is_read_can_be_digested(purpose: str, amount: str, currency: str, payee: str) -> None:
    operation = read_operation(purpose, amount, currency, payee)
    if isinstance(operation, Operation):
        assert KeyRing({1: b"k" * 32}).digest(1, *operation.parts())


@given(st.integers(1, 10**15 - 1), st.sampled_from(["RUB", "JPY", "KWD", "CLF"]))
def test_an_amount_as_it_is_shown_reads_as_the_same_amount(minor: int, currency: str) -> None:
    shown = Operation("default", minor, currency).amount_text()
    assert _read(shown, currency).minor == minor
