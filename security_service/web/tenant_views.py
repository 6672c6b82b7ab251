"""The views on tenants, API keys and trust: each calls one use case and maps its outcome."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, assert_never

from security_service.domain.setting_rows import jsonable
from security_service.domain.tenant_document import tenant_document
from security_service.domain.tenant_ports import ApiKeyInfo, KeptTenant
from security_service.domain.trust import HOUR_S, TrustEntry
from security_service.usecases.actions import RecordKeepsMoving
from security_service.usecases.keep_api_keys import (
    MOST_KEYS,
    IssueOutcome,
    KeyIssued,
    KeyNameRefused,
    NoSuchKey,
    TooManyKeys,
)
from security_service.usecases.manage_tenants import (
    NoSuchTenant,
    SaveTenantOutcome,
    TenantFaults,
    TenantMoved,
    TenantOrder,
    TenantSaved,
)
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.set_trust import (
    NeverBySettings,
    OnlyALead,
    TrustOrder,
    TrustOutcome,
    TrustSet,
    UnknownSource,
)
from security_service.usecases.view_providers import TrustLine
from security_service.web.admin_session import (
    actor_name,
    acts_for_every_tenant,
    may_act_for,
    must_act_for,
    request_id,
    who_acts,
)
from security_service.web.problems import MOVING, Problem, ProblemRaised
from security_service.web.subscriber_document import Document, moment
from security_service.web.tenant_schemas import EaseBody, TenantBody, WordBody

_OPERATOR: Final = re.compile(r"[0-9]{5,6}")
_NO_TENANT: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-tenant", "There is no such tenant.")
_NO_KEY: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-api-key", "The tenant has no such API key.")
_MANY_KEYS: Final = Problem(
    HTTPStatus.CONFLICT, "too-many-api-keys", f"The tenant has {MOST_KEYS} API keys; end some first."
)
_KEY_NAME: Final = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "A key's name takes 1 to 32 of a-z 0-9 _ . -"
)
_NO_OPERATOR: Final = Problem(
    HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-operator", "An operator is an MCC-MNC of five or six digits."
)
_NO_SOURCE: Final = Problem(HTTPStatus.NOT_FOUND, "unknown-source", "No lookup of that name is configured.")
_NEVER: Final = Problem(
    HTTPStatus.CONFLICT, "never-by-settings", "The settings say never, which only they can take back."
)
_MAY_NOT: Final = Problem(HTTPStatus.FORBIDDEN, "role-missing", "None of this key's roles may do this.")


class TenantViews:
    """What the management API does about tenants and whose word counts."""

    def __init__(self, desk: ManagementDesk) -> None:
        self._desk = desk

    def page(self, cursor: str) -> Document:
        """List the tenants that the key may act for."""
        page = self._desk.tenants.page(cursor, may_act_for)
        return {"tenants": [_line(kept) for kept in page.tenants], "next": page.next}

    def view(self, tenant: str) -> Document:
        """View a tenant with every setting."""
        must_act_for(tenant)
        found = self._desk.tenants.view(tenant)
        if isinstance(found, NoSuchTenant):
            raise ProblemRaised(_NO_TENANT)
        return _document(found, ())

    def put(self, body: TenantBody, tenant: str) -> Document:
        """Make a tenant, or save its document in place of the version that was looked at."""
        must_act_for(tenant)
        if not body.version:
            acts_for_every_tenant()
        order = TenantOrder(tenant, body.document, body.version, actor_name(), body.reason)
        return _saved(self._desk.tenants.save(order))

    def keys(self, tenant: str) -> Document:
        """List a tenant's API keys."""
        must_act_for(tenant)
        listed = self._desk.api_keys.of(tenant)
        if isinstance(listed, NoSuchTenant):
            raise ProblemRaised(_NO_TENANT)
        return {"keys": [_key(one) for one in listed]}

    def issue(self, name: str, tenant: str) -> Document:
        """Let a new API key in, and show it this once."""
        must_act_for(tenant)
        return _issued(self._desk.api_keys.issue(tenant, name, actor_name()))

    def end(self, after_s: int, tenant: str, key: str) -> Document:
        """End an API key, at once or later."""
        must_act_for(tenant)
        ended = self._desk.api_keys.end(tenant, key, after_s, actor_name())
        if isinstance(ended, NoSuchKey):
            raise ProblemRaised(_NO_KEY)
        return _key(ended.info)

    def providers(self) -> Document:
        """List gateways and lookups, and whose word counts."""
        view = self._desk.providers.run()
        return {
            "gateways": view.gateways,
            "lookups": view.lookups,
            "trust": [_trust(line) for line in view.trust],
        }

    def word(self, body: WordBody, source: str, operator: str) -> Document:
        """Believe a source on an operator's SIMs, let it learn, or hear it no more."""
        order = _order(source, operator, body.reason)
        return self._trusted(order, self._desk.set_trust.set_word(order, body.word))

    def ease(self, body: EaseBody, source: str, operator: str) -> Document:
        """Let changed SIMs of an operator step up for some hours."""
        order = _order(source, operator, body.reason)
        return self._trusted(order, self._desk.set_trust.ease(order, body.hours * HOUR_S))

    def _trusted(self, order: TrustOrder, outcome: TrustOutcome) -> Document:
        match outcome:
            case TrustSet():
                rules = self._desk.set_trust.rules
                pair = order.source, order.mcc_mnc
                words = rules.word(*pair), rules.in_force(*pair, outcome.entry)
                return _trust(TrustLine(*pair, *words, outcome.entry))
            case OnlyALead():
                raise ProblemRaised(_MAY_NOT)
            case UnknownSource():
                raise ProblemRaised(_NO_SOURCE)
            case NeverBySettings():
                raise ProblemRaised(_NEVER)
            case RecordKeepsMoving():
                raise ProblemRaised(MOVING)
            case _:
                assert_never(outcome)


