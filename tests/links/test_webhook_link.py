"""Signed posts: what is signed can be told from what is forged, and every answer has its meaning."""

from __future__ import annotations

import json
import time

import pytest

from security_service.domain.forwarding import Numbers, forwarded
from security_service.domain.forwarding_ports import Delivered, Delivery, NotDelivered, TurnedOff
from security_service.domain.secret import Secret
from security_service.links.http_link import HttpLink
from security_service.links.webhook_link import BodyForm, WebhookLink, WebhookSigner
from tests.archive.rig import event_text
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Request, Reset, Silence
from tests.links.test_syslog_link import events, free_port
from tests.links.webhook_receiver import KEY, WebhookReceiver, is_signed

NOW_MS = 1_800_000_000_500
SOON_S = 0.3
OTHER = "another key of 24 characters or more"


def link(url: str, *keys: str, form: BodyForm = BodyForm.LINES, within_s: float = 5.0) -> WebhookLink:
    signer = WebhookSigner(tuple(Secret(key) for key in keys or (KEY,)))
    return WebhookLink(HttpLink(f"{url}/events"), signer, form, lambda: NOW_MS, within_s=within_s)


def now_s() -> int:
    return NOW_MS // 1000


@pytest.mark.parametrize("form", list(BodyForm))
def test_events_are_posted_in_order_signed_and_with_their_leaves(form: BodyForm) -> None:
    receiver = WebhookReceiver(now_s)
    with Peer(receiver) as peer:
        assert link(peer.url, form=form).deliver(events(1, 2, 3)) == Delivered(3)
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/events")
    assert request.headers["etalon-timestamp"] == "1800000000"
    assert (receiver.leaves, receiver.forged) == ([1, 2, 3], 0)
    assert receiver.taken[0]["event"]["subject"]["number"] == "7903***4567"


def test_in_full_an_event_is_the_logs_own_text_byte_by_byte() -> None:
    text = event_text("s001", 1, reason="потому")
    with Peer(WebhookReceiver(now_s)) as peer:
        link(peer.url).deliver([forwarded(5, text, Numbers.FULL)])
    assert peer.requests[0].body == f'{{"event":{text},"leaf":5}}\n'.encode()


def test_while_keys_change_a_body_is_signed_with_both() -> None:
    with Peer(WebhookReceiver(now_s)) as peer:
        link(peer.url, KEY, OTHER).deliver(events(1))
    (request,) = peer.requests
    for key in (KEY, OTHER):
        assert is_signed(request.headers, request.body, key, now_s())
    assert not is_signed(request.headers, request.body, "a third key of 24 characters", now_s())


def test_a_body_or_a_time_that_was_changed_is_not_signed_nor_is_one_of_long_ago() -> None:
    with Peer(WebhookReceiver(now_s)) as peer:
        link(peer.url).deliver(events(1))
    (request,) = peer.requests
    assert not is_signed(request.headers, request.body + b" ", KEY, now_s())
    later = {**request.headers, "etalon-timestamp": str(now_s() + 1)}
    assert not is_signed(later, request.body, KEY, now_s())
    assert not is_signed(request.headers, request.body, KEY, now_s() + 301)


def test_the_same_body_has_the_same_id_and_another_has_another() -> None:
    with Peer(WebhookReceiver(now_s)) as peer:
        one = link(peer.url)
        for batch in ((1, 2), (1, 2), (1, 2, 3)):
            one.deliver(events(*batch))
    first, again, more = (request.headers["etalon-delivery"] for request in peer.requests)
    assert first == again != more


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Answer(status=200), Delivered(1)),
        (Answer(status=202), Delivered(1)),
        (Answer(status=410), TurnedOff("http_410")),
        (Answer(status=400), NotDelivered("http_400")),
        (Answer(status=503), NotDelivered("http_503")),
        (Answer(status=302, headers={"Location": "/x"}), NotDelivered("redirected")),
        (Raw(b"HTTP/1.1 20"), NotDelivered("connection_lost")),
        (Raw(b"nonsense\r\n\r\n"), NotDelivered("broken_answer")),
        (Reset(), NotDelivered("connection_lost")),
        (Silence(), NotDelivered("timeout")),
        (Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), NotDelivered("timeout")),
    ],
)
def test_every_answer_has_its_meaning_within_the_deadline(reply: Reply, outcome: Delivery) -> None:
    with Peer(lambda _: reply) as peer:
        begun = time.monotonic()
        assert link(peer.url, within_s=SOON_S).deliver(events(1)) == outcome
        assert time.monotonic() - begun < SOON_S + 3


def test_nobody_there_is_told_with_a_reason() -> None:
    assert link(f"http://127.0.0.1:{free_port()}").deliver(events(1)) == NotDelivered("connect_failed")


def test_a_body_that_is_too_large_is_halved_until_it_fits_and_grows_again() -> None:
    def small(request: Request) -> Reply:
        return Answer(status=413 if len(request.body) > 5000 else 204)

    with Peer(small) as peer:
        one = link(peer.url)
        batch = events(*range(64), size=500)
        outcomes = [one.deliver(batch) for _ in range(10)]
    taken = [outcome for outcome in outcomes if isinstance(outcome, Delivered)]
    assert NotDelivered("http_413") in outcomes
    assert 1 <= taken[0].count < 64
    assert outcomes.index(taken[0]) > 1


def test_a_body_holds_a_mebibyte_or_one_event() -> None:
    with Peer(lambda _: Answer()) as peer:
        one = link(peer.url)
        assert one.deliver(events(*range(10), size=300_000)) == Delivered(3)
        assert one.deliver(events(1, 2, size=2_000_000)) == Delivered(1)
    assert len(peer.requests[0].body) <= 1024 * 1024
    assert json.loads(peer.requests[1].body)["leaf"] == 1


def test_no_key_is_printed() -> None:
    assert KEY not in repr(WebhookSigner((Secret(KEY),)))
