"""A subscriber's reply over a real store: a refusal stops everything, and nothing approves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.codes import CheckNotFound, Subject
from security_service.domain.errors import StoreUnavailable
from security_service.domain.incoming import Incoming, is_of, is_refusal
from security_service.domain.jobs import JobKind
from security_service.domain.limits import Locked
from security_service.domain.operation import Operation
from security_service.domain.secret import MessageText, Msisdn
from security_service.domain.tenants import Tenant
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.store.incoming import StoredIncoming, StoredReplyJournal
from security_service.usecases.freeze import Freeze
from security_service.usecases.receive_reply import ReceiveReply
from tests.store.rig import RING, UNLIMITED, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, MemoryTenants

NUMBER: Final = Msisdn("79161112211")
BANK: Final = Tenant("bank", sender="BANK", reply_numbers=("2435",), limits=UNLIMITED)
WORDS: Final = ("НЕТ", "NO", "0")


class Ids:
    """The TenantIds port of one bank."""

    def ids(self) -> list[str]:
        return [BANK.id]


class Desk:
    """Where replies come in, over one store."""

    def __init__(self, rig: StoreRig, tenant: Tenant = BANK) -> None:
        self.rig, self.meter, self.subject = rig, CountingMeter(), Subject(tenant, NUMBER, Operation())
        self.book = StoredIncoming(rig.frame, TextSealer(RING))
        self.receive = ReceiveReply(
            MemoryTenants(tenant),
            Ids(),
            self.book,
            Freeze(rig.subscribers, rig.subscribers),
            StoredReplyJournal(rig.frame),
            SystemChance(),
            self.meter,
            RING,
        )

    def reply(self, text: str, reply_id: str = "1", to: str = "2435") -> None:
        message = Incoming("sms", reply_id, NUMBER, to, MessageText(text), self.rig.now_ms)
        self.receive.run(message)

    def facts(self, kind: str) -> list[dict[str, Any]]:
        return [event["facts"] for event in self.rig.events(self.subject) if event["kind"] == kind]


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def desk(rig: StoreRig) -> Desk:
    return Desk(rig)


@pytest.mark.parametrize("word", ["НЕТ", "нет", " Нет! ", "no", "No.", "0", "«0»"])
def test_a_refusal_kills_the_live_code_freezes_and_opens_a_case(desk: Desk, word: str) -> None:
    draft = desk.rig.generate(desk.subject)
    desk.reply(word)
    assert isinstance(desk.rig.check(desk.subject, draft.digits), Locked)
    assert len(desk.facts("subscriber_frozen")) == len(desk.facts("case_opened")) == 1
    assert desk.facts("case_opened")[0]["reason"] == "refused_by_reply"
    desk.rig.redis.delete(desk.rig.keys(desk.subject).of_number("checks"))
    assert desk.facts("reply_received")[0]["refusal"] is True


def test_the_code_stays_dead_after_a_person_unlocked(desk: Desk) -> None:
    draft = desk.rig.generate(desk.subject)
    desk.reply("НЕТ")
    frozen = desk.rig.redis.hget(desk.rig.keys(desk.subject).of_number("guesses"), "x")
    assert frozen == b"z"
    desk.rig.redis.hdel(desk.rig.keys(desk.subject).of_number("guesses"), "x")
    assert isinstance(desk.rig.check(desk.subject, draft.digits), CheckNotFound)


@pytest.mark.parametrize("text", ["ДА", "YES", "1", "", "нет, спасибо, не надо", "00", "подтверждаю 123456"])
def test_nothing_else_freezes_and_nothing_approves(desk: Desk, text: str) -> None:
    draft = desk.rig.generate(desk.subject)
    desk.reply(text)
    assert desk.facts("subscriber_frozen") == []
    assert not isinstance(desk.rig.check(desk.subject, draft.digits), Locked)


def test_a_reply_that_comes_twice_counts_once_and_a_second_refusal_opens_no_second_case(desk: Desk) -> None:
    desk.reply("НЕТ")
    desk.reply("НЕТ")
    desk.reply("НЕТ", "2")
    assert len(desk.facts("reply_received")) == 2
    assert len(desk.facts("case_opened")) == 1


def test_what_was_written_to_nobody_of_ours_is_counted_and_ignored(desk: Desk) -> None:
    desk.reply("НЕТ", to="9999")
    assert desk.rig.events(desk.subject) == []
    assert desk.meter.events == [("reply", "nobodys")]


def test_texts_lie_sealed_and_are_read_by_their_tenant_alone(desk: Desk) -> None:
    desk.reply("где мои деньги")
    kept = desk.book.of("bank", 0, desk.rig.now_ms, 10)
    assert [(one.id, one.number, one.to, one.text.reveal()) for one in kept] == [
        (1, NUMBER, "2435", "где мои деньги")
    ]
    assert desk.book.of("other", 0, desk.rig.now_ms, 10) == []
    everything = b"".join(desk.rig.redis.dump(key) for key in desk.rig.redis.scan_iter())
    assert "деньги".encode() not in everything


def test_a_tenant_with_a_handler_gets_a_job_for_each_reply(rig: StoreRig) -> None:
    desk = Desk(rig, replace(BANK, reply_handler="https://bank.example/in"))
    desk.reply("вопрос")
    assert [job.kind for job in rig.jobs.claim(9, 9.0)] == [JobKind.HAND_ON]


class Broken:
    """A journal whose store goes away once."""

    def __init__(self, journal: StoredReplyJournal) -> None:
        self.journal, self.breaks = journal, 1

    def tell(self, *arguments: Any) -> None:  # noqa: ANN401 - handed on as they come
        if self.breaks:
            self.breaks -= 1
            raise StoreUnavailable("away")
        self.journal.tell(*arguments)


def test_a_reply_whose_taking_broke_off_is_taken_when_it_is_brought_again(desk: Desk) -> None:
    desk.receive = replace(desk.receive, journal=Broken(StoredReplyJournal(desk.rig.frame)))
    with pytest.raises(StoreUnavailable):
        desk.reply("НЕТ")
    desk.reply("НЕТ")
    assert len(desk.facts("reply_received")) == len(desk.facts("case_opened")) == 1


def test_a_refusal_whose_process_died_at_once_is_obeyed_when_it_is_brought_again(desk: Desk) -> None:
    message = Incoming("sms", "1", NUMBER, "2435", MessageText("НЕТ"), desk.rig.now_ms)
    assert desk.book.keep("bank", message) == 1
    desk.reply("НЕТ")
    assert len(desk.facts("subscriber_frozen")) == len(desk.facts("case_opened")) == 1
    assert len(desk.book.of("bank", 0, desk.rig.now_ms, 10)) == 1


@given(st.text(max_size=12))
def test_only_a_refusal_word_alone_is_a_refusal(text: str) -> None:
    letters = "".join(character for character in text.casefold() if character.isalnum())
    if is_refusal(MessageText(text), WORDS):
        assert len(letters) <= 8
    assert not is_refusal(MessageText(text + "xyz да"), WORDS)


def test_senders_and_reply_numbers_are_a_tenants_addresses() -> None:
    assert all(is_of(BANK, to) for to in ("2435", "+2435", "bank", "BANK"))
    assert not any(is_of(BANK, to) for to in ("", "+", "24350", "BANK2"))
