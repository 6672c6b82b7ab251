"""What a text comes to with a sample code, and how many SMS it takes; static/templates.js says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from security_service.domain.operation import DEFAULT_PURPOSE, Operation
from security_service.domain.secret import Code
from security_service.domain.segments import GSM7_BASIC, GSM7_EXTENSION, Segments, segments
from security_service.domain.templates import (
    LONGEST_TEXT,
    PAYMENT_PURPOSE,
    AppHash,
    Autofill,
    ChosenTemplate,
    NoAutofill,
    TemplateSet,
    WebOtp,
)
from security_service.domain.tenants import Tenant

SAMPLE_PAYMENT: Final = Operation(PAYMENT_PURPOSE, 150_000, "RUB", "OOO Romashka")
_SAMPLE_DIGITS: Final = "4071938265"
_MOST_TOLD: Final = 12
_SPARE: Final = 1
_LOCALES: Final = ("ru", "en")
_GSM7: Final = frozenset(GSM7_BASIC + GSM7_EXTENSION)


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as a subscriber would read it, what it takes, and characters that GSM-7 does not have."""

    text: str
    size: Segments
    foreign: str


@dataclass(frozen=True, slots=True)
class EditedText:
    """One row of the editor."""

    index: int
    purpose: str
    locale: str
    text: str
    is_payment: bool
    preview: Preview | None
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """What placeholders are filled with in previews."""

    code: str
    minutes: int
    amount: str
    currency: str
    payee: str


def sample_of(tenant: Tenant) -> Sample:
    """Give a sample as long as the tenant's codes."""
    payment = SAMPLE_PAYMENT
    code = _SAMPLE_DIGITS[: tenant.code_length]
    minutes = max(1, tenant.code_life_s // 60)
    return Sample(code, minutes, payment.amount_text(), payment.currency, payment.payee)


def preview_of(text: str, autofill: Autofill, sample: Sample) -> Preview:
    """Fill in a text and measure it."""
    filled = ChosenTemplate(text[:LONGEST_TEXT], autofill).render(
        Code(sample.code), sample.minutes, SAMPLE_PAYMENT
    )
    shown = filled.reveal()
    foreign = dict.fromkeys(one for one in shown if one not in _GSM7)
    # A text full of them is written in another alphabet on purpose.
    return Preview(shown, segments(shown), "".join(foreign) if len(foreign) <= _MOST_TOLD else "")


def autofill_of(templates: Mapping[str, Any]) -> Autofill:
    """Give the last line that a document of texts asks for."""
    if templates.get("web_otp"):
        return WebOtp(str(templates["web_otp"]))
    return AppHash(str(templates["app_hash"])) if templates.get("app_hash") else NoAutofill()


def edited_texts(
    templates: Mapping[str, Any], sample: Sample, faults: Mapping[str, Sequence[str]]
) -> Sequence[EditedText]:
    """Give the rows of the editor for a document of texts, with one that is empty.

    `faults` are sentences by `templates.<purpose>.<locale>`.
    """
    autofill = autofill_of(templates)
    rows: list[EditedText] = []
    for purpose, by_locale in templates.get("texts", {}).items():
        for locale, one in by_locale.items():
            text = str(one["text"])
            wrong = [
                sentence
                for key in (f"templates.{purpose}.{locale}", f"templates.texts.{purpose}.{locale}.text")
                for sentence in faults.get(key, ())
            ]
            preview = preview_of(text, autofill, sample)
            rows.append(EditedText(len(rows), purpose, locale, text, bool(one["payment"]), preview, wrong))
    empty = (
        EditedText(len(rows) + more, "", "", "", is_payment=False, preview=None) for more in range(_SPARE)
    )
    return [*rows, *empty]


def built_in(sample: Sample, autofill: Autofill) -> Sequence[EditedText]:
    """Give the texts that are sent where a tenant has none of its own."""
    chosen = [
        (purpose, locale, TemplateSet().choose(purpose, locale, is_payment=purpose == PAYMENT_PURPOSE).text)
        for purpose in (DEFAULT_PURPOSE, PAYMENT_PURPOSE)
        for locale in _LOCALES
    ]
    return [
        EditedText(
            index, purpose, locale, text, purpose == PAYMENT_PURPOSE, preview_of(text, autofill, sample)
        )
        for index, (purpose, locale, text) in enumerate(chosen)
    ]
