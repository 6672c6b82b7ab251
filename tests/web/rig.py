"""The web application over ports in memory, with two operations that answer as they are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network

from flask import Flask
from flask.testing import FlaskClient

from security_service.domain.access import Actor, ManagementKeys, Role, bearer_digest
from security_service.domain.secret import KeyRing, Msisdn, Secret
from security_service.domain.signed_verdict import VerdictSigner
from security_service.domain.tenants import CodeType, MemberCase, Tenant
from security_service.links.authenticator import AuthenticatorApp
from security_service.links.sealed_text import TextSealer
from security_service.usecases.advise_contact import AdviseContact
from security_service.usecases.answers import Answered, OperationResult
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.enrol_authenticator import EnrolAuthenticator
from security_service.usecases.freeze import Freeze
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.receive_push import ReceivePush
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.work_cases import WorkCases
from security_service.web.application import create_app
from security_service.web.auth import BearerKeys
from security_service.web.camara_services import CamaraServices
from security_service.web.console.services import ConsoleServices
from security_service.web.services import OlderFaces, WebServices
from tests.fakes.authenticators import MemoryAuthenticators
from tests.fakes.cases import MemoryBans, MemoryCases
from tests.fakes.management import RULES, MemoryTenantBook, memory_management
from tests.fakes.policies import MemoryPolicyBook, memory_desk
from tests.fakes.proposals import MemoryProposals, four_eyes_over
from tests.fakes.receipts import LineReader, LineReplies, MemoryInbox
from tests.fakes.sim import NEW_SIM, ScriptedSim
from tests.fakes.store import (
    CountedChance,
    MemoryAuditLog,
    MemoryStore,
    MemorySubscribers,
    MemoryTenants,
    SetHealth,
)
from tests.fakes.transfers import MemoryTransfers
from tests.fakes.trust import MemoryTrust
from tests.usecases.behind_the_scenes import CountingMeter
from tests.usecases.evidence_rig import EvidenceRig
from tests.usecases.policies import files

CALLBACK_KEYS = KeyRing({1: b"c" * 32, 2: b"d" * 32})
KEY = "demo-key-0123456789abcdef"
ODD_KEY = "odd-key-0123456789abcdef"
NUMBER = Msisdn("79161112211")
BANK = Tenant("bank")
ODD = Tenant("odd", code_type=CodeType.INTEGER, member_case=MemberCase.CAMEL, xml_namespace="urn:odd")

ROLE_KEYS = {role: f"management-key-of-{role.value}" for role in Role}
ONE_TENANT_KEY = "management-key-of-the-odd-bank"
HOMELESS_KEY = "management-key-without-home"


@dataclass(slots=True)
class ToldOperations:
    """Both operations: each answers `result`, or raises `raises`, and keeps what it was asked."""

    result: OperationResult = field(default_factory=lambda: Answered(0, "told"))
    raises: Exception | None = None
    generated: list[GenerateCodeRequest] = field(default_factory=list)
    checked: list[CheckCodeRequest] = field(default_factory=list)

    def generate_code(self, command: GenerateCodeRequest) -> OperationResult:
        self.generated.append(command)
        return self._answer()

    def check_code(self, command: CheckCodeRequest) -> OperationResult:
        self.checked.append(command)
        return self._answer()

    def _answer(self) -> OperationResult:
        if self.raises is not None:
            raise self.raises
        return self.result


class WebRig:
    """An application and all that stands behind it."""

    def __init__(
        self,
        *,
        proxies: tuple[str, ...] = (),
        metrics: tuple[str, ...] = (),
        console: ConsoleServices | None = None,
        older: OlderFaces | None = None,
        verdicts: VerdictSigner | None = None,
        camara: CamaraServices | None = None,
    ) -> None:
        self._console, self._older, self._verdicts = console, older, verdicts
        self._camara = camara
        self.store = MemoryStore()
        self.operations = ToldOperations()
        self.sim = ScriptedSim(NEW_SIM)
        self.subscribers = MemorySubscribers(self.store)
        self.authenticators = MemoryAuthenticators(self.store)
        self.health = SetHealth(self.store)
        self.tenants = MemoryTenants(self.store, (KEY, BANK), (ODD_KEY, ODD))
        self.chance = CountedChance()
        self.proposals, self.cases = MemoryProposals(self.store), MemoryCases(self.store)
        self.bans = MemoryBans(self.store)
        self.keep_bans = KeepBans(self.bans, self.store.jobs)
        self.inbox = MemoryInbox()
        self.reader = LineReader()
        self.replies = LineReplies()
        self.evidence = EvidenceRig()
        self.policies = MemoryPolicyBook(self.store, files())
        self.transfers = MemoryTransfers(self.store)
        self.desk = memory_desk(self.policies, self.chance)
        self.book = MemoryTenantBook(self.store, BANK, ODD)
        self.trust = MemoryTrust(RULES, self.store.check)
        self.app: Flask = create_app(self._services(proxies, metrics))
        self.client: FlaskClient = self.app.test_client()

    def _services(self, proxies: tuple[str, ...], metrics: tuple[str, ...]) -> WebServices:
        subscribers, sim = self.subscribers, self.sim
        return WebServices(
            generate_code=self.operations.generate_code,
            check_code=self.operations.check_code,
            tenants=self.tenants,
            chance=self.chance,
            health=self.health,
            render_metrics=lambda: (b"etalon_up 1\n", "text/plain; version=0.0.4; charset=utf-8"),
            admin_keys=management_keys(),
            view_subscriber=ViewSubscriber(subscribers),
            advise_contact=AdviseContact(subscribers, sim),
            list_subscribers=ListSubscribers(subscribers),
            four_eyes=four_eyes_over(subscribers, sim, self.tenants, self.proposals, self.desk),
            work_cases=WorkCases(self.cases, self.cases, self.cases, self.keep_bans, self.chance),
            keep_bans=self.keep_bans,
            freeze=Freeze(subscribers, subscribers),
            enrol_authenticator=EnrolAuthenticator(
                subscribers,
                self.authenticators,
                sim,
                AuthenticatorApp(),
                TextSealer(CALLBACK_KEYS),
                self.chance,
            ),
            read_audit=ReadAudit(MemoryAuditLog(self.store)),
            policy_desk=self.desk,
            management=memory_management(self.book, self.chance, self.trust),
            evidence=self.evidence.make,
            receive_push=ReceivePush(
                {"sms": self.reader},
                {"viber": self.replies},
                self.replies.taken.append,
                self.inbox,
                CALLBACK_KEYS,
                CountingMeter(),
            ),
            transfers=self.transfers.desk,
            older=self._older,
            verdicts=self._verdicts,
            camara=self._camara,
            console=self._console,
            trusted_proxies=tuple(ip_network(proxy) for proxy in proxies),
            metrics_networks=tuple(ip_network(network) for network in metrics),
        )


def management_keys() -> BearerKeys:
    """A key for each role, all at home in the bank; one of one tenant; one that is at home nowhere."""
    actors = [
        (bearer_digest(Secret(key)), Actor(role.value, frozenset({role}))) for role, key in ROLE_KEYS.items()
    ]
    both = frozenset({BANK.id, ODD.id})
    actors.append((bearer_digest(Secret(ONE_TENANT_KEY)), Actor("odd-one", frozenset({Role.ADMIN}))))
    actors.append((bearer_digest(Secret(HOMELESS_KEY)), Actor("homeless", frozenset({Role.ADMIN}))))
    tenants = {"odd-one": frozenset({ODD.id}), "homeless": both}
    return BearerKeys(ManagementKeys(actors), tenants, home=BANK.id)


def bearer(key: str) -> dict[str, str]:
    """The header that bears a management key."""
    return {"Authorization": f"Bearer {key}"}


def as_role(role: Role) -> dict[str, str]:
    """The header of someone with one role."""
    return bearer(ROLE_KEYS[role])
