"""Tenants: the list, one's settings by section, what a change comes to before it is saved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, assert_never

from flask import Response, request

from security_service.domain.errors import ArchiveUnavailable
from security_service.domain.tenant_document import ReadTenant, tenant_document
from security_service.domain.tenant_ports import KeptTenant
from security_service.domain.tenants import Tenant
from security_service.usecases.keep_api_keys import KeyIssued
from security_service.usecases.manage_tenants import (
    NoSuchTenant,
    TenantFaults,
    TenantMoved,
    TenantOrder,
    TenantSaved,
)
from security_service.usecases.view_now import WindowRefusals
from security_service.web.console import forms
from security_service.web.console.fault_words import fault_in_words
from security_service.web.console.notices import good, warn
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.template_preview import (
    autofill_of,
    built_in,
    edited_texts,
    sample_of,
)
from security_service.web.console.tenant_access import is_admin, must_act_for_all, tenant_of
from security_service.web.console.tenant_changes import changes_between
from security_service.web.console.tenant_forms import FilledForm, filled_form, typed_document
from security_service.web.console.tenant_sections import SETTINGS, TenantSection
from security_service.web.console.visit import this_visit

LARGEST_FORM: Final = 512 * 1024
_BAD: Final = HTTPStatus.UNPROCESSABLE_ENTITY
_LONGEST_PART: Final = 256 * 1024


class TenantPages:
    """What admins set of each bank, and auditors look at."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen, self._desk = services, screen, services.management

    def page(self) -> Response:
        """List the tenants that the visitor may see."""
        person = this_visit().person
        after = request.args.get("after", "")[:32]
        found = self._desk.tenants.page(after, lambda one: one in person.tenants)
        return self._screen.show("tenants.html", found=found, after=after, may_make=_may_make())

    def new(self) -> Response:
        """Ask for the id and the first settings of a new tenant."""
        must_act_for_all()
        return self._new({}, ())

    def make(self) -> Response:
        """Make a tenant, and show its first key."""
        must_act_for_all()
        typed = {name: forms.line(name, 100) for name in ("id", "name", "region", "sender")}
        actor = this_visit().person.name
        document = {name: value for name, value in typed.items() if value and name != "id"}
        outcome = self._desk.tenants.save(TenantOrder(typed["id"], document, "", actor, forms.text("reason")))
        match outcome:
            case TenantSaved():
                issued = self._desk.api_keys.issue(typed["id"], "", actor)
                if not isinstance(issued, KeyIssued):
                    return self._screen.go("tenant_page", tenant=typed["id"])
                return self._screen.show("key_issued.html", issued=issued, tenant=typed["id"], grace_s=0)
            case TenantFaults():
                return self._new(typed, self._in_words(outcome.faults))
            case TenantMoved() | NoSuchTenant():
                return self._new(typed, (f"id: {this_visit().words('tenants.taken')}",))
            case _:
                assert_never(outcome)

    def show(self, tenant: str) -> Response:
        """Show a tenant at a glance: every section with what differs from the defaults."""
        kept = tenant_of(self._desk, tenant)
        words = this_visit().words
        changes = changes_between(
            tenant_document(Tenant(kept.tenant.id)), tenant_document(kept.tenant), words
        )
        by_section = {
            section: [one for one in changes if one.key.partition(".")[0] in SETTINGS[section]]
            for section in TenantSection
        }
        read = self._desk.tenants.check(tenant, tenant_document(kept.tenant))
        weak = read.warnings if isinstance(read, ReadTenant) else read.faults
        return self._screen.show(
            "tenant.html", kept=kept, sections=by_section, weak=self._in_words(weak), may_change=is_admin()
        )

    def section(self, tenant: str, section: str) -> Response:
        """Show the form of a section; who may not change it sees it all the same."""
        kept = tenant_of(self._desk, tenant)
        return self._section(kept, _section(section), tenant_document(kept.tenant), ())

    def check(self, tenant: str, section: str) -> Response:
        """Take what was typed, and show what it would change before anything is."""
        kept, which = tenant_of(self._desk, tenant), _section(section)
        before = tenant_document(kept.tenant)
        typed = {**before, **typed_document(which, request.form)}
        read = self._desk.tenants.check(tenant, typed)
        if isinstance(read, TenantFaults):
            return self._section(kept, which, typed, read.faults, _BAD)
        after = tenant_document(read.tenant)
        changes = changes_between(before, after, this_visit().words)
        if not changes:
            return self._screen.go(
                "tenant_section", warn("tenants.nothing"), tenant=tenant, section=which.value
            )
        part = {key: after[key] for key in SETTINGS[which]}
        return self._screen.show(
            "tenant_confirm.html",
            kept=kept,
            section=which,
            changes=changes,
            part_text=json.dumps(part, ensure_ascii=False),
            version=forms.line("version", 16) or kept.version,
            warnings=self._in_words(read.warnings),
        )

    def save(self, tenant: str, section: str) -> Response:
        """Save what was shown, where nobody changed the tenant meanwhile."""
        kept, which = tenant_of(self._desk, tenant), _section(section)
        part = _part(which, request.form.get("part", ""))
        document = {**tenant_document(kept.tenant), **part}
        version = forms.line("version", 16)
        # A version is always one that was looked at: an empty one would make a tenant.
        order = TenantOrder(tenant, document, version or "-", this_visit().person.name, forms.text("reason"))
        outcome = self._desk.tenants.save(order)
        here = {"tenant": tenant, "section": which.value}
        match outcome:
            case TenantSaved():
                return self._screen.go("tenant_section", good("tenants.saved"), **here)
            case TenantMoved() | NoSuchTenant():
                return self._screen.go("tenant_section", warn("tenants.moved"), **here)
            case TenantFaults():
                return self._section(kept, which, document, outcome.faults, _BAD)
            case _:
                assert_never(outcome)

    def senders(self, tenant: str) -> Response:
        """Ask the providers that can tell how the tenant's senders stand."""
        kept = tenant_of(self._desk, tenant)
        checked = self._desk.senders.run(kept.tenant)
        document = tenant_document(kept.tenant)
        return self._section(kept, TenantSection.SENDERS, document, (), checked=checked)

    # --- what the pages share -------------------------------------------------------------------

    def _new(self, typed: Mapping[str, str], faults: Sequence[str]) -> Response:
        status = _BAD if faults else HTTPStatus.OK
        told: dict[str, list[str]] = {}
        for fault in faults:
            key, _, sentence = fault.partition(": ")
            told.setdefault(key, []).append(sentence)
        return self._screen.show("tenant_new.html", status, typed=typed, told=told)

    def _section(
        self,
        kept: KeptTenant,
        section: TenantSection,
        document: Mapping[str, Any],
        faults: Sequence[str],
        status: HTTPStatus = HTTPStatus.OK,
        **more: object,
    ) -> Response:
        form = filled_form(section, document, self._in_words(faults))
        facts: dict[str, object] = {"checked": None, "refusals": None, **more}
        match section:
            case TenantSection.TEMPLATES:
                facts |= self._texts(kept.tenant, document, form)
                template = "tenant_templates.html"
            case TenantSection.LIMITS:
                facts["refusals"] = self._refused_today(kept.tenant)
                template = "tenant_section.html"
            case _:
                template = "tenant_section.html"
        return self._screen.show(
            template,
            status,
            kept=kept,
            section=section,
            sections=list(TenantSection),
            form=form,
            version=forms.line("version", 16) or kept.version,
            known=self._known(),
            may_change=is_admin(),
            **facts,
        )

    def _texts(self, tenant: Tenant, document: Mapping[str, Any], form: FilledForm) -> dict[str, object]:
        sample, templates = sample_of(tenant), document["templates"]
        words, told = this_visit().words, form.fields[0].cell_faults
        rows = edited_texts(templates, sample, told)
        shown = {sentence for row in rows for sentence in row.faults}
        rest = [f"{key}: {one}" for key, many in told.items() for one in many if one not in shown]
        names = {"code": sample.code, "minutes": str(sample.minutes), "amount": sample.amount}
        filled = {**names, "currency": sample.currency, "payee": sample.payee}
        return {
            "rows": rows,
            "built_in": built_in(sample, autofill_of(templates)),
            "ending": templates,
            "rest": [*form.fields[0].faults, *rest],
            "sample": json.dumps(filled),
            "names": json.dumps({one: words(f"tenants.{one}") for one in ("gsm7", "ucs2")}),
        }

    def _refused_today(self, tenant: Tenant) -> Mapping[str, WindowRefusals] | None:
        """Give what each window refused since the visitor's day began; None where the archive is away."""
        zone = this_visit().zone
        now = datetime.fromtimestamp(self._services.clock.unix_ms() / 1000, UTC).astimezone(zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            found = self._services.view_now.refused_today(tenant, round(midnight.timestamp() * 1000))
        except ArchiveUnavailable:
            return None
        return {one.name: one for one in found}

    def _known(self) -> Mapping[str, Sequence[str]]:
        """Names that settings may choose from, by the setting."""
        providers = self._desk.tenants.providers
        return {
            "policy": self._desk.tenants.policies.names(),
            "gateways": providers.gateways,
            "lookups": providers.lookups,
        }

    def _in_words(self, faults: Sequence[str]) -> tuple[str, ...]:
        return tuple(fault_in_words(fault, this_visit().words) for fault in faults)


def _may_make() -> bool:
    return is_admin() and this_visit().person.for_all


def _section(word: str) -> TenantSection:
    if word not in set(TenantSection):
        raise PageRefused(HTTPStatus.NOT_FOUND, "error.not_found")
    return TenantSection(word)


def _part(section: TenantSection, text: str) -> Mapping[str, object]:
    """Read the settings that the confirmation carried, and no others."""
    try:
        part = json.loads(text[:_LONGEST_PART])
    except (ValueError, RecursionError):
        part = None
    if not isinstance(part, dict) or set(part) != set(SETTINGS[section]):
        raise PageRefused(HTTPStatus.BAD_REQUEST, "error.request")
    return part
