from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.errors import SettingsFault
from security_service.domain.limits import GuessBudget, Limits, Window
from security_service.domain.messages import Channel
from security_service.domain.templates import AppHash, NoAutofill, Template, TemplateSet, WebOtp
from security_service.domain.tenant_document import (
    read_tenant,
    tenant_document,
    tenant_rows,
    unknown_names,
    unserved_channels,
)
from security_service.domain.tenants import FirstContact, Tenant

_CODE = "Код {code}"
_PAYMENT = "Код {code}: {amount} {currency} для {payee}"


def faults_of(**settings: object) -> tuple[str, ...]:
    with pytest.raises(SettingsFault) as raised:
        read_tenant({"id": "bank", **settings})
    return raised.value.faults


def test_a_document_with_an_id_alone_is_a_tenant_with_every_default() -> None:
    read = read_tenant({"id": "bank"})
    assert read.tenant == Tenant("bank")
    assert read.warnings == ()


def test_every_setting_survives_the_way_through_json() -> None:
    tenant = Tenant(
        "my-bank-1",
        name="Мой банк",
        region="KZ",
        code_length=8,
        first_contact=FirstContact.SEND_THEN_LOOK,
        gateways=("a", "b"),
        fallback_channels=(Channel.VOICE, Channel.VIBER),
        fallback_after_s=45,
        notices={"ru": "Сим-карта сменилась. Позвоните в банк."},
        limits=Limits(
            sends=(Window("minute", 1, 60, record_only=True),), tenant=(Window("all", 9, 1),), prefix_digits=5
        ),
        guesses=GuessBudget(guesses=3, lock_seconds=(60, 120)),
        templates=TemplateSet(
            {("default", "ru"): Template(_CODE), ("payment", "ru"): Template(_PAYMENT, is_payment=True)},
            WebOtp("login.bank.example"),
        ),
    )
    assert read_tenant(json.loads(json.dumps(tenant_document(tenant)))).tenant == tenant


