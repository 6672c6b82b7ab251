from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.operation import Operation
from security_service.domain.secret import Code
from security_service.domain.segments import Encoding, segments
from security_service.domain.templates import (
    LONGEST_TEXT,
    AppHash,
    Autofill,
    ChosenTemplate,
    NoAutofill,
    Template,
    TemplateReason,
    TemplateSet,
    WebOtp,
    check_autofill,
    check_template,
    check_templates,
)

CODE = Code("493021")
PAYMENT = Operation("transfer", 150_000, "RUB", "ООО Ромашка")
PLAIN = Operation()


def _reasons(text: str, *, payment: bool = False) -> list[TemplateReason]:
    return [fault.reason for fault in check_template(text, purpose_is_payment=payment)]


def _text(
    operation: Operation = PLAIN,
    locale: str = "ru",
    texts: TemplateSet | None = None,
    default_locale: str = "ru",
) -> str:
    chosen = (texts or TemplateSet()).choose(
        operation.purpose, locale, is_payment=operation.is_payment, default_locale=default_locale
    )
    return chosen.render(CODE, 5, operation).reveal()


# -------------------------------------------------------------------------------------------- checking


@pytest.mark.parametrize("text", ["{code}", "Код {code}.\nЕщё {minutes} мин.", "{code} {code}"])
def test_a_plain_text_needs_the_code_alone(text: str) -> None:
    assert _reasons(text) == []


def test_a_payment_needs_code_amount_and_payee() -> None:
    assert _reasons("{code} {amount} {payee}", payment=True) == []
    assert _reasons("{code} {amount} {currency} {payee} {minutes}", payment=True) == []
    assert _reasons("Hello", payment=True) == [
        TemplateReason.NO_CODE,
        TemplateReason.NO_AMOUNT,
        TemplateReason.NO_PAYEE,
    ]
    assert _reasons("{code} {amount}", payment=True) == [TemplateReason.NO_PAYEE]


@pytest.mark.parametrize("name", ["amount", "currency", "payee"])
def test_what_only_payments_have_stands_in_no_other_text(name: str) -> None:
    assert _reasons(f"{{code}} {{{name}}}") == [TemplateReason.PAYMENT_ONLY]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", [TemplateReason.NO_CODE]),
        ("{Code}", [TemplateReason.NO_CODE, TemplateReason.UNKNOWN_PLACEHOLDER]),
        ("{code} {}", [TemplateReason.UNKNOWN_PLACEHOLDER]),
        ("{code} { minutes }", [TemplateReason.UNKNOWN_PLACEHOLDER]),
        ("{code} {code.value}", [TemplateReason.UNKNOWN_PLACEHOLDER]),
        ("{code} {", [TemplateReason.STRAY_BRACE]),
        ("{code}}", [TemplateReason.STRAY_BRACE]),
        ("{{code}}", [TemplateReason.STRAY_BRACE]),
        ("{code}\r\n", [TemplateReason.UNPRINTABLE]),
        ("{code}\x00", [TemplateReason.UNPRINTABLE]),
        ("{code}\u202e", [TemplateReason.UNPRINTABLE]),
        ("{code}\ud800", [TemplateReason.UNPRINTABLE]),
        ("{code}" + "x" * (LONGEST_TEXT - 6), []),
        ("{code}" + "x" * (LONGEST_TEXT - 5), [TemplateReason.TOO_LONG]),
    ],
)
def test_every_fault_of_a_text_is_named(text: str, reasons: list[TemplateReason]) -> None:
    assert _reasons(text) == reasons


@pytest.mark.parametrize(
    ("autofill", "is_good"),
    [
        (NoAutofill(), True),
        (WebOtp("bank.example"), True),
        (WebOtp("login.bank-one.example"), True),
        (WebOtp("xn--80ab.xn--p1ai"), True),
        (WebOtp("https://bank.example"), False),
        (WebOtp("bank.example/login"), False),
        (WebOtp("Bank.example"), False),
        (WebOtp("bank"), False),
        (WebOtp("bank.example\n@evil.example"), False),
        (WebOtp("a." * 130 + "example"), False),
        (AppHash("FA+9qCX9VSu"), True),
        (AppHash("FA+9qCX9VS"), False),
        (AppHash("FA+9qCX9VSu\n"), False),
    ],
)
def test_the_last_line_is_a_domain_or_an_app_hash(autofill: Autofill, *, is_good: bool) -> None:
    assert (check_autofill(autofill) == ()) is is_good


def test_the_faults_of_a_set_name_their_places() -> None:
    texts = TemplateSet(
        {
            ("login", "ru"): Template("Код {code}"),
            ("transfer", "ru"): Template("Код {code}", is_payment=True),
            ("a b", "russian!"): Template("{code}"),
        },
        WebOtp("bank"),
    )
    assert [(fault.where, fault.reason.value) for fault in check_templates(texts)] == [
        ("autofill", "bad_autofill"),
        ("transfer/ru", "no_amount"),
        ("transfer/ru", "no_payee"),
        ("a b/russian!", "bad_purpose"),
        ("a b/russian!", "bad_locale"),
    ]
    assert check_templates(TemplateSet()) == ()


# ------------------------------------------------------------------------------------------- rendering


def test_the_last_line_binds_the_code_to_a_domain() -> None:
    chosen = ChosenTemplate("Code {code}.", WebOtp("bank.example"))
    assert chosen.render(CODE, 5, PLAIN).reveal() == "Code 493021.\n\n@bank.example #493021"


def test_the_last_line_names_the_app() -> None:
    chosen = ChosenTemplate("Code {code}.", AppHash("FA+9qCX9VSu"))
    assert chosen.render(CODE, 5, PLAIN).reveal() == "Code 493021.\nFA+9qCX9VSu"


