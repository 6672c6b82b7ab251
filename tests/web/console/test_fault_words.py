"""Faults of a tenant's document in the visit's language: every one that a document can have."""

from __future__ import annotations

import pytest

from security_service.domain.errors import SettingsFault
from security_service.domain.tenant_document import read_tenant
from security_service.web.console.fault_words import fault_in_words
from security_service.web.console.words import Locale, Words

FAULTY: list[dict[str, object]] = [
    {
        "id": "B A",
        "name": "\x00",
        "region": "XX",
        "locale": "русский",
        "sender": "отправитель",
        "senders": ["отправитель"],
        "reply_numbers": ["x"],
        "reply_handler": "ftp://x",
        "refusal_words": [""],
        "xml_namespace": "",
        "gateways": ["A", "A"],
        "code_length": 99,
        "lookup_deadline_s": 50.0,
        "fallback_channels": ["sms", "sms"],
        "fallback_after_s": 299,
        "routes": [{"legs": [], "prefixes": ["x"], "countries": ["x"], "operators": ["x"]}],
        "guesses": {"guesses": 0, "lock_seconds": [], "lifetime_cap": 1, "known_for": -1},
        "notices": {"x y": "{}"},
        "limits": {"sends": [{"name": "A", "limit": 1, "seconds": 1}] * 2},
        "four_eyes": ["add_sim", "add_sim"],
        "templates": {
            "texts": {
                "default": {"ru": {"text": "{odd} {amount} }\x00"}, "x y": {"text": "{code}"}},
                "x y": {"ru": {"text": "{code}" + "x" * 2000}},
            },
            "web_otp": "HTTP://X",
        },
    },
    {"code_length": "x", "pin_at_check": 1, "unknown_is": "x", "odd": 1, "lookups": 1},
    {"limits": {"sends": [{}]}},
    {"id": "bank", "templates": {"web_otp": "a.example", "app_hash": "x"}, "limits": []},
    {"id": "bank", "routes": [{"legs": [{"gateway": "sms", "weight": -1}]}]},
    {"id": "bank", "limits": {"sends": [{"name": "a", "limit": 0, "seconds": 1}]}},
    {"id": "bank", "templates": {"app_hash": "x"}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("code_length: must be from 4 to 10, not 99", "code_length: Допустимо от 4 до 10, а не 99."),
        ("policy: there is no x (there are: a, b)", "policy: «x» не настроено. Есть: a, b."),
        ("templates.a.ru: {code} is missing", "templates.a.ru: В тексте нет {code}."),
        ("policy: observe sends every message, whatever became of the SIM", "policy: Политика observe"),
        ("something: nobody has words for", "something: nobody has words for"),
        ("no colon", "no colon"),
    ],
)
def test_faults_are_told_in_words(fault: str, told: str) -> None:
    assert fault_in_words(fault, Words(Locale.RU)).startswith(told)


@pytest.mark.parametrize("document", FAULTY)
def test_every_fault_of_a_document_has_words_in_both_languages(document: dict[str, object]) -> None:
    with pytest.raises(SettingsFault) as raised:
        read_tenant(document)
    for locale in Locale:
        untold = [fault for fault in raised.value.faults if fault_in_words(fault, Words(locale)) == fault]
        assert untold == []
