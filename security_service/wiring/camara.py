"""The Open Gateway faces put together: clients, tokens, one-time codes, SIM swaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from security_service.archive.engine import ArchiveDatabase
from security_service.archive.forwarding import ArchivedForwarding
from security_service.archive.writer import EventWriter
from security_service.config.classes import Settings
from security_service.domain.forwarding import Numbers
from security_service.domain.forwarding_ports import ForwardMeter
from security_service.domain.ports import Clock, Meter
from security_service.links.client_assertion import SignedAssertions
from security_service.links.sealed_text import TextSealer
from security_service.links.sink_link import SinkLink
from security_service.store.accounts import StoredAccounts
from security_service.store.authentications import StoredAuthentications
from security_service.store.log_journal import StoredLogJournal
from security_service.store.oauth_clients import StoredOAuthClients, StoredOAuthTokens
from security_service.store.swap_subscriptions import StoredSwapSubscriptions
from security_service.store.wide_limits import StoredWideLimits
from security_service.usecases.check_code import CheckCode
from security_service.usecases.forward_events import ForwardEvents, ForwardTarget
from security_service.usecases.generate_code import GenerateCode
from security_service.usecases.grant_token import GrantToken
from security_service.usecases.keep_clients import KeepClients
from security_service.usecases.keep_swap_subscriptions import KeepSwapSubscriptions
from security_service.usecases.one_time_sms import OneTimeSms
from security_service.usecases.tell_sim_swap import TellSimSwap
from security_service.usecases.tell_swaps import SWAP_KINDS, SendSwapLetters, WriteSwapLetters
from security_service.wiring.shared import Core

_TARGET: Final = "open_gateway:sim-swap-subscriptions"
"""A name that no setting can have."""


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """What the faces do; `issuer` is '' where they are not served; clients may be prepared all the same."""

    issuer: str
    clients: KeepClients
    tokens: GrantToken
    one_time_sms: OneTimeSms
    sim_swap: TellSimSwap
    subscriptions: KeepSwapSubscriptions
    write_letters: WriteSwapLetters
    send_letters: SendSwapLetters


def build_open_gateway(
    settings: Settings, core: Core, generate_code: GenerateCode, check_code: CheckCode, meter: Meter
) -> OpenGateway:
    """Put it together over what the service shares."""
    frame, issuer = core.stored.frame, settings.open_gateway.issuer
    clients, subscriptions = StoredOAuthClients(frame), StoredSwapSubscriptions(frame)
    sink, sealer = SinkLink(private=settings.open_gateway.private_sinks), _sealer(settings)
    return OpenGateway(
        issuer=issuer,
        clients=KeepClients(clients),
        tokens=GrantToken(
            clients,
            StoredOAuthTokens(frame),
            SignedAssertions(),
            StoredAccounts(frame),
            core.stored.tenants,
            core.chance,
            core.clock,
            (issuer, f"{issuer}/oauth2/token"),
        ),
        one_time_sms=OneTimeSms(generate_code.run, check_code.run, StoredAuthentications(frame), core.chance),
        sim_swap=TellSimSwap(
            core.stored.subscribers,
            core.sim_check,
            StoredWideLimits(frame, core.chance),
            StoredLogJournal(frame),
            core.chance,
            meter,
        ),
        subscriptions=KeepSwapSubscriptions(subscriptions, sink, sealer, core.chance, core.clock, meter),
        write_letters=WriteSwapLetters(subscriptions, subscriptions, clients, core.clock),
        send_letters=SendSwapLetters(
            core.stored.tenants,
            subscriptions,
            subscriptions,
            subscriptions,
            sink,
            sealer,
            core.clock,
            meter,
            issuer,
        ),
    )


def build_swap_forwarding(
    settings: Settings,
    gateway: OpenGateway,
    database: ArchiveDatabase,
    clock: Clock,
    holder: str,
    meter: ForwardMeter,
) -> ForwardEvents:
    """Give what writes letters as the log grows; how far it is lies in the archive."""
    kept = ArchivedForwarding(database, settings.installation_id)
    return ForwardEvents(
        ForwardTarget(_TARGET, kinds=SWAP_KINDS, numbers=Numbers.FULL, longest_pause_s=60),
        kept,
        kept,
        gateway.write_letters,
        EventWriter(database, settings.installation_id, clock),
        clock,
        meter,
        holder,
    )


def _sealer(settings: Settings) -> TextSealer:
    return TextSealer(settings.keys.code_ring, "sink tokens")
