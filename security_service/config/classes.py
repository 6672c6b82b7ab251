"""The service's settings as frozen typed classes; leaves reading them to `sources`.

The help of a field is what `config explain`, docs/settings.md and the sample say about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import urlsplit

from security_service.config.archive_settings import ArchiveSettings
from security_service.config.console_settings import ConsoleSettings
from security_service.config.forward_settings import ForwardSettings
from security_service.config.mail_settings import MailSettings
from security_service.config.open_gateway_settings import OpenGatewaySettings
from security_service.config.relay_settings import RelaySettings
from security_service.domain.access import Actor, ManagementKeys, Role, bearer_digest
from security_service.domain.secret import KeyRing, Secret
from security_service.domain.trust import TrustThresholds, TrustWord

_RING: Final = "32 bytes or more in hex, by version; the greatest signs"


class Environment(StrEnum):
    """Where the service runs: only `sandbox` makes keys of its own and has a simulated operator."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """The least severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class StoreSettings:
    """Where the state is kept."""

    address: str = field(
        default="",
        metadata={"help": "redis://, rediss:// or unix:// URL; empty: the embedded store of `run`"},
    )
    password: Secret = field(default=Secret(""), metadata={"help": "password of the store, if it has one"})
    username: str = field(default="", metadata={"help": "user of the store, if it has any but the default"})
    timeout_s: float = field(
        default=2.0,
        metadata={"help": "seconds until a silent store counts as down", "least": 0.05, "most": 60},
    )
    replicated: bool = field(
        default=False, metadata={"help": "the store has replicas: a code checked after a failover is dead"}
    )
    expected_subscribers: int = field(
        default=1_000_000,
        metadata={"help": "subscribers that `store init` lays out for", "least": 1, "most": 10**9},
    )
    not_ready_percent: int = field(
        default=70,
        metadata={"help": "share of its memory at which the service is not ready", "least": 1, "most": 99},
    )
    refuse_percent: int = field(
        default=85,
        metadata={"help": "share of its memory at which no new code is made", "least": 1, "most": 99},
    )

    def __post_init__(self) -> None:
        if self.address and urlsplit(self.address).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("address must begin with redis://, rediss:// or unix://")
        if self.not_ready_percent > self.refuse_percent:
            raise ValueError("not_ready_percent must not be above refuse_percent")


@dataclass(frozen=True)
class KeySettings:
    """Key rings, each for one use; no key may stand in two of them."""

    code: Mapping[str, Secret] = field(metadata={"help": f"keys of codes: {_RING}", "secret": True})
    imsi: Mapping[str, Secret] = field(metadata={"help": f"keys of IMSIs: {_RING}", "secret": True})
    api: Mapping[str, Secret] = field(
        metadata={"help": f"keys of the digests of API keys: {_RING}", "secret": True}
    )
    vault: Mapping[str, Secret] = field(
        default_factory=dict,
        metadata={
            "help": f"keys that seal the secrets of authenticator apps: {_RING}; empty: none can be enrolled",
            "secret": True,
        },
    )

    verdict: Mapping[str, Secret] = field(
        default_factory=dict,
        metadata={"help": f"keys of signed verdicts: {_RING}; empty: none are signed", "secret": True},
    )

    def __post_init__(self) -> None:
        rings = (self.code_ring, self.imsi_ring, self.api_ring, self.vault_ring, self.verdict_ring)
        keys = [key for ring in rings if ring is not None for key in ring.keys.values()]
        if len(set(keys)) < len(keys):
            raise ValueError("a key stands twice; each use and each version needs a key of its own")

    @property
    def code_ring(self) -> KeyRing:
        """Keys of codes, operations, sources and idempotency keys."""
        return _ring("code", self.code)

    @property
    def imsi_ring(self) -> KeyRing:
        """Keys of IMSIs; losing one of them makes references incomparable."""
        return _ring("imsi", self.imsi)

    @property
    def api_ring(self) -> KeyRing:
        """Keys of the digests that API keys are stored as."""
        return _ring("api", self.api)

    @property
    def vault_ring(self) -> KeyRing | None:
        """Keys that seal what must outlive codes: secrets of authenticator apps; None where none is set."""
        return _ring("vault", self.vault) if self.vault else None

    @property
    def verdict_ring(self) -> KeyRing | None:
        """Keys that sign verdicts for the core bank; None where none is set."""
        return _ring("verdict", self.verdict) if self.verdict else None


def _ring(use: str, keys: Mapping[str, Secret]) -> KeyRing:
    try:
        return KeyRing({int(version): bytes.fromhex(key.reveal()) for version, key in keys.items()})
    except ValueError as error:
        # The messages of int() and fromhex() repeat what they could not read.
        said = str(error) if str(error).startswith(("a key ring", "key version")) else f"must be {_RING}"
        raise ValueError(f"{use}: {said}") from None


