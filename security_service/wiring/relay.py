"""Relayed messages put together: what faces that bring messages need; the worker's part is in `work`."""

from __future__ import annotations

from dataclasses import dataclass

from security_service.archive.count_reader import CountReader
from security_service.archive.engine import ArchiveDatabase
from security_service.config.classes import Settings
from security_service.domain.ports import Meter
from security_service.links.number_zones import PrefixZones
from security_service.links.side_by_side import FewThreads
from security_service.store.account_pace import StoredAccountPace
from security_service.store.accounts import StoredAccounts, StoredAccountSessions
from security_service.store.incoming import StoredIncoming, StoredReplyCursors, StoredReplyJournal
from security_service.store.log_journal import StoredLogJournal
from security_service.store.messages import StoredMessages, StoredRelayQueue
from security_service.store.wide_limits import StoredWideLimits
from security_service.usecases.ask_imsi import AskImsi
from security_service.usecases.follow_messages import FollowMessages
from security_service.usecases.freeze import Freeze
from security_service.usecases.keep_accounts import KeepAccounts
from security_service.usecases.poll_replies import PollReplies
from security_service.usecases.receive_push import ReceivePush
from security_service.usecases.receive_reply import ReceiveReply
from security_service.usecases.report_message import ClaimReports
from security_service.usecases.send_from_account import SendFromAccount
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
    send: SendFromAccount
    follow: FollowMessages
    incoming: StoredIncoming
    receive_reply: ReceiveReply
    receive_push: ReceivePush
    poll_replies: PollReplies


def build_relay(settings: Settings, core: Core, archive: ArchiveDatabase, meter: Meter) -> Relay:
    """Put it together over what the service shares."""
    messages, accounts = StoredMessages(core.stored.frame), StoredAccounts(core.stored.frame)
    take, view = _build_take(settings, core, messages, meter), ViewMessage(messages)
    pace = StoredAccountPace(core.stored.frame)
    incoming = StoredIncoming(core.stored.frame, core.sealer)
    outward, receive_reply = core.outward, _build_receive_reply(settings, core, incoming, meter)
    return Relay(
        take=take,
        view=view,
        send=SendFromAccount(pace, take, PrefixZones(), FewThreads(), core.chance, core.clock),
        follow=FollowMessages(view, CountReader(archive), core.clock),
        incoming=incoming,
        receive_reply=receive_reply,
        receive_push=ReceivePush(
            outward.readers,
            outward.reply_readers,
            receive_reply.run,
            core.stored.receipts,
            settings.keys.api_ring,
            meter,
        ),
        poll_replies=PollReplies(
            outward.reply_sources,
            StoredReplyCursors(core.stored.frame),
            receive_reply.run,
            core.clock,
            meter,
        ),
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


def _build_take(settings: Settings, core: Core, messages: StoredMessages, meter: Meter) -> TakeMessage:
    return TakeMessage(
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
    )


def _build_receive_reply(
    settings: Settings, core: Core, incoming: StoredIncoming, meter: Meter
) -> ReceiveReply:
    subscribers, tenants = core.stored.subscribers, core.stored.tenants
    return ReceiveReply(
        tenants,
        tenants,
        incoming,
        Freeze(subscribers, subscribers),
        StoredReplyJournal(core.stored.frame),
        core.chance,
        meter,
        settings.keys.code_ring,
    )
