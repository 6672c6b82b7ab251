from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from hashlib import sha256

import pytest

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn, Secret
from security_service.links.map_errors import MAP_ERRORS
from security_service.lookups.hlr_lookups import (
    STATUSES,
    HlrLookupsLookup,
    HlrLookupsSettings,
    digest_headers,
)
from tests.links.peer import Answer, Peer, Reply, Request, Reset, as_json

WITHIN_S = 5.0
NUMBER = Msisdn("79031234567")
IMSI = "250990123456789"
KEY, SECRET = "hlr-key", "hlr-secret-value"
NOW = 1_790_000_000

# The provider's own example, with a SIM that can be read.
CONNECTED: dict[str, object] = {
    "id": "f94ef092cb53",
    "msisdn": "+79031234567",
    "connectivity_status": "CONNECTED",
    "mccmnc": "25099",
    "mcc": "250",
    "mnc": "99",
    "imsi": IMSI,
    "msin": "0123456789",
    "msc": "79037011234",
    "original_country_code": "RU",
    "is_ported": False,
    "ported_country_code": None,
    "is_roaming": False,
    "roaming_country_code": None,
    "cost": "0.0100",
    "processing_status": "COMPLETED",
    "error_code": None,
    "data_source": "LIVE_HLR",
}


class Service:
    def __init__(self) -> None:
        self.reply: Reply = as_json(CONNECTED)

    def __call__(self, request: Request) -> Reply:
        return self.reply

    def says(self, **members: object) -> None:
        self.reply = as_json({**CONNECTED, **members})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def find(peer: Peer, route: str = "") -> LookupAnswer:
    settings = HlrLookupsSettings(
        api_key=KEY, api_secret=Secret(SECRET), base_url=f"{peer.url}/api/v2", route=route
    )
    return HlrLookupsLookup("hlrl", settings, now=lambda: NOW + 0.9).find(NUMBER, WITHIN_S)


def missing(no_data: NoData, detail: str, operator: str = "25099", country: str = "RU") -> SimNotSeen:
    return SimNotSeen("hlrl", no_data, detail, operator, country)


def test_it_asks_for_one_number_under_a_signature(peer: Peer) -> None:
    find(peer)
    (request,) = peer.requests
    assert (request.method, request.path, request.query) == ("POST", "/api/v2/hlr-lookup", {})
    assert request.body == b'{"msisdn":"+79031234567"}'
    signed = b'/hlr-lookup1790000000POST{"msisdn":"+79031234567"}'
    assert request.headers["x-digest-key"] == KEY
    assert request.headers["x-digest-timestamp"] == "1790000000"
    assert request.headers["x-digest-signature"] == hmac.new(SECRET.encode(), signed, sha256).hexdigest()
    assert request.headers["content-type"] == "application/json"


def test_the_signature_is_that_of_a_known_example() -> None:
    # Computed apart from this code: printf … | openssl dgst -sha256 -hmac hlr-secret-value
    headers = digest_headers("hlr-key", Secret(SECRET), '{"msisdn":"+491788735000"}', NOW)
    assert headers["X-Digest-Signature"] == "997fc8db45a0ac1c0e8ecc70bb2de21de9967b3c3c8ae50803aece5962aec6c8"


def test_a_route_is_asked_for_where_one_is_set(peer: Peer) -> None:
    find(peer, route="LIV")
    assert json.loads(peer.requests[0].body) == {"msisdn": "+79031234567", "route": "LIV"}


def test_a_connected_number_has_its_sim_switch_and_operator(peer: Peer) -> None:
    assert find(peer) == SimSeen(
        "hlrl",
        Imsi(IMSI),
        Liveness.LIVE,
        mcc_mnc="25099",
        msc="79037011234",
        country="RU",
        roaming=False,
    )


@pytest.mark.parametrize("source", ["MNP_DB", "live_hlr", "", None])
def test_only_what_the_hlr_said_now_is_live(service: Service, peer: Peer, source: str | None) -> None:
    service.says(data_source=source)
    answer = find(peer)
    assert isinstance(answer, SimSeen)
    assert answer.liveness is Liveness.CACHED


