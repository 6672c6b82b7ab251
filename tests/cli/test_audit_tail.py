"""Whoever follows the log sees each event once, in its order, those that come late too."""

from __future__ import annotations

import json
from itertools import islice

from security_service.cli.audit_tail import follow, newest
from security_service.domain.audit import AuditPage, AuditQuery
from security_service.usecases.read_audit import ReadAudit
from tests.fakes.clock import HandClock
from tests.fakes.sealing import event_text

AT = 1_800_000_000_000


class GrowingLog:
    """The AuditLog port over events in a list, in pages of two."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def page(self, query: AuditQuery) -> AuditPage:
        places = sorted(self.texts, key=lambda text: -int(json.loads(text)["at"]))
        found = [text for text in places if json.loads(text)["at"] >= query.since_ms]
        first = int(query.cursor or 0)
        return AuditPage(tuple(found[first : first + 2]), str(first + 2) if len(found) > first + 2 else "")


class TellingClock(HandClock):
    """A clock that lets something happen whenever somebody waits."""

    def __init__(self, log: GrowingLog, coming: list[str]) -> None:
        super().__init__()
        self.log, self.coming = log, coming

    def unix_ms(self) -> int:
        return AT

    def pause(self, seconds: float) -> None:
        super().pause(seconds)
        if self.coming:
            self.log.texts.append(self.coming.pop(0))


def one(seq: int, at: int, shard: str = "s001") -> str:
    return event_text(seq, shard, at=AT + at)


def test_the_newest_come_with_the_newest_last() -> None:
    log = GrowingLog()
    log.texts = [one(seq, seq) for seq in range(1, 8)]
    assert newest(ReadAudit(log), AuditQuery(), 3) == log.texts[-3:]
    assert newest(ReadAudit(log), AuditQuery(), 30) == log.texts


def test_what_comes_is_told_once_and_in_order_and_what_is_late_is_not_lost() -> None:
    log = GrowingLog()
    log.texts = [one(seq, seq * 100) for seq in range(1, 8)]
    told = newest(ReadAudit(log), AuditQuery(), 3)
    late, last = one(1, 650, "s002"), one(9, 900)
    coming = [one(8, 800), late, last]
    expected = list(coming)
    clock = TellingClock(log, coming)
    assert list(islice(follow(ReadAudit(log), AuditQuery(), told, clock), 3)) == expected
    assert clock.pauses == [1.0, 1.0, 1.0]


def test_an_empty_log_is_followed_from_now_on() -> None:
    log = GrowingLog()
    clock = TellingClock(log, [one(1, 5)])
    assert list(islice(follow(ReadAudit(log), AuditQuery(), [], clock), 1)) == [one(1, 5)]


def test_following_ends_with_the_period_that_was_asked_for() -> None:
    assert list(follow(ReadAudit(GrowingLog()), AuditQuery(until_ms=AT - 1), [], HandClock(1e9))) == []
