"""One run through all that the store does with relayed messages and the accounts that bring them."""

from __future__ import annotations

from typing import Final

from security_service.domain.accounts import Account, Face
from security_service.domain.audit import Event, EventKind
from security_service.domain.incoming import Incoming
from security_service.domain.jobs import Job, JobKind
from security_service.domain.messages import ReceiptState
from security_service.domain.relay import (
    Due,
    EndRequest,
    MessageState,
    MessageView,
    Passed,
    PassRequest,
    Report,
    Submission,
    Taken,
    TakeRequest,
    message_id_of,
)
from security_service.domain.secret import MessageText, Msisdn
from security_service.links.sealed_text import TextSealer
from security_service.store.account_pace import StoredAccountPace
from security_service.store.accounts import StoredAccounts
from security_service.store.incoming import StoredIncoming, StoredReplyJournal
from security_service.store.messages import StoredMessages, StoredRelayQueue
from security_service.store.reports import StoredReports
from tests.store.rig import FREE, RING, StoreRig

WHOM: Final = Msisdn("79030000077")
ACCOUNT: Final = Account("bank1", "demo", frozenset({Face.SMPP}), 1, b"d" * 16)


def do_relayed(rig: StoreRig, text: str) -> None:
    """Bring every script of relayed messages and accounts to run; `text` goes into what takes some."""
    queue, messages = StoredRelayQueue(rig.frame), StoredMessages(rig.frame)
    sent, back = _taken(rig, queue, text), _taken(rig, queue, text)
    job = Job(f"m{sent}", JobKind.RELAY, "demo", WHOM, (("message", sent),))
    due = queue.begin(job, sent)
    assert isinstance(due, Due)
    decided = Event(EventKind.GATE_DECIDED, {"reason": text})
    notice = Job("n7", JobKind.NOTICE, "demo", WHOM)
    passing = PassRequest(
        job,
        sent,
        due.stored,
        None,
        MessageState.SENDING,
        "",
        9.0,
        (decided,),
        (),
        notice,
        "k",
        unverified=True,
    )
    assert queue.write_verdict(passing) == Passed()
    ended = Event(EventKind.MESSAGE_SENT, {"reason": text})
    receipt = Job(f"o{sent}", JobKind.RELAY_RECEIPT, "demo", WHOM, (("message", sent),))
    assert queue.end(EndRequest(job, sent, MessageState.SENT, "", ended, "sms", jobs=(receipt,)))
    assert messages.apply_receipt(receipt, ReceiptState.DELIVERED, Event(EventKind.RECEIPT, {"of": text}))
    assert isinstance(messages.view("demo", sent), MessageView)
    assert messages.withdraw("demo", WHOM, back, Event(EventKind.MESSAGE_WITHDRAWN, {"reason": text}))
    reports = StoredReports(rig.frame, 7, 9)
    report = Report(sent, "bank1", sent, text, WHOM, "BANK", MessageState.DELIVERED, "", 1, 2)
    reports.put(report)
    assert list(reports.claim("bank1", 9, 9.0)) == [report]
    reports.done(report)
    book = StoredIncoming(rig.frame, TextSealer(RING))
    reply = Incoming("sms", text, WHOM, "2435", MessageText(text), rig.now_ms)
    assert [book.keep("demo", reply), book.keep("demo", reply)] == [1, 1]
    book.done("demo", reply)
    assert book.keep("demo", reply) == 0
    told = Event(EventKind.REPLY_RECEIVED, {"to": text})
    StoredReplyJournal(rig.frame).tell("demo", reply, [told], [])
    accounts = StoredAccounts(rig.frame)
    accounts.save(ACCOUNT, Event(EventKind.ACCOUNT_SAVED, {"actor": text}))
    accounts.refused("192.0.2.1", Event(EventKind.ACCOUNT_REFUSED, {"login": text}))
    assert StoredAccountPace(rig.frame).take("bank1", 100, 1) == 0
    assert accounts.remove("bank1", Event(EventKind.ACCOUNT_REMOVED, {"actor": text}))


def _taken(rig: StoreRig, queue: StoredRelayQueue, text: str) -> str:
    given = Submission(FREE, WHOM, MessageText("text"), "smpp", "bank1", reference=text, wants_report=True)
    shard = int(rig.layout.of("demo", WHOM).shard[1:])
    message_id = message_id_of(shard, int(rig.token(), 16) / 1e9)
    taken = queue.take(TakeRequest(message_id, given, b"sealed", 1, "00", rig.token(), 640))
    assert taken == Taken(message_id, 1)
    return message_id