@pytest.mark.parametrize("imsi", ["***************", "25099**********", "250990000000000"])
def test_a_masked_imsi_is_passed_on_as_it_stands(service: Service, peer: Peer, imsi: str) -> None:
    service.says(imsi=imsi)
    answer = find(peer)
    assert isinstance(answer, SimSeen)
    assert answer.imsi == Imsi(imsi)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("CONNECTED", missing(NoData.UNTRUSTED, "imsi_missing")),
        ("ABSENT", missing(NoData.ABSENT, "absent")),
        ("INVALID_MSISDN", missing(NoData.UNKNOWN_SUBSCRIBER, "invalid_msisdn")),
        ("UNDETERMINED", missing(NoData.UNAVAILABLE, "undetermined")),
    ],
)
def test_each_status_has_its_meaning(service: Service, peer: Peer, status: str, answer: LookupAnswer) -> None:
    service.says(connectivity_status=status, imsi=None)
    assert find(peer) == answer
    assert set(STATUSES) == {"CONNECTED", "ABSENT", "INVALID_MSISDN", "UNDETERMINED"}


@pytest.mark.parametrize("error", sorted(MAP_ERRORS))
def test_each_error_of_the_network_decides_before_the_status(
    service: Service, peer: Peer, error: int
) -> None:
    service.says(connectivity_status="UNDETERMINED", imsi=None, error_code=str(error))
    assert find(peer) == missing(MAP_ERRORS[error], f"map_{error}")


@pytest.mark.parametrize("error", ["999", "x", ""])
def test_an_error_that_nobody_knows_leaves_the_status(service: Service, peer: Peer, error: str) -> None:
    service.says(connectivity_status="ABSENT", imsi=None, error_code=error)
    assert find(peer) == missing(NoData.ABSENT, "absent")


def test_the_sim_of_a_phone_that_is_off_counts_where_the_hlr_names_it(service: Service, peer: Peer) -> None:
    service.says(connectivity_status="ABSENT")
    assert isinstance(find(peer), SimSeen)
    service.says(connectivity_status="ABSENT", imsi="***************")
    assert find(peer) == missing(NoData.ABSENT, "absent")


@pytest.mark.parametrize("status", ["ABSENT", "INVALID_MSISDN", "UNDETERMINED"])
def test_what_a_route_without_the_hlr_says_of_a_number_is_untrusted(
    service: Service, peer: Peer, status: str
) -> None:
    service.says(connectivity_status=status, imsi=None, data_source="MNP_DB")
    assert find(peer) == missing(NoData.UNTRUSTED, "not_live")


def test_a_ported_number_is_of_the_country_it_was_ported_to(service: Service, peer: Peer) -> None:
    service.says(is_ported=True, ported_country_code="KZ")
    answer = find(peer)
    assert isinstance(answer, SimSeen)
    assert answer.country == "KZ"


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (as_json({**CONNECTED, "processing_status": "REJECTED"}), "not_completed"),
        (as_json({**CONNECTED, "msisdn": "+79031234568"}), "answer_unreadable"),
        (as_json({**CONNECTED, "connectivity_status": "SOMETHING"}), "answer_unreadable"),
        (as_json([CONNECTED]), "answer_unreadable"),
        (Answer(b"<html>"), "answer_unreadable"),
        (as_json({"errors": ["unauthorised"]}, 401), "http_401"),
        (Answer(b"", 502), "http_502"),
        (Answer(b"", 504), "http_504"),
        (Reset(), "connection_lost"),
    ],
)
def test_whatever_else_comes_is_unavailable(service: Service, peer: Peer, reply: Reply, detail: str) -> None:
    service.reply = reply
    assert find(peer) == SimNotSeen("hlrl", NoData.UNAVAILABLE, detail)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_key": ""}, "api_key"),
        ({"api_key": "a\nb"}, "api_key"),
        ({"api_secret": Secret("")}, "api_secret"),
        ({"base_url": "http://www.hlr-lookups.com/api/v2"}, "https"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object], words: str) -> None:
    good: dict[str, object] = {"api_key": KEY, "api_secret": Secret(SECRET)}
    with pytest.raises(ValueError, match=words):
        HlrLookupsSettings(**{**good, **given})  # type: ignore[arg-type]  # wrong on purpose
