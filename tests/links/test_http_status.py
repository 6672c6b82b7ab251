from __future__ import annotations

from security_service.links.http_answer import HttpAnswer
from security_service.links.http_status import turned_away, unread


def test_a_request_was_turned_away_by_these_statuses_and_no_others() -> None:
    assert [status for status in range(100, 600) if turned_away(status)] == [
        *(400, 401, 402, 403, 404, 405, 406),
        *(410, 411, 413, 414, 415, 422, 429, 431),
    ]


def test_an_answer_of_no_protocol_is_named_by_its_status() -> None:
    assert [unread(HttpAnswer(status, {}, b"")) for status in (200, 502)] == ["answer_unreadable", "http_502"]
