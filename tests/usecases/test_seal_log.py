"""A head is signed only over a log that begins with what was signed before; what is signed is published."""

from __future__ import annotations

from security_service.domain.audit import EventKind
from security_service.domain.log_head import SignatureCheck
from security_service.links.signing import LogSigner
from security_service.usecases.seal_log import (
    LogAltered,
    NoSigningKey,
    NothingToSeal,
    Sealed,
    SealLog,
)
from tests.domain.log_attack import SIGNER, TRUSTED, signed, texts
from tests.fakes.sealing import HeldHeads, HeldJournal, HeldLog, Place, event_text
from tests.usecases.behind_the_scenes import CountingMeter


class Rig:
    """A log, its heads and a place outside."""

    def __init__(self, count: int = 10, signer: LogSigner | None = SIGNER) -> None:
        self.log, self.heads, self.place = HeldLog(texts(count)), HeldHeads(), Place()
        self.journal, self.meter = HeldJournal(), CountingMeter()
        self.now = 1_800_000_000_000
        self.seal = SealLog(
            self.log,
            self.heads,
            signer,
            self.journal,
            publishers=[self.place],
            installation="i1",
            now=lambda: self.now,
            meter=self.meter,
        )

    def sizes(self) -> list[int]:
        return [one.head.size for one in self.place.published]


def test_a_log_that_grew_gets_a_signed_head_that_is_kept_and_published() -> None:
    rig = Rig()
    rig.seal.round()
    head = rig.heads.held[10]
    assert head.check(TRUSTED.check) is SignatureCheck.GOOD
    assert head.head == signed(rig.log).head.__class__("i1", 10, head.head.root, rig.now)
    assert rig.place.published == [head]


def test_a_log_that_did_not_grow_keeps_its_head() -> None:
    rig = Rig()
    rig.seal.round()
    rig.now += 60_000
    rig.seal.round()
    assert rig.seal.seal() == Sealed(rig.heads.held[10], is_new=False)
    assert rig.sizes() == [10]


def test_heads_that_could_not_be_published_are_published_later_in_order() -> None:
    rig = Rig()
    rig.place.away = True
    rig.seal.round()
    rig.log.append([event_text(5)])
    rig.seal.round()
    assert rig.sizes() == []
    assert ("head_not_published", "place") in rig.meter.events
    rig.place.away = False
    rig.seal.round()
    assert rig.sizes() == [10, 11]


def test_an_empty_log_and_one_without_a_key_have_no_signed_head() -> None:
    assert Rig(0).seal.seal() == NothingToSeal()
    unsigned = Rig(signer=None)
    unsigned.seal.round()
    outcome = unsigned.seal.seal()
    assert isinstance(outcome, NoSigningKey)
    assert outcome.head.size == 10
    assert unsigned.heads.held == {}


def test_nothing_is_signed_on_a_log_whose_past_was_changed() -> None:
    rig = Rig()
    rig.seal.round()
    forged = HeldLog([*texts(9), event_text(4, kind="sim_added"), event_text(9)])
    rig.log.hashes, rig.log.texts = forged.hashes, forged.texts
    assert rig.seal.seal() == LogAltered(10)
    rig.seal.round()
    rig.seal.round()
    assert list(rig.heads.held) == [10]
    assert rig.meter.events.count(("log_altered", "altered")) == 2
    ((_, _, event),) = rig.journal.told
    assert event.kind is EventKind.INCIDENT
    assert event.facts == {"reason": "log_altered", "size": 10, "what": "altered"}


def test_a_log_that_was_cut_back_is_an_alarm() -> None:
    rig = Rig()
    rig.seal.round()
    shorter = HeldLog(texts(7))
    rig.log.hashes, rig.log.texts = shorter.hashes, shorter.texts
    assert rig.seal.seal() == LogAltered(10)


def test_a_log_cut_back_together_with_its_heads_is_found_by_what_was_published() -> None:
    rig = Rig()
    rig.seal.round()
    shorter = HeldLog(texts(7))
    rig.log.hashes, rig.log.texts = shorter.hashes, shorter.texts
    rig.heads.held.clear()
    rig.seal.round()
    assert rig.heads.held == {}
    assert ("log_altered", "altered") in rig.meter.events
    assert rig.journal.told[0][2].facts["size"] == 10


def test_of_two_processes_that_seal_one_size_the_first_is_right() -> None:
    rig = Rig()
    first = signed(rig.log)
    rig.heads.held[10] = first
    assert rig.seal.seal() == Sealed(first, is_new=False)
