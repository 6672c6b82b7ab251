"""The Open Gateway faces put together: clients, tokens, one-time codes, SIM swaps."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.domain.ports import Meter
from security_service.links.client_assertion import SignedAssertions
from security_service.store.accounts import StoredAccounts
from security_service.store.authentications import StoredAuthentications
from security_service.store.log_journal import StoredLogJournal
from security_service.store.oauth_clients import StoredOAuthClients, StoredOAuthTokens
from security_service.store.wide_limits import StoredWideLimits
from security_service.usecases.check_code import CheckCode
from security_service.usecases.generate_code import GenerateCode
from security_service.usecases.grant_token import GrantToken
from security_service.usecases.keep_clients import KeepClients
from security_service.usecases.one_time_sms import OneTimeSms
from security_service.usecases.tell_sim_swap import TellSimSwap
from security_service.wiring.shared import Core


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """What the faces do; `issuer` is '' where they are not served; clients may be prepared all the same."""

    issuer: str
    clients: KeepClients
    tokens: GrantToken
    one_time_sms: OneTimeSms
    sim_swap: TellSimSwap


def build_open_gateway(
    settings: Settings, core: Core, generate_code: GenerateCode, check_code: CheckCode, meter: Meter
) -> OpenGateway:
    """Put it together over what the service shares."""
    frame, issuer = core.stored.frame, settings.open_gateway.issuer
    clients = StoredOAuthClients(frame)
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
    )
