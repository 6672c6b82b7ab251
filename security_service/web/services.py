"""What the web faces need of the rest of the service; filled by wiring, and by fakes in tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from security_service.domain.account_ports import IncomingList
from security_service.domain.ports import Chance, Clock, Health, Tenants
from security_service.domain.signed_verdict import VerdictSigner
from security_service.usecases.advise_contact import AdviseContact
from security_service.usecases.answers import OperationResult
from security_service.usecases.ask_imsi import AskImsi
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.enrol_authenticator import EnrolAuthenticator
from security_service.usecases.follow_messages import FollowMessages
from security_service.usecases.four_eyes import FourEyes
from security_service.usecases.freeze import Freeze
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.make_evidence import MakeEvidence
from security_service.usecases.management_desk import ManagementDesk
from security_service.usecases.policy_desk import PolicyDesk
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.receive_push import ReceivePush
from security_service.usecases.send_from_account import SendFromAccount
from security_service.usecases.sign_in_account import SignInAccount
from security_service.usecases.take_message import TakeMessage
from security_service.usecases.transfer_desk import TransferDesk
from security_service.usecases.view_message import ViewMessage
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.usecases.work_cases import WorkCases
from security_service.web.auth import AdminKeys
from security_service.web.callers import Network
from security_service.web.camara_services import CamaraServices
from security_service.web.console.services import ConsoleServices


@dataclass(frozen=True, slots=True)
class RestUses:
    """What the face of Devino REST does for the accounts that come in by it."""

    send: SendFromAccount
    follow: FollowMessages
    incoming: IncomingList
    clock: Clock


@dataclass(frozen=True, slots=True)
class OlderFaces:
    """What faces need whose callers sign in by login and password, and bring messages of their own.

    `rest` is None where that face is not served.
    """

    sign_in: SignInAccount
    ask_imsi: AskImsi
    take_message: TakeMessage
    view_message: ViewMessage
    rest: RestUses | None = None


@dataclass(frozen=True, slots=True)
class WebServices:
    """The use cases and ports behind the faces.

    `generate_code` and `check_code` are the `run` of the use cases. `render_metrics` gives the
    body of /metrics and its content type. `trusted_proxies` may tell a client's address;
    `metrics_networks` may read /metrics beside loopback. `older` is None where
    no such face is served, `camara` where there is no issuer, `console` where no key seals the
    secrets of people's apps, `evidence` where there is no archive. `notes` are told beside readiness,
    and so is what `notes_now` gives at the time.
    """

    generate_code: Callable[[GenerateCodeRequest], OperationResult]
    check_code: Callable[[CheckCodeRequest], OperationResult]
    tenants: Tenants
    chance: Chance
    health: Health
    render_metrics: Callable[[], tuple[bytes, str]]
    admin_keys: AdminKeys
    view_subscriber: ViewSubscriber
    advise_contact: AdviseContact
    list_subscribers: ListSubscribers
    four_eyes: FourEyes
    work_cases: WorkCases
    keep_bans: KeepBans
    freeze: Freeze
    enrol_authenticator: EnrolAuthenticator
    read_audit: ReadAudit
    policy_desk: PolicyDesk
    management: ManagementDesk
    receive_push: ReceivePush
    transfers: TransferDesk
    verdicts: VerdictSigner | None = None
    older: OlderFaces | None = None
    camara: CamaraServices | None = None
    console: ConsoleServices | None = None
    evidence: MakeEvidence | None = None
    notes: tuple[str, ...] = ()
    notes_now: Callable[[], Sequence[str]] = tuple
    trusted_proxies: tuple[Network, ...] = ()
    metrics_networks: tuple[Network, ...] = ()
