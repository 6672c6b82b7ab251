"""Relayed messages put together: what faces that bring messages need; the worker's part is in `work`."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.config.classes import Settings
from security_service.domain.ports import Meter
from security_service.store.accounts import StoredAccounts, StoredAccountSessions
from security_service.store.log_journal import StoredLogJournal
from security_service.store.messages import StoredMessages, StoredRelayQueue
from security_service.store.wide_limits import StoredWideLimits
from security_service.usecases.ask_imsi import AskImsi
from security_service.usecases.keep_accounts import KeepAccounts
from security_service.usecases.report_message import ClaimReports
from security_service.usecases.sign_in_account import SignInAccount
from security_service.usecases.take_message import TakeMessage
from security_service.usecases.view_message import ViewMessage, WithdrawMessage
from security_service.wiring.shared import Core


@dataclass(frozen=True, slots=True)
class Relay:
    """What a face does with relayed messages, and with the accounts that bring them."""

    take: TakeMessage
    view: ViewMessage
    withdraw: WithdrawMessage
    reports: ClaimReports
    sign_in: SignInAccount
    accounts: KeepAccounts
    ask_imsi: AskImsi


def build_relay(settings: Settings, core: Core, meter: Meter) -> Relay:
    """Put it together over what the service shares."""
    messages, accounts = StoredMessages(core.stored.frame), StoredAccounts(core.stored.frame)
    return Relay(
        take=TakeMessage(
            queue=StoredRelayQueue(core.stored.frame),
            messages=messages,
            wide_limits=StoredWideLimits(core.stored.frame, core.chance),
            health=core.stored.health,
            sealer=core.sealer,
            chance=core.chance,
            clock=core.clock,
            meter=meter,
            keys=settings.keys.code_ring,
            queue_limit=settings.relay.queue_limit,
        ),
        view=ViewMessage(messages),
        withdraw=WithdrawMessage(messages),
        reports=ClaimReports(core.reports),
        sign_in=SignInAccount(
            accounts,
            StoredAccountSessions(core.stored.frame),
            core.stored.tenants,
            core.chance,
            settings.keys.api_ring,
        ),
        ask_imsi=AskImsi(
            core.sim_check,
            StoredWideLimits(core.stored.frame, core.chance),
            core.stored.health,
            StoredLogJournal(core.stored.frame),
            meter,
            settings.keys.imsi_ring,
        ),
        accounts=KeepAccounts(accounts, accounts, core.chance, settings.keys.api_ring),
    )
