"""The proof of the audit: its signed head, verification in steps, the proved export, evidence of a code."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Final, assert_never

from flask import Response

from security_service.domain.link_ports import NotOpened
from security_service.usecases.check_log import LogCheck, LogFaulty, read_check, written_check
from security_service.usecases.make_evidence import EventAltered, EvidenceMade, NoSuchCode
from security_service.usecases.prove_log import LogExport, NoSuchPart
from security_service.usecases.seal_log import LogAltered, NoSigningKey, NothingToSeal, Sealed
from security_service.web.console import forms
from security_service.web.console.audit_pages import download
from security_service.web.console.policy_pages import demand_every_tenant
from security_service.web.console.refusals import PageRefused
from security_service.web.console.screen import Screen
from security_service.web.console.services import ConsoleServices
from security_service.web.console.visit import this_visit

NEWEST: Final = 50_000
"""Leaves that the short verification looks at."""
LARGEST_STATE: Final = 64_000
_ABOUT: Final = "console log check"


class AuditProofPages:
    """What can be proved, and what verifying it finds."""

    def __init__(self, services: ConsoleServices, screen: Screen) -> None:
        self._services, self._screen = services, screen
        self._desk = services.audit_desk

    def proof(self) -> Response:
        """Show the newest head, sealed now, and where heads were published."""
        return self._page()

    def check(self) -> Response:
        """Begin to verify, or go on for about a second, and show how far it is."""
        held = forms.line("state", LARGEST_STATE)
        if held:
            return self._stepped(self._opened(held))
        begun = self._desk.check.begin(NEWEST if forms.line("do") == "newest" else 0)
        if not isinstance(begun, LogCheck):
            return self._page()
        return self._stepped(begun)

    def export(self) -> Response:
        """Give the whole log with its proof as a file, as it is read."""
        demand_every_tenant(self._services)
        outcome = self._desk.prove.export(this_visit().person.name)
        match outcome:
            case LogExport():
                return download(outcome.lines, "etalon-log.jsonl", "application/jsonl; charset=utf-8")
            case NoSuchPart() | NothingToSeal():
                raise PageRefused(HTTPStatus.CONFLICT, "audit.proof.nothing")
            case NoSigningKey():
                raise PageRefused(HTTPStatus.CONFLICT, "audit.proof.no_key")
            case LogAltered():
                raise PageRefused(HTTPStatus.CONFLICT, "audit.proof.altered", size=outcome.size)
            case _:
                assert_never(outcome)

    def key(self) -> Response:
        """Give the public key that verifies heads, as a file."""
        if not self._desk.public_pem:
            raise PageRefused(HTTPStatus.NOT_FOUND, "audit.proof.no_key")
        return download(self._desk.public_pem, "etalon-log-key.pem", "application/x-pem-file")

    def evidence(self) -> Response:
        """Give the evidence pack of a code as a file."""
        tenant = forms.line("tenant") or this_visit().tenant
        if tenant not in this_visit().person.tenants:
            raise PageRefused(HTTPStatus.FORBIDDEN, "error.tenant")
        outcome = self._desk.evidence.run(tenant, forms.line("code"), this_visit().person.name)
        match outcome:
            case EvidenceMade():
                return download(outcome.pack, "etalon-evidence.json", "application/json")
            case NoSuchCode() | NothingToSeal():
                raise PageRefused(HTTPStatus.NOT_FOUND, "audit.evidence.none")
            case NoSigningKey():
                raise PageRefused(HTTPStatus.CONFLICT, "audit.proof.no_key")
            case LogAltered():
                raise PageRefused(HTTPStatus.CONFLICT, "audit.proof.altered", size=outcome.size)
            case EventAltered():
                raise PageRefused(HTTPStatus.CONFLICT, "audit.evidence.altered", leaf=outcome.leaf)
            case _:
                assert_never(outcome)

    def _stepped(self, check: LogCheck) -> Response:
        outcome = self._desk.check.step(check)
        if isinstance(outcome, LogFaulty):
            return self._page(outcome.check, outcome)
        return self._page(outcome)

    def _page(self, check: LogCheck | None = None, faulty: LogFaulty | None = None) -> Response:
        # A verification stays with the head that it began under: a new one a second would help nobody.
        outcome = self._desk.seal.seal() if check is None else Sealed(check.signed, is_new=False)
        signed = outcome.signed if isinstance(outcome, Sealed) else None
        places = [] if signed is None else self._desk.seal.published(signed.head.size)
        return self._screen.show(
            "audit_proof.html",
            signed=signed,
            outcome=type(outcome).__name__,
            altered=outcome.size if isinstance(outcome, LogAltered) else 0,
            places=[(name, size, signed is not None and size >= signed.head.size) for name, size in places],
            check=check,
            fault=None if faulty is None else faulty.fault,
            state="" if check is None or faulty or check.is_done else self._sealed(check),
            newest=NEWEST,
            has_key=bool(self._desk.public_pem),
        )

    def _sealed(self, check: LogCheck) -> str:
        sealed = self._services.sealer.seal(written_check(check).encode(), self._about())
        return base64.urlsafe_b64encode(sealed).decode("ascii")

    def _opened(self, state: str) -> LogCheck:
        try:
            opened = self._services.sealer.open(base64.urlsafe_b64decode(state), self._about())
        except (ValueError, binascii.Error):
            opened = NotOpened()
        if isinstance(opened, NotOpened):
            raise PageRefused(HTTPStatus.UNPROCESSABLE_ENTITY, "error.form_too_old")
        return read_check(opened.decode())

    def _about(self) -> str:
        return f"{_ABOUT} {this_visit().person.name}"