@pytest.mark.parametrize("autofill", [NoAutofill(), WebOtp("bank.example"), AppHash("AbCdEfGhI+/")])
def test_each_kind_of_last_line_survives(autofill: NoAutofill | WebOtp | AppHash) -> None:
    tenant = Tenant("bank", templates=TemplateSet({}, autofill))
    assert read_tenant(tenant_document(tenant)).tenant.templates.autofill == autofill


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        ({"id": "Bank"}, "id"),
        ({"id": ""}, "id"),
        ({"region": "XX"}, "region"),
        ({"locale": "russian language"}, "locale"),
        ({"sender": "TWELVE-CHARS"}, "sender"),
        ({"sender": "1234567890123456"}, "sender"),
        ({"sender": "БАНК"}, "sender"),
        ({"code_length": 3}, "code_length"),
        ({"code_length": 11}, "code_length"),
        ({"code_life_s": 59}, "code_life_s"),
        ({"code_life_s": 601}, "code_life_s"),
        ({"resend_after_s": -1}, "resend_after_s"),
        ({"deadline_s": 121}, "deadline_s"),
        ({"lookup_deadline_s": 10.0}, "lookup_deadline_s"),
        ({"override_days": 0}, "override_days"),
        ({"fallback_after_s": 0}, "fallback_after_s"),
        ({"fallback_after_s": 601}, "fallback_after_s"),
        ({"fallback_channels": ["voice"], "fallback_after_s": 240}, "fallback_after_s"),
        ({"fallback_channels": ["voice"], "code_life_s": 90}, "fallback_after_s"),
        ({"fallback_channels": ["voice", "voice"]}, "fallback_channels"),
        ({"fallback_channels": ["pigeon"]}, "fallback_channels[0]"),
        ({"notices_a_day": -1}, "notices_a_day"),
        ({"xml_namespace": "a b"}, "xml_namespace"),
        ({"gateways": ["a", "a"]}, "gateways"),
        ({"policy": "../x"}, "policy"),
        ({"notices": {"ru": "Код {code}"}}, "notices.ru"),
        ({"notices": {"ru": " "}}, "notices.ru"),
        ({"notices": {"xx yy": "text"}}, "notices"),
        ({"limits": {"prefix_digits": 0}}, "limits.prefix_digits"),
        ({"limits": {"sends": [{"name": "A;B", "limit": 1, "seconds": 1}]}}, "limits"),
        ({"limits": {"sends": [{"name": "requests", "limit": 1, "seconds": 1}]}}, "limits"),
        ({"limits": {"sends": [{"name": "m", "limit": 0, "seconds": 1}]}}, "limits.sends[0]"),
        ({"guesses": {"guesses": 0}}, "guesses.guesses"),
        ({"guesses": {"lock_seconds": []}}, "guesses.lock_seconds"),
        ({"guesses": {"lock_seconds": [300, 60]}}, "guesses.lock_seconds"),
        ({"guesses": {"lifetime_warning": 100}}, "guesses"),
        ({"guesses": {"known_for": 10, "forgotten_after": 5}}, "guesses"),
        ({"templates": {"texts": {"default": {"ru": {"text": "no code"}}}}}, "templates.default.ru"),
        ({"templates": {"web_otp": "https://x"}}, "templates.autofill"),
        ({"templates": {"web_otp": "a.example", "app_hash": "AbCdEfGhI+/"}}, "templates"),
        ({"templates": "x"}, "templates"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_a_setting_out_of_its_range_is_named(settings: Mapping[str, object], setting: str) -> None:
    faults = faults_of(**settings)
    assert [fault.partition(": ")[0] for fault in faults] == [setting]


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(code_length=2, region="??", templates={"texts": {"payment": {"ru": {"text": "x"}}}})
    assert len(faults) == 3


def test_a_payment_text_must_show_amount_and_payee() -> None:
    payment = {"payment": {"ru": {"text": _CODE, "payment": True}}}
    faults = faults_of(templates={"texts": payment})
    assert faults == (
        "templates.payment.ru: {amount} is missing",
        "templates.payment.ru: {payee} is missing",
    )


def test_short_codes_and_observing_are_allowed_and_warned_about() -> None:
    warnings = read_tenant({"id": "bank", "code_length": 5, "policy": "observe"}).warnings
    assert [warning.partition(":")[0] for warning in warnings] == ["code_length", "policy"]


def test_names_that_nobody_configured_are_told() -> None:
    tenant = Tenant("bank", policy="odd", gateways=("sms", "lost"), lookups=("gone",))
    assert unknown_names(tenant, ("standard",), ("sms",), ()) == (
        "policy: there is no odd (there are: standard)",
        "gateways: there is no lost (there are: sms)",
        "lookups: there is no gone (there are: none)",
    )


def test_a_fallback_in_time_and_a_short_life_without_one_are_allowed() -> None:
    voice = {"id": "bank", "fallback_channels": ["voice"], "fallback_after_s": 239}
    assert read_tenant(voice).tenant.fallback_channels == (Channel.VOICE,)
    assert read_tenant({"id": "bank", "code_life_s": 60}).tenant.fallback_channels == ()


def test_channels_to_fall_back_to_need_a_gateway_that_carries_them() -> None:
    tenant = Tenant("bank", fallback_channels=(Channel.VOICE, Channel.VIBER))
    assert unserved_channels(tenant, {Channel.SMS, Channel.VOICE}) == (
        "fallback_channels: no gateway carries viber",
    )
    assert unserved_channels(tenant, {Channel.VIBER, Channel.VOICE}) == ()


@given(code_length=st.integers(4, 10), life=st.integers(60, 600), name=st.from_regex(r"\A[a-z0-9-]{1,32}\Z"))
def test_whatever_is_allowed_survives(code_length: int, life: int, name: str) -> None:
    tenant = Tenant(name, code_length=code_length, code_life_s=life)
    assert read_tenant(tenant_document(tenant)).tenant == tenant


def test_every_setting_of_a_tenant_has_a_row() -> None:
    keys = {row.key.partition(".")[0] for row in tenant_rows()}
    assert keys == set(tenant_document(Tenant("bank")))
