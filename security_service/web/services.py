"""What the web faces need of the rest of the service; filled by wiring, and by fakes in tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from security_service.domain.ports import Chance, Health, Tenants
from security_service.usecases.add_sim import AddSim
from security_service.usecases.answers import OperationResult
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.list_subscribers import ListSubscribers
from security_service.usecases.read_audit import ReadAudit
from security_service.usecases.receive_push import ReceivePush
from security_service.usecases.reverify import Reverify
from security_service.usecases.set_mode import SetMode
from security_service.usecases.unlock import Unlock
from security_service.usecases.view_subscriber import ViewSubscriber
from security_service.web.auth import AdminKeys
from security_service.web.callers import Network


@dataclass(frozen=True, slots=True)
class WebServices:
    """The use cases and ports behind the faces.

    `generate_code` and `check_code` are the `run` of the use cases. `render_metrics` gives the
    body of /metrics and its content type. `trusted_proxies` may tell a client's address;
    `metrics_networks` may read /metrics beside loopback.
    """

    generate_code: Callable[[GenerateCodeRequest], OperationResult]
    check_code: Callable[[CheckCodeRequest], OperationResult]
    tenants: Tenants
    chance: Chance
    health: Health
    render_metrics: Callable[[], tuple[bytes, str]]
    admin_keys: AdminKeys
    view_subscriber: ViewSubscriber
    list_subscribers: ListSubscribers
    set_mode: SetMode
    reverify: Reverify
    add_sim: AddSim
    unlock: Unlock
    read_audit: ReadAudit
    receive_push: ReceivePush
    trusted_proxies: tuple[Network, ...] = ()
    metrics_networks: tuple[Network, ...] = ()
