"""A tenant as a JSON-able document and back, every setting checked; leaves keeping it to the store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, assert_never

import phonenumbers

from security_service.domain.codes import LONGEST_CODE, LONGEST_LIFE_S, SHORTEST_CODE
from security_service.domain.errors import SettingsFault
from security_service.domain.fallback import LEAST_LEFT_S
from security_service.domain.limits import GuessBudget, Limits, Window
from security_service.domain.messages import Channel
from security_service.domain.proposals import LONGEST_WAIT_H
from security_service.domain.routing import Route
from security_service.domain.setting_kinds import setting_fields
from security_service.domain.setting_rows import SettingRow, describe, jsonable, masked
from security_service.domain.settings import collect_settings
from security_service.domain.templates import (
    AppHash,
    Autofill,
    NoAutofill,
    Template,
    TemplateSet,
    WebOtp,
    check_templates,
)
from security_service.domain.tenants import Tenant

WEAK_CODE: Final = 6
SHORTEST_LIFE_S: Final = 60

_TEMPLATES: Final = "templates"
_ID: Final = re.compile(r"[a-z0-9-]{1,32}")
_NAME: Final = re.compile(r"[a-z0-9_.-]{1,64}")
_WINDOW: Final = re.compile(r"[a-z0-9_]{1,32}")
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_REPLY_NUMBER: Final = re.compile(r"[0-9]{3,15}")
_HANDLER: Final = re.compile(
    r"(https://[A-Za-z0-9.:\[\]-]+|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?)(/[!-~]*)?"
)
_SENDER: Final = re.compile(r"[0-9]{1,15}|[ -~]{1,11}")
_PREFIX: Final = re.compile(r"[0-9]{1,15}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_OPERATOR: Final = re.compile(r"[0-9]{5,6}")
_NAMESPACE: Final = re.compile(r"[!#-%'-;=?-~]{1,256}")
_LONGEST_NOTICE: Final = 1000
_LONGEST_DEADLINE_S: Final = 120.0
_MOST_A_DAY: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class TemplateText:
    """One text of a tenant as the document holds it."""

    text: str = field(
        metadata={"help": "the text; {code} {minutes}, and for payments {amount} {currency} {payee}"}
    )
    payment: bool = field(
        default=False, metadata={"help": "for codes with an amount; shows amount and payee"}
    )


@dataclass(frozen=True, slots=True)
class Templates:
    """A tenant's texts as the document holds them."""

    texts: Mapping[str, Mapping[str, TemplateText]] = field(
        default_factory=dict, metadata={"help": "texts by purpose and locale; the built-in ones where empty"}
    )
    web_otp: str = field(default="", metadata={"help": "domain whose pages a browser fills the code in on"})
    app_hash: str = field(default="", metadata={"help": "11 characters by which Android finds the app"})

    def __post_init__(self) -> None:
        if self.web_otp and self.app_hash:
            raise ValueError("a text ends with web_otp or with app_hash, not with both")


@dataclass(frozen=True, slots=True)
class ReadTenant:
    """A tenant that may be saved, and what should be told to whoever saves it."""

    tenant: Tenant
    warnings: tuple[str, ...]


def read_tenant(document: Mapping[str, object]) -> ReadTenant:
    """Read a document; raises SettingsFault with every fault.

    Settings that the document lacks have their defaults. Whether policy, gateways and lookups
    exist is for `unknown_names`.
    """
    faults: list[str] = []
    settings = {key: value for key, value in document.items() if key != _TEMPLATES}
    tenant = collect_settings(Tenant, settings, "", faults)
    texts = _read_templates(document.get(_TEMPLATES, {}), faults)
    if tenant is not None:
        faults += _faults(tenant)
    if tenant is None or faults:
        raise SettingsFault(faults)
    return ReadTenant(replace(tenant, templates=texts), tuple(_warnings(tenant)))


def tenant_document(tenant: Tenant) -> dict[str, object]:
    """Give the document of a tenant with every setting, so that later defaults do not change it."""
    document = {
        setting.key: jsonable(getattr(tenant, setting.key))
        for setting in setting_fields(Tenant)
        if setting.key != _TEMPLATES
    }
    return {**document, _TEMPLATES: masked(_templates_document(tenant.templates))}


def tenant_rows() -> tuple[SettingRow, ...]:
    """Give a row for every setting of a tenant, for tables and help."""
    return (*describe(Tenant, without=(_TEMPLATES,)), *describe(Templates, f"{_TEMPLATES}."))


def unknown_names(
    tenant: Tenant, policies: Sequence[str], gateways: Sequence[str], lookups: Sequence[str]
) -> tuple[str, ...]:
    """Give a fault for every policy, gateway and lookup that a tenant names and nobody configured."""
    named = (
        ("policy", (tenant.policy,), policies),
        ("gateways", tenant.gateways, gateways),
        ("lookups", tenant.lookups, lookups),
        ("routes", [leg.gateway for route in tenant.routes for leg in route.legs], gateways),
    )
    return tuple(
        f"{key}: there is no {name} (there are: {', '.join(known) or 'none'})"
        for key, names, known in named
        for name in names
        if name not in known
    )


