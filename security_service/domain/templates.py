"""Texts of codes: checking, choosing and filling templates; leaves who may change them to others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, assert_never

from security_service.domain.operation import DEFAULT_PURPOSE, Operation
from security_service.domain.secret import Code, MessageText

PAYMENT_PURPOSE: Final = "payment"
"""The purpose whose texts stand in for payments of purposes that have none of their own."""

LONGEST_TEXT: Final = 2000

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_KNOWN: Final = ("code", "minutes", "amount", "currency", "payee")
_OF_PAYMENTS: Final = frozenset({"amount", "currency", "payee"})
_NEEDED_IN_PAYMENTS: Final = ("amount", "payee")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_NO_PAYEE: Final = "-"
_PURPOSE: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}")
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+{_LABEL}")
_APP_HASH: Final = re.compile(r"[A-Za-z0-9+/]{11}")


class TemplateReason(StrEnum):
    """What can be wrong with a template."""

    NO_CODE = "no_code"
    NO_AMOUNT = "no_amount"
    NO_PAYEE = "no_payee"
    PAYMENT_ONLY = "payment_only"
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"
    STRAY_BRACE = "stray_brace"
    UNPRINTABLE = "unprintable"
    TOO_LONG = "too_long"
    BAD_PURPOSE = "bad_purpose"
    BAD_LOCALE = "bad_locale"
    BAD_AUTOFILL = "bad_autofill"


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault: its reason, a sentence for people, and which text has it (`purpose/locale`)."""

    reason: TemplateReason
    sentence: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class NoAutofill:
    """Texts end with the template."""


@dataclass(frozen=True, slots=True)
class WebOtp:
    """Texts end with `@domain #code`, which browsers fill in on that domain only.

    The format is the WICG's "Origin-bound one-time codes delivered via SMS".
    """

    domain: str


@dataclass(frozen=True, slots=True)
class AppHash:
    """Texts end with the 11 Base64 characters by which Android finds the app that may read them."""

    value: str


Autofill = NoAutofill | WebOtp | AppHash


@dataclass(frozen=True, slots=True)
class Template:
    """One text with placeholders; `is_payment` says that it is for codes with an amount."""

    text: str
    is_payment: bool = False


@dataclass(frozen=True, slots=True)
class ChosenTemplate:
    """The text that one message is made of, with the last line that its tenant wants."""

    text: str
    autofill: Autofill = field(default_factory=NoAutofill)

    def render(self, code: Code, minutes: int, operation: Operation) -> MessageText:
        """Fill in the placeholders once; `minutes` is the life of the code.

        What a caller gave can bring no placeholder, no line and no origin of its own: the payee
        is one visible line that does not begin with `@`, and `-` where there is none.
        """
        filled = {
            "code": code.reveal(),
            "minutes": str(minutes),
            "amount": operation.amount_text(),
            "currency": operation.currency,
            "payee": _one_line(operation.payee) or _NO_PAYEE,
        }
        body = _PLACEHOLDER.sub(lambda match: filled.get(match[1], ""), self.text)
        match self.autofill:
            case NoAutofill():
                return MessageText(body)
            case WebOtp(domain):
                return MessageText(f"{body}\n\n@{domain} #{code.reveal()}")
            case AppHash(value):
                return MessageText(f"{body}\n{value}")


def _one_line(text: str) -> str:
    visible = "".join(" " if unicodedata.category(one) in _INVISIBLE else one for one in text)
    return " ".join(visible.split()).lstrip("@ ")


@dataclass(frozen=True, slots=True)
class TemplateSet:
    """A tenant's texts by (purpose, locale), and how they end; an empty set means the built-in texts."""

    texts: Mapping[tuple[str, str], Template] = field(default_factory=dict)
    autofill: Autofill = field(default_factory=NoAutofill)
    _by_place: Mapping[tuple[str, str], Template] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_place = {
            (purpose, _normal(locale)): template for (purpose, locale), template in self.texts.items()
        }
        object.__setattr__(self, "_by_place", by_place)

    def expects_amount(self, purpose: str) -> bool:
        """True where the tenant has texts of this purpose and all of them are for payments."""
        kinds = [template.is_payment for (of, _), template in self._by_place.items() if of == purpose]
        return bool(kinds) and all(kinds)

    def choose(
        self, purpose: str, locale: str, *, is_payment: bool, default_locale: str = "ru"
    ) -> ChosenTemplate:
        """Give the text for a purpose and a locale; always gives one.

        Locales: the exact one, then the language, then the tenant's default. Texts: the tenant's
        for the purpose, the tenant's for payments (`payment`) or all else (`default`), the
        built-in ones. A code with an amount gets only a text that shows amount and payee
        (RTS on SCA, article 5), a code without one only a text that does not.
        """
        locales = [*_fallbacks(locale), *_fallbacks(default_locale)]
        stand_in = PAYMENT_PURPOSE if is_payment else DEFAULT_PURPOSE
        for texts, of in ((self._by_place, purpose), (self._by_place, stand_in), (_BUILT_IN, stand_in)):
            for place in locales:
                template = texts.get((of, place))
                if template is not None and template.is_payment == is_payment:
                    return ChosenTemplate(template.text, self.autofill)
        return ChosenTemplate(_BUILT_IN[stand_in, "en"].text, self.autofill)


