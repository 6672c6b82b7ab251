"""What the console needs of the rest of the service; filled by wiring, and by fakes in tests."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.domain.link_ports import Sealer
from security_service.domain.policy_ports import PolicyDrafts
from security_service.domain.ports import Chance, Clock, Tenants
from security_service.domain.proposal_ports import TenantIds
from security_service.usecases.audit_desk import AuditDesk
from security_service.usecases.change_own import ChangeOwn
from security_service.usecases.change_person import ChangePerson
from security_service.usecases.console_sessions import ConsoleSessions
from security_service.usecases.enrol_authenticator import EnrolAuthenticator
from security_service.usecases.four_eyes import FourEyes
from security_service.usecases.freeze import Freeze
from security_service.usecases.invite_person import InvitePerson
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.list_people import ListPeople
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.sign_in import SignIn
from security_service.usecases.sign_in_federated import SignInFederated
from security_service.usecases.transfer_desk import TransferDesk
from security_service.usecases.view_now import ViewNow
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.welcome_person import WelcomePerson
from security_service.usecases.work_cases import WorkCases
from security_service.web.callers import Network


@dataclass(frozen=True, slots=True)
class ConsoleServices:
    """The use cases and ports behind the pages.

    `tenant_ids` gives every tenant there is, for people who may act for all; `home_tenant` is the one shown
    first. `sealer` seals numbers for addresses; `federated` is None where no identity provider is set.
    `trusted_proxies` may tell a browser's address; only `networks` reach the console (none named: all).
    """

    sessions: ConsoleSessions
    sign_in: SignIn
    welcome: WelcomePerson
    change_own: ChangeOwn
    tenants: Tenants
    tenant_ids: TenantIds
    view_subscriber: ViewSubscriber
    four_eyes: FourEyes
    freeze: Freeze
    enrol_authenticator: EnrolAuthenticator
    read_audit: ReadAudit
    audit_desk: AuditDesk
    policy_desk: PolicyDesk
    policy_drafts: PolicyDrafts
    view_now: ViewNow
    work_cases: WorkCases
    keep_bans: KeepBans
    list_people: ListPeople
    invite_person: InvitePerson
    change_person: ChangePerson
    management: ManagementDesk
    transfers: TransferDesk
    chance: Chance
    clock: Clock
    sealer: Sealer
    federated: SignInFederated | None = None
    home_tenant: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    networks: tuple[Network, ...] = ()