def unserved_channels(tenant: Tenant, served: Collection[Channel]) -> tuple[str, ...]:
    """Give a fault for every channel to fall back to that no configured gateway carries."""
    return tuple(
        f"fallback_channels: no gateway carries {channel.value}"
        for channel in tenant.fallback_channels
        if channel not in served
    )


# --- texts ----------------------------------------------------------------------------------


def _read_templates(document: object, faults: list[str]) -> TemplateSet:
    if not isinstance(document, Mapping):
        faults.append(f"{_TEMPLATES}: must be a table, not this kind of value")
        return TemplateSet()
    read = collect_settings(Templates, document, _TEMPLATES, faults)
    if read is None:
        return TemplateSet()
    texts = {
        (purpose, locale): Template(one.text, one.payment)
        for purpose, by_locale in read.texts.items()
        for locale, one in by_locale.items()
    }
    templates = TemplateSet(texts, _autofill(read))
    faults += [
        f"{_TEMPLATES}.{fault.where.replace('/', '.')}: {fault.sentence}"
        for fault in check_templates(templates)
    ]
    return templates


def _autofill(read: Templates) -> Autofill:
    if read.web_otp:
        return WebOtp(read.web_otp)
    return AppHash(read.app_hash) if read.app_hash else NoAutofill()


def _templates_document(templates: TemplateSet) -> Templates:
    texts: dict[str, dict[str, TemplateText]] = {}
    for (purpose, locale), template in templates.texts.items():
        texts.setdefault(purpose, {})[locale] = TemplateText(template.text, template.is_payment)
    match templates.autofill:
        case NoAutofill():
            return Templates(texts)
        case WebOtp(domain):
            return Templates(texts, web_otp=domain)
        case AppHash(value):
            return Templates(texts, app_hash=value)
        case _:
            assert_never(templates.autofill)


# --- checks ---------------------------------------------------------------------------------


def _warnings(tenant: Tenant) -> Iterator[str]:
    if tenant.code_length < WEAK_CODE:
        yield f"code_length: a code of {tenant.code_length} digits is weak; {WEAK_CODE} or more are advised"
    if tenant.policy == "observe":
        yield "policy: observe sends every message, whatever became of the SIM"


def _faults(tenant: Tenant) -> Iterator[str]:
    yield from _text_faults(tenant)
    yield from _sender_faults(tenant)
    yield from _number_faults(tenant)
    yield from _fallback_faults(tenant)
    yield from _route_faults(tenant.routes)
    yield from _limit_faults(tenant.limits)
    yield from _budget_faults(tenant.guesses)
    yield from _notice_faults(tenant.notices)
    if len(set(tenant.four_eyes)) < len(tenant.four_eyes):
        yield "four_eyes: a deed stands twice"


def _text_faults(tenant: Tenant) -> Iterator[str]:
    if not _ID.fullmatch(tenant.id):
        yield "id: takes 1 to 32 of a-z 0-9 -"
    if len(tenant.name) > 100 or not tenant.name.isprintable():
        yield "name: takes up to 100 characters that can be seen"
    if tenant.region not in phonenumbers.SUPPORTED_REGIONS:
        yield "region: must be an ISO 3166 region that numbers are known of, such as RU"
    if not _LOCALE.fullmatch(tenant.locale):
        yield "locale: must be like ru or ru-RU"
    if not _NAMESPACE.fullmatch(tenant.xml_namespace):
        yield "xml_namespace: must be a URI of up to 256 characters"
    for key, names in (
        ("policy", (tenant.policy,)),
        ("gateways", tenant.gateways),
        ("lookups", tenant.lookups),
    ):
        if any(not _NAME.fullmatch(name) for name in names):
            yield f"{key}: names take 1 to 64 of a-z 0-9 _ . -"
        if len(set(names)) < len(names):
            yield f"{key}: a name stands twice"


def _message_faults(tenant: Tenant) -> Iterator[str]:
    """What goes out in the bank's own words, and what comes back."""
    if not all(_SENDER.fullmatch(one) for one in tenant.senders):
        yield "senders: take up to 11 Latin characters or 15 digits each"
    if not all(_REPLY_NUMBER.fullmatch(one) for one in tenant.reply_numbers):
        yield "reply_numbers: take 3 to 15 digits each"
    if tenant.reply_handler and not _HANDLER.fullmatch(tenant.reply_handler):
        yield "reply_handler: must be an https address, or http on loopback, without a query"
    if any(not 0 < len(word) <= 20 for word in tenant.refusal_words):
        yield "refusal_words: take 1 to 20 characters each"


