"""The filters of the audit page: out of a form into an address, and out of the address into a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import request

from security_service.domain.audit import AuditQuery, EventKind
from security_service.domain.phone import parse_msisdn
from security_service.domain.policy import Verdict
from security_service.domain.secret import Msisdn
from security_service.domain.tenants import Tenant
from security_service.web.console import forms
from security_service.web.console.handles import Handles
from security_service.web.console.moments import minute_ms
from security_service.web.console.policy_pages import is_for_every_tenant
from security_service.web.console.refusals import PageRefused
from security_service.web.console.services import ConsoleServices
from security_service.web.console.subjects import chosen_tenant, subject_of
from security_service.web.console.visit import this_visit

EVERYTHING: Final = "all"
"""Stands for the events of every tenant and of none."""

_WORDS: Final = ("kind", "verdict", "reason", "actor", "code", "operator", "since", "until", "whose")
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What is asked for. `values` are the fields as they were given; `number` is None for every number."""

    tenant: Tenant
    number: Msisdn | None
    values: Mapping[str, str]

    @property
    def is_everything(self) -> bool:
        """True where every tenant's events are asked for, and those of none."""
        return self.number is None and self.values["whose"] == EVERYTHING

    def query(self, count: int, cursor: str = "") -> AuditQuery:
        """Give the query; a kind, verdict or moment that there is not asks for nothing of it."""
        values, zone = self.values, this_visit().zone
        return AuditQuery(
            tenant="" if self.is_everything else self.tenant.id,
            number=self.number,
            kind=values["kind"] if values["kind"] in set(EventKind) else "",
            verdict=values["verdict"] if values["verdict"] in set(Verdict) else "",
            reason=values["reason"],
            since_ms=minute_ms(values["since"], zone) or 0,
            until_ms=_to_end(minute_ms(values["until"], zone)),
            cursor=cursor,
            count=count,
            code_id=values["code"],
            actor=values["actor"],
            operator=values["operator"],
        )

    def address(self, services: ConsoleServices) -> Mapping[str, str]:
        """Give the values of an address: the number stands in it sealed."""
        given = {name: value for name, value in self.values.items() if value}
        if self.number is None:
            return given
        given.pop("whose", None)
        return {**given, "who": Handles(services.sealer).of(self.tenant.id, self.number)}


@dataclass(frozen=True, slots=True)
class BadNumber:
    """The number that was typed is none of the tenant's region; `filters` are the others."""

    filters: AuditFilters
    typed: str


def filters_of_address(services: ConsoleServices) -> AuditFilters:
    """Read the address; raises `PageRefused` for a number or tenants that are not the visitor's to see."""
    values = {name: request.args.get(name, "")[:_LONGEST] for name in _WORDS}
    return _allowed(services, request.args.get("who", ""), values)


def filters_of_form(services: ConsoleServices) -> AuditFilters | BadNumber:
    """Read the form of a search or an export; raises `PageRefused` as above."""
    values = {name: forms.line(name, _LONGEST) for name in _WORDS}
    found = _allowed(services, forms.line("who", 400), values)
    typed = forms.line("number", 40)
    if not typed:
        return found
    number = parse_msisdn(typed, found.tenant.region)
    return BadNumber(found, typed) if number is None else AuditFilters(found.tenant, number, values)


def _allowed(services: ConsoleServices, who: str, values: Mapping[str, str]) -> AuditFilters:
    if who:
        subject = subject_of(services, who)
        return AuditFilters(subject.tenant, subject.number, values)
    if values["whose"] == EVERYTHING and not is_for_every_tenant(services):
        raise PageRefused(HTTPStatus.FORBIDDEN, "error.tenant")
    return AuditFilters(chosen_tenant(services), None, values)


def _to_end(at_ms: int | None) -> int:
    """The last millisecond of the minute that was named."""
    return 0 if at_ms is None else at_ms + 59_999
