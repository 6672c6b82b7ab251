"""Where letters of subscriptions may go, and how they get there."""

from __future__ import annotations

import json

import pytest

from security_service.domain.secret import Secret
from security_service.domain.swap_subscriptions import SinkEnd
from security_service.links.sink_link import SinkLink, is_public, public_addresses
from tests.links.peer import Answer, Peer


@pytest.mark.parametrize(
    "sink",
    [
        "http://bank.example/in", "http://127.0.0.1/in", "https://127.0.0.1/in", "https://localhost/in",
        "https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
        "https://[2002:0a00:0001::]/", "https://100.64.0.1/", "https://user:pass@bank.example/", "ftp://a.example/",
        "https://a.example/?q=1", "https://a.example/#f", "https://a.example/" + "a" * 2048, "", "https://",
        "https://a.example:99999/", "https://a.example/\r\nX: y", "https://[::1/",
    ],
)  # fmt: skip
def test_no_letter_goes_inside_the_house_or_where_a_line_is_open(sink: str) -> None:
    link = SinkLink(private=False)
    assert not link.is_allowed(sink)
    assert link.send(sink, {}, None) is SinkEnd.NOT_TAKEN


def test_public_https_is_allowed_and_loopback_where_it_is_set() -> None:
    assert SinkLink(private=False).is_allowed("https://bank.example:8443/in")
    assert SinkLink(private=True).is_allowed("http://127.0.0.1:8080/in")
    assert not SinkLink(private=True).is_allowed("http://bank.example/in")


def test_a_name_that_leads_inside_the_house_has_no_address() -> None:
    assert public_addresses("localhost") == ()
    assert [is_public(one) for one in ("8.8.8.8", "fe80::1%eth0", "224.0.0.1")] == [True, False, False]


@pytest.mark.parametrize(
    ("status", "end"),
    [(204, SinkEnd.TAKEN), (410, SinkEnd.GONE), (500, SinkEnd.NOT_TAKEN), (302, SinkEnd.NOT_TAKEN)],
)
def test_a_letter_is_one_cloud_event_with_the_sinks_token(status: int, end: SinkEnd) -> None:
    with Peer(lambda _request: Answer(status=status)) as peer:
        sent = SinkLink(private=True).send(f"{peer.url}/in", {"id": "a.1"}, Secret("t0ken"))
        assert sent is end
        [request] = peer.requests
        assert json.loads(request.body) == {"id": "a.1"}
        assert request.headers["authorization"] == "Bearer t0ken"
        assert request.headers["content-type"] == "application/cloudevents+json"
