"""The Reports port: what accounts are told, one queue an account; leaves what it says to the use cases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from security_service.domain.relay import MessageState, Report
from security_service.domain.secret import Msisdn
from security_service.store.frame import StoreFrame, whole, words
from security_service.store.keys import account_key
from security_service.store.scripts import load

_DAY_MS: Final = 86_400_000


class StoredReports:
    """`kept_days` is how long an account may stay away, `most` how many reports are kept of it."""

    def __init__(self, frame: StoreFrame, kept_days: int, most: int) -> None:
        self._frame = frame
        self._kept_ms, self._most = kept_days * _DAY_MS, most
        self._put, self._claim, self._end = load("put_report"), load("claim_jobs"), load("end_report")

    def put(self, report: Report) -> None:
        """Keep a report; one that is there already stays as it is."""
        self._frame.scripts.run(
            self._put,
            _keys(report.account),
            [self._frame.now(), report.id, _body(report), self._kept_ms, self._most],
        )

    def claim(self, account: str, count: int, lease_s: float) -> Sequence[Report]:
        """Give an account's oldest reports; each comes back after `lease_s` unless it is done."""
        reply = self._frame.scripts.run(
            self._claim, _keys(account), [self._frame.now(), count, int(lease_s * 1000)]
        )
        return [
            _read(words(name), account, words(body))
            for name, body in zip(reply[::2], reply[1::2], strict=True)
        ]

    def done(self, report: Report) -> None:
        """Forget a report that its account has."""
        self._frame.scripts.run(self._end, _keys(report.account), [report.id])

    def waiting(self, account: str) -> int:
        """Count the reports that an account has yet to come for."""
        return whole(self._frame.scripts.command("ZCARD", account_key(account, "reports")))


def _keys(account: str) -> list[str]:
    return [account_key(account, what) for what in ("reports", "report_bodies")]


def _body(report: Report) -> str:
    """The text that the queue holds; its first letter says to the script that it is no message."""
    return "r" + json.dumps(
        [
            report.message_id,
            report.reference,
            report.number.digits,
            report.sender,
            report.state.value,
            report.reason,
            report.taken_at_ms,
            report.at_ms,
        ],
        ensure_ascii=False,
    )


def _read(name: str, account: str, body: str) -> Report:
    message, reference, number, sender, word, reason, taken_at_ms, at_ms = json.loads(body[1:])
    state = MessageState(word)
    return Report(
        name,
        account,
        message,
        reference,
        Msisdn(number),
        sender,
        state,
        reason,
        taken_at_ms,
        at_ms,
    )