def _sender_faults(tenant: Tenant) -> Iterator[str]:
    if not _SENDER.fullmatch(tenant.sender):
        yield "sender: takes up to 11 Latin characters or 15 digits"
    yield from _message_faults(tenant)


def _number_faults(tenant: Tenant) -> Iterator[str]:
    ranges: tuple[tuple[str, float, float, float], ...] = (
        ("code_length", tenant.code_length, SHORTEST_CODE, LONGEST_CODE),
        ("code_life_s", tenant.code_life_s, SHORTEST_LIFE_S, LONGEST_LIFE_S),
        ("resend_after_s", tenant.resend_after_s, 0, LONGEST_LIFE_S),
        ("deadline_s", tenant.deadline_s, 1.0, _LONGEST_DEADLINE_S),
        ("lookup_deadline_s", tenant.lookup_deadline_s, 0.1, _LONGEST_DEADLINE_S),
        ("override_days", tenant.override_days, 1, 3650),
        ("four_eyes_hours", tenant.four_eyes_hours, 1, LONGEST_WAIT_H),
        ("bulk_reverify_per_s", tenant.bulk_reverify_per_s, 1, 1000),
        ("notices_a_day", tenant.notices_a_day, 0, _MOST_A_DAY),
        ("balance_told", tenant.balance_told, 0, 10**9),
        ("limits.prefix_digits", tenant.limits.prefix_digits, 1, 15),
    )
    for key, value, least, most in ranges:
        if not least <= value <= most:
            yield f"{key}: must be from {least:g} to {most:g}, not {value:g}"
    if tenant.lookup_deadline_s >= tenant.deadline_s:
        yield "lookup_deadline_s: must be under deadline_s, for the message is sent after the look"


def _fallback_faults(tenant: Tenant) -> Iterator[str]:
    channels, after = tenant.fallback_channels, tenant.fallback_after_s
    if len(set(channels)) < len(channels):
        yield "fallback_channels: a channel stands twice"
    if not 1 <= after <= LONGEST_LIFE_S:
        yield f"fallback_after_s: must be from 1 to {LONGEST_LIFE_S}, not {after}"
    elif channels and after >= tenant.code_life_s - LEAST_LEFT_S:
        yield (
            f"fallback_after_s: must be under code_life_s less {LEAST_LEFT_S}: "
            "what arrives after that is of no use"
        )


def _route_faults(routes: Sequence[Route]) -> Iterator[str]:
    for place, route in enumerate(routes):
        if not route.legs:
            yield f"routes[{place}].legs: a route needs a gateway"
        lists = (
            ("legs", [leg.gateway for leg in route.legs], _NAME, "names take 1 to 64 of a-z 0-9 _ . -"),
            ("prefixes", route.prefixes, _PREFIX, "take up to 15 digits each"),
            ("countries", route.countries, _COUNTRY, "are ISO 3166 countries such as RU"),
            ("operators", route.operators, _OPERATOR, "are MCC-MNCs of five or six digits"),
        )
        for key, values, pattern, sentence in lists:
            if not all(pattern.fullmatch(one) for one in values):
                yield f"routes[{place}].{key}: {sentence}"


def _limit_faults(limits: Limits) -> Iterator[str]:
    windows: list[Window] = []
    for setting in setting_fields(Limits):
        value = getattr(limits, setting.key)
        windows += value if isinstance(value, tuple) else ()
    for window in windows:
        if not _WINDOW.fullmatch(window.name):
            yield "limits: names of windows take 1 to 32 of a-z 0-9 _"
    if len({window.name for window in windows}) < len(windows):
        yield "limits: two windows have one name"


def _budget_faults(budget: GuessBudget) -> Iterator[str]:
    if not 1 <= budget.guesses <= 100:
        yield "guesses.guesses: must be from 1 to 100"
    locks = budget.lock_seconds
    if not locks or min(locks, default=0) < 1 or list(locks) != sorted(locks) or locks[-1] > 31 * 86_400:
        yield "guesses.lock_seconds: must be growing seconds from 1 to 31 days"
    if not budget.guesses <= budget.lifetime_warning < budget.lifetime_cap <= 10_000:
        yield "guesses: guesses, lifetime_warning and lifetime_cap must grow in this order"
    if not 0 <= budget.known_for <= budget.forgotten_after <= 3650 * 86_400:
        yield "guesses: known_for must be under forgotten_after, and that under ten years"


def _notice_faults(notices: Mapping[str, str]) -> Iterator[str]:
    for locale, text in notices.items():
        if not _LOCALE.fullmatch(locale):
            yield f"notices: {locale[:40]!r} is not a locale like ru or ru-RU"
        visible = text.replace("\n", "").isprintable()
        if not text.strip() or len(text) > _LONGEST_NOTICE or not visible or set("{}") & set(text):
            yield f"notices.{locale[:40]}: takes a text of up to {_LONGEST_NOTICE} characters without braces"
