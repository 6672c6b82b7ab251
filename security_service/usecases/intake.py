"""How a request of either operation becomes a subject and a caller; leaves deciding to its use case."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.audit import canonical
from security_service.domain.codes import Caller, Subject
from security_service.domain.operation import OperationFault, read_operation
from security_service.domain.phone import parse_msisdn
from security_service.domain.secret import KeyRing, Secret
from security_service.domain.tenants import Tenant
from security_service.usecases.answers import BadMember


@dataclass(frozen=True, slots=True)
class Request:
    """What both operations are given; absent members are None.

    `client_reference` is the caller's word on who is asking, `client_address` the address behind
    trusted proxies; `idempotency_key` comes from the header.
    """

    tenant: Tenant
    request_id: str
    number: str
    purpose: str | None = None
    amount: str | None = None
    currency: str | None = None
    payee: str | None = None
    locale: str | None = None
    client_reference: str | None = None
    client_address: str = ""
    limit_keys: tuple[str, ...] = ()
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class InvalidNumber:
    """The number is not valid in any reading."""


class Intake:
    """Reads requests; holds the keys under which sources and idempotency keys become digests."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def read(self, request: Request, body: str) -> tuple[Subject, Caller] | InvalidNumber | BadMember:
        """Give subject and caller. `body` is what else the idempotency digest covers (a secret)."""
        number = parse_msisdn(request.number, request.tenant.region)
        if number is None:
            return InvalidNumber()
        operation = read_operation(request.purpose, request.amount, request.currency, request.payee)
        if isinstance(operation, OperationFault):
            return BadMember(operation.member, operation.sentence)
        return Subject(request.tenant, number, operation), self._caller(request, number.digits, body)

    def _caller(self, request: Request, number: str, body: str) -> Caller:
        idempotency = digest = ""
        if request.idempotency_key:
            idempotency = self._token("idempotency", request.tenant.id, request.idempotency_key)
            members = canonical(
                {
                    "amount": request.amount,
                    "currency": request.currency,
                    "locale": request.locale,
                    "number": number,
                    "payee": request.payee,
                    "purpose": request.purpose,
                }
            )
            digest = self._token("body", members, body)
        return Caller(request.request_id, self._source(request), idempotency, digest)

    def _source(self, request: Request) -> str:
        named = request.client_reference or ""
        if not named and not request.client_address:
            return ""
        return self._token("source", "reference" if named else "address", named or request.client_address)[
            :16
        ]

    def _token(self, *parts: str) -> str:
        """A digest as hex under the oldest key: it must stay the same while keys rotate."""
        return self._keys.digest(min(self._keys.keys), *parts).hex()


def secret_text(value: str | None) -> Secret:
    """Wrap a member that must not be printed."""
    return Secret(value or "")