def _order(source: str, operator: str, reason: str) -> TrustOrder:
    """Trust counts for all tenants, so that a key of some may not decide it."""
    acts_for_every_tenant()
    if not _OPERATOR.fullmatch(operator):
        raise ProblemRaised(_NO_OPERATOR)
    return TrustOrder(source, operator, who_acts(), reason, request_id())


def _saved(outcome: SaveTenantOutcome) -> Document:
    match outcome:
        case TenantSaved():
            return _document(outcome.kept, outcome.warnings)
        case TenantFaults():
            raise ProblemRaised(_faulty(outcome))
        case TenantMoved():
            detail = "Another state of the tenant is there than the one that was looked at."
            raise ProblemRaised(
                Problem(HTTPStatus.CONFLICT, "tenant-moved", detail, {"version": outcome.version})
            )
        case NoSuchTenant():
            raise ProblemRaised(_NO_TENANT)
        case _:
            assert_never(outcome)


def _issued(outcome: IssueOutcome) -> Document:
    match outcome:
        case KeyIssued():
            return {**_key(outcome.info), "key": outcome.key.reveal()}
        case NoSuchTenant():
            raise ProblemRaised(_NO_TENANT)
        case TooManyKeys():
            raise ProblemRaised(_MANY_KEYS)
        case KeyNameRefused():
            raise ProblemRaised(_KEY_NAME)
        case _:
            assert_never(outcome)


def _faulty(outcome: TenantFaults) -> Problem:
    detail = "The document holds settings that cannot be: see errors."
    errors = []
    for fault in outcome.faults:
        member, colon, sentence = fault.partition(": ")
        errors.append(
            {"member": member, "sentence": sentence} if colon else {"member": "", "sentence": fault}
        )
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "tenant-faulty", detail, {"errors": errors})


def _line(kept: KeptTenant) -> Document:
    one = kept.tenant
    return {
        "id": one.id,
        "name": one.name,
        "region": one.region,
        "policy": one.policy,
        "version": kept.version,
    }


def _document(kept: KeptTenant, warnings: tuple[str, ...]) -> Document:
    document = jsonable(tenant_document(kept.tenant))
    return {"id": kept.tenant.id, "version": kept.version, "document": document, "warnings": warnings}


def _key(info: ApiKeyInfo) -> Document:
    return {
        "id": info.id,
        "name": info.name,
        "issued_at": moment(info.issued_ms // 1000) if info.issued_ms else None,
        "ends_at": moment(info.until_ms // 1000) if info.until_ms else None,
    }


def _trust(line: TrustLine) -> Document:
    entry: TrustEntry | None = line.entry
    return {
        "source": line.source,
        "operator": line.mcc_mnc,
        "in_force": line.in_force,
        "configured": line.configured,
        "cause": None if entry is None else entry.cause,
        "by": None if entry is None else entry.by,
        "at": None if entry is None else moment(entry.at),
        "eased_until": moment(entry.eased_until) if entry is not None and entry.eased_until else None,
    }