_BUILT_IN: Final[Mapping[tuple[str, str], Template]] = {
    (DEFAULT_PURPOSE, "ru"): Template("Код {code}. Никому его не сообщайте. Действует {minutes} мин."),
    (DEFAULT_PURPOSE, "en"): Template("Code {code}. Do not share it with anyone. Valid for {minutes} min."),
    (PAYMENT_PURPOSE, "ru"): Template(
        "Код {code}: оплата {amount} {currency}, получатель {payee}. "
        "Никому его не сообщайте. Действует {minutes} мин.",
        is_payment=True,
    ),
    (PAYMENT_PURPOSE, "en"): Template(
        "Code {code} to pay {amount} {currency} to {payee}. "
        "Do not share it with anyone. Valid for {minutes} min.",
        is_payment=True,
    ),
}


def _normal(locale: str) -> str:
    return locale.strip().replace("_", "-").lower()


def _fallbacks(locale: str) -> list[str]:
    """The locale itself and its ever shorter forms (RFC 4647, lookup); none of an unreadable one."""
    normal = _normal(locale)
    if not _LOCALE.fullmatch(normal):
        return []
    subtags = normal.split("-")
    return ["-".join(subtags[:end]) for end in range(len(subtags), 0, -1)]


def check_template(text: str, *, purpose_is_payment: bool) -> tuple[TemplateFault, ...]:
    """List all that is wrong with the text of a template; empty means it may be saved.

    The code must be in it, and where the purpose is a payment the amount and the payee too.
    """
    names = _PLACEHOLDER.findall(text)
    needed = ("code", *_NEEDED_IN_PAYMENTS) if purpose_is_payment else ("code",)
    missing = [name for name in needed if name not in names]
    faults = [TemplateFault(TemplateReason(f"no_{name}"), f"{{{name}}} is missing") for name in missing]
    for name in dict.fromkeys(names):
        if name not in _KNOWN:
            sentence = f"{{{_shown(name)}}} is not one of {', '.join(_KNOWN)}"
            faults.append(TemplateFault(TemplateReason.UNKNOWN_PLACEHOLDER, sentence))
        elif name in _OF_PAYMENTS and not purpose_is_payment:
            sentence = f"{{{name}}} stands only in texts of payments (payment = true)"
            faults.append(TemplateFault(TemplateReason.PAYMENT_ONLY, sentence))
    rest = _PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        faults.append(TemplateFault(TemplateReason.STRAY_BRACE, "a brace stands outside a placeholder"))
    hidden = {one for one in text if one != "\n" and unicodedata.category(one) in _INVISIBLE}
    if hidden:
        listed = ", ".join(sorted(f"U+{ord(one):04X}" for one in hidden))
        faults.append(TemplateFault(TemplateReason.UNPRINTABLE, f"characters that cannot be seen: {listed}"))
    if len(text) > LONGEST_TEXT:
        faults.append(TemplateFault(TemplateReason.TOO_LONG, f"longer than {LONGEST_TEXT} characters"))
    return tuple(faults)


def check_autofill(autofill: Autofill) -> tuple[TemplateFault, ...]:
    """List what is wrong with the last line: a domain in lower case without scheme, or 11 characters."""
    match autofill:
        case NoAutofill():
            sentence = ""
        case WebOtp(domain):
            sentence = "" if _DOMAIN.fullmatch(domain) else "the domain must be like `login.bank.example`"
        case AppHash(value):
            sentence = "" if _APP_HASH.fullmatch(value) else "the app hash must be 11 characters of Base64"
        case _:
            assert_never(autofill)
    return (TemplateFault(TemplateReason.BAD_AUTOFILL, sentence, "autofill"),) if sentence else ()


def check_templates(templates: TemplateSet) -> tuple[TemplateFault, ...]:
    """List all that is wrong with a tenant's texts, each fault with its `purpose/locale`."""
    faults = list(check_autofill(templates.autofill))
    for (purpose, locale), template in templates.texts.items():
        where = f"{_shown(purpose)}/{_shown(locale)}"
        if not _PURPOSE.fullmatch(purpose):
            sentence = "a purpose takes 1 to 32 of A-Z a-z 0-9 _ . -"
            faults.append(TemplateFault(TemplateReason.BAD_PURPOSE, sentence, where))
        if not _LOCALE.fullmatch(_normal(locale)):
            faults.append(TemplateFault(TemplateReason.BAD_LOCALE, "a locale is like `ru` or `ru-RU`", where))
        faults += [
            TemplateFault(fault.reason, fault.sentence, where)
            for fault in check_template(template.text, purpose_is_payment=template.is_payment)
        ]
    return tuple(faults)


def _shown(text: str) -> str:
    return "".join(one for one in text[:40] if one.isprintable())