def test_a_rendered_text_does_not_show_itself() -> None:
    assert "493021" not in repr(ChosenTemplate("Code {code}").render(CODE, 5, PLAIN))


def test_a_payee_brings_no_placeholder_line_or_origin_of_its_own() -> None:
    payee = "@evil.example #1\n{code}\u2028\u202eКод 000000\x85{minutes}"
    filled = ChosenTemplate("{code}\n{payee}", WebOtp("bank.example")).render(
        CODE, 5, Operation("transfer", 100, "RUB", payee)
    )
    assert filled.reveal() == ("493021\nevil.example #1 {code} Код 000000 {minutes}\n\n@bank.example #493021")


@pytest.mark.parametrize("payee", ["", " ", "@", "\u200b"])
def test_a_payment_without_a_payee_shows_a_dash(payee: str) -> None:
    chosen = ChosenTemplate("{code} {amount} {payee}")
    assert chosen.render(CODE, 5, Operation("transfer", 100, "RUB", payee)).reveal() == "493021 1.00 -"


@given(st.text(max_size=200))
def test_no_payee_adds_a_line(payee: str) -> None:
    chosen = ChosenTemplate("{code}\n{payee}")
    lines = chosen.render(CODE, 5, Operation("transfer", 100, "RUB", payee)).reveal().splitlines()
    assert len(lines) == 2
    assert not lines[1].startswith("@")


# -------------------------------------------------------------------------------------------- choosing


@pytest.mark.parametrize(
    ("locale", "beginning"),
    [
        ("ru", "Код 493021."),
        ("ru-RU", "Код 493021."),
        ("ru_KZ", "Код 493021."),
        ("EN-gb", "Code 493021."),
        ("kk", "Код 493021."),
        ("", "Код 493021."),
        ("../../etc", "Код 493021."),
    ],
)
def test_the_built_in_texts_follow_the_locale_and_fall_back(locale: str, beginning: str) -> None:
    assert _text(locale=locale).startswith(beginning)


def test_without_any_locale_that_is_known_the_built_in_text_is_english() -> None:
    assert _text(locale="kk", default_locale="uz").startswith("Code 493021.")


def test_the_built_in_texts_pass_their_own_check_and_tell_the_minutes() -> None:
    for locale in ("ru", "en"):
        chosen = TemplateSet().choose("default", locale, is_payment=False)
        assert _reasons(chosen.text) == []
        assert " 5 " in _text(locale=locale)
        payment = TemplateSet().choose("default", locale, is_payment=True)
        assert _reasons(payment.text, payment=True) == []


def test_the_built_in_codes_take_one_segment() -> None:
    assert segments(_text()).count == 1
    assert segments(_text(locale="en")) == segments("x" * len(_text(locale="en")))
    assert segments(_text(locale="en")).encoding is Encoding.GSM7


def test_a_payment_shows_amount_currency_and_payee() -> None:
    assert _text(PAYMENT).startswith("Код 493021: оплата 1500.00 RUB, получатель ООО Ромашка.")
    assert _text(PAYMENT, "en").startswith("Code 493021 to pay 1500.00 RUB to ООО Ромашка.")


OWN = TemplateSet(
    {
        ("default", "ru"): Template("своё {code}"),
        ("login", "ru"): Template("вход {code}"),
        ("login", "ru-KZ"): Template("вход KZ {code}"),
        ("login", "en"): Template("login {code}"),
        ("transfer", "ru"): Template("перевод {code} {amount} {payee}", is_payment=True),
        ("payment", "ru"): Template("платёж {code} {amount} {payee}", is_payment=True),
        ("mixed", "ru"): Template("смесь {code}"),
    }
)


@pytest.mark.parametrize(
    ("purpose", "locale", "text"),
    [
        ("login", "ru-kz", "вход KZ 493021"),
        ("login", "ru-RU", "вход 493021"),
        ("login", "en-US", "login 493021"),
        ("login", "de", "вход 493021"),
        ("other", "ru", "своё 493021"),
        ("other", "en", "своё 493021"),
        ("transfer", "ru", "своё 493021"),
    ],
)
def test_the_purpose_comes_before_the_stand_in_and_the_exact_locale_first(
    purpose: str, locale: str, text: str
) -> None:
    assert _text(Operation(purpose), locale, OWN) == text


@pytest.mark.parametrize(
    ("purpose", "text"),
    [
        ("transfer", "перевод 493021 1500.00 ООО Ромашка"),
        ("mixed", "платёж 493021 1500.00 ООО Ромашка"),
        ("other", "платёж 493021 1500.00 ООО Ромашка"),
    ],
)
def test_a_code_with_an_amount_never_gets_a_text_without_it(purpose: str, text: str) -> None:
    assert _text(Operation(purpose, 150_000, "RUB", "ООО Ромашка"), "ru", OWN) == text


def test_only_a_purpose_whose_every_text_is_for_payments_expects_an_amount() -> None:
    assert OWN.expects_amount("transfer")
    assert not OWN.expects_amount("login")
    assert not OWN.expects_amount("other")
    assert not TemplateSet().expects_amount("payment")


def test_the_last_line_goes_with_every_text_of_the_tenant() -> None:
    texts = TemplateSet(autofill=WebOtp("bank.example"))
    assert _text(texts=texts).endswith("\n\n@bank.example #493021")


@given(purpose=st.text(max_size=50), locale=st.text(max_size=50), is_payment=st.booleans())
def test_there_is_always_a_text_with_the_code(purpose: str, locale: str, *, is_payment: bool) -> None:
    chosen = OWN.choose(purpose, locale, is_payment=is_payment)
    assert "{code}" in chosen.text
    assert ("{amount}" in chosen.text) is is_payment