@dataclass(frozen=True)
class WebSettings:
    """The HTTP faces and the server under them; the reasons are in `cli/web_server.py`."""

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=8080, metadata={"help": "port to listen on", "least": 1, "most": 65535})
    workers: int = field(default=2, metadata={"help": "processes that answer", "least": 1, "most": 256})
    threads: int = field(
        default=512, metadata={"help": "requests that one process answers at once", "least": 1, "most": 4096}
    )
    backlog: int = field(
        default=4096,
        metadata={"help": "connections that may wait to be accepted", "least": 128, "most": 65535},
    )
    switch_interval_s: float = field(
        default=0.02,
        metadata={
            "help": "seconds a thread may hold the interpreter while others wait for it",
            "least": 1e-4,
            "most": 1,
        },
    )
    trusted_proxies: tuple[str, ...] = field(
        default=(), metadata={"help": "addresses or networks whose X-Forwarded-For is believed"}
    )
    metrics_networks: tuple[str, ...] = field(
        default=(), metadata={"help": "addresses or networks that may read /metrics, beside loopback"}
    )

    def __post_init__(self) -> None:
        self.networks(self.trusted_proxies)
        self.networks(self.metrics_networks)

    @staticmethod
    def networks(texts: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
        """Read addresses and networks; raises ValueError, which names the one at fault."""
        return tuple(ip_network(text, strict=False) for text in texts)


@dataclass(frozen=True)
class WorkerSettings:
    """The process behind the scenes."""

    threads: int = field(default=16, metadata={"help": "jobs that are done at once", "least": 1, "most": 512})
    lease_s: float = field(
        default=60.0,
        metadata={"help": "seconds until an unfinished job is taken again", "least": 5, "most": 3600},
    )
    metrics_port: int = field(
        default=0, metadata={"help": "port of the worker's own /metrics; 0: none", "least": 0, "most": 65535}
    )


@dataclass(frozen=True)
class ManagementKey:
    """One bearer key of /api/v1: give the key itself or, better, its SHA-256."""

    roles: tuple[Role, ...] = field(metadata={"help": "admin, lead, analyst, auditor, enroller"})
    sha256: str = field(default="", metadata={"help": "SHA-256 of the key in hex"})
    key: Secret = field(
        default=Secret(""), metadata={"help": "the key itself, where it comes from a secret file"}
    )
    tenants: tuple[str, ...] = field(
        default=(), metadata={"help": "tenants that the key may act for; empty: all"}
    )

    def __post_init__(self) -> None:
        if not self.roles:
            raise ValueError("roles must name at least one role")
        if bool(self.sha256) == bool(self.key.reveal()):
            raise ValueError("give either sha256 or key")
        if self.sha256 and (len(self.sha256) != 64 or set(self.sha256.lower()) - set("0123456789abcdef")):
            raise ValueError("sha256 must be 64 hexadecimal digits")
        if self.key.reveal() and len(self.key.reveal()) < 24:
            raise ValueError("key must have 24 characters or more")


@dataclass(frozen=True)
class General:
    """Every setting but those of the gateways and lookups, whose classes the plug-ins bring along."""

    keys: KeySettings
    installation_id: str = field(metadata={"help": "which store is ours; `store init` writes it there"})
    environment: Environment = field(
        default=Environment.SANDBOX, metadata={"help": "production refuses whatever is fit for trials only"}
    )
    data_dir: str = field(default="var", metadata={"help": "directory for data of this machine"})
    policies_dir: str = field(
        default="", metadata={"help": "directory of policy documents; empty: the shipped ones"}
    )
    home_tenant: str = field(
        default="", metadata={"help": "tenant that is meant where a management call names none"}
    )
    lookup_hedge_s: float = field(
        default=2.0,
        metadata={
            "help": "seconds of silence until the next lookup is asked too; 0: never",
            "least": 0,
            "most": 60,
        },
    )
    log_level: LogLevel = field(default=LogLevel.INFO, metadata={"help": "least severity that is logged"})
    store: StoreSettings = field(default_factory=StoreSettings)
    web: WebSettings = field(default_factory=WebSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    trust: TrustThresholds = field(default_factory=TrustThresholds)
    mail: MailSettings = field(default_factory=MailSettings)
    relay: RelaySettings = field(default_factory=RelaySettings)
    open_gateway: OpenGatewaySettings = field(default_factory=OpenGatewaySettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    forward: Mapping[str, ForwardSettings] = field(
        default_factory=dict, metadata={"help": "targets that events are forwarded to, by any name"}
    )
    management: Mapping[str, ManagementKey] = field(
        default_factory=dict, metadata={"help": "bearer keys of /api/v1 by the name that stands in the audit"}
    )

    @property
    def management_keys(self) -> ManagementKeys:
        """The bearer keys as the management API looks them up."""
        return ManagementKeys(
            tuple(
                (one.sha256.lower() or bearer_digest(one.key), Actor(name, frozenset(one.roles)))
                for name, one in self.management.items()
            )
        )

    @property
    def management_tenants(self) -> Mapping[str, frozenset[str]]:
        """The tenants of those management keys that may not act for all."""
        return {name: frozenset(one.tenants) for name, one in self.management.items() if one.tenants}


@dataclass(frozen=True)
class PluginEntry:
    """One configured gateway or lookup; `settings` is of the settings class of its kind."""

    name: str
    kind: str
    settings: object


@dataclass(frozen=True)
class LookupRules:
    """What people decided of a lookup, beside the settings of its kind."""

    trust: TrustWord = field(
        default=TrustWord.STABLE,
        metadata={"help": "stable: may deny; learn: only once it has proved itself; never: untrusted"},
    )
    distrusted_operators: tuple[str, ...] = field(
        default=(), metadata={"help": "MCC-MNCs (25001) of operators whose SIMs it is not believed on"}
    )


@dataclass(frozen=True)
class LookupEntry(PluginEntry):
    """One configured lookup with what people decided of it."""

    rules: LookupRules = field(default_factory=LookupRules)


@dataclass(frozen=True)
class Settings(General):
    """Everything that is set."""

    gateways: tuple[PluginEntry, ...] = ()
    lookups: tuple[LookupEntry, ...] = ()
