"""What the worker does, over the same ports as the faces; leaves the loop to `processes`."""

from __future__ import annotations

from security_service.domain.ports import Meter
from security_service.links.reply_handler import ask_handler
from security_service.store.bulk_runs import StoredBulkRuns
from security_service.store.messages import StoredMessages, StoredRelayQueue
from security_service.store.sealed_texts import StoredSealedTexts
from security_service.store.wide_limits import (
    StoredNoticeCap,
)
from security_service.usecases.fall_back import FallBack
from security_service.usecases.hand_on_reply import HandOnReply
from security_service.usecases.keep_bans import KeepBans
from security_service.usecases.look_behind import LookBehind
from security_service.usecases.poll_receipt import PollReceipt
from security_service.usecases.relay_message import RelayMessage
from security_service.usecases.report_message import ReportMessage
from security_service.usecases.reverify import Reverify
from security_service.usecases.send_notice import SendNotice
from security_service.usecases.step_bulk import CountedReverify
from security_service.usecases.work_jobs import WorkJobs
from security_service.wiring.relay import Relay
from security_service.wiring.shared import Core


def build_work(core: Core, relay: Relay, reverify: Reverify, meter: Meter) -> WorkJobs:
    """What the worker does, over the same ports as the faces."""
    stored, outward = core.stored, core.outward
    tenants, subscribers, jobs = stored.tenants, stored.subscribers, stored.jobs
    brings = frozenset(outward.readers)
    messages = StoredMessages(stored.frame)
    return WorkJobs(
        jobs=jobs,
        slots=stored.slots,
        look_behind=LookBehind(tenants, subscribers, core.sim_check, core.policies, jobs, meter),
        reverify=CountedReverify(reverify, StoredBulkRuns(stored.frame)).attempt,
        send_notice=SendNotice(tenants, StoredNoticeCap(stored.frame), core.deliver, jobs, meter),
        poll_receipt=PollReceipt(
            outward.gateways, stored.slots, jobs, stored.receipts, brings, core.clock, meter
        ),
        fall_back=FallBack(
            tenants,
            subscribers,
            core.sim_check,
            core.policies,
            StoredSealedTexts(stored.frame),
            core.sealer,
            core.deliver,
            jobs,
            core.clock,
            meter,
        ),
        relay_message=RelayMessage(
            tenants,
            StoredRelayQueue(stored.frame),
            core.gate,
            core.deliver,
            core.sealer,
            stored.tally,
            jobs,
            core.clock,
            meter,
        ),
        poll_message_receipt=PollReceipt(
            outward.gateways, messages, jobs, stored.receipts, brings, core.clock, meter
        ),
        report_message=ReportMessage(messages, core.reports, jobs),
        hand_on_reply=HandOnReply(
            tenants,
            relay.incoming,
            ask_handler,
            relay.take,
            jobs,
            meter,
        ),
        keep_bans=KeepBans(core.bans, jobs),
        meter=meter,
    )
