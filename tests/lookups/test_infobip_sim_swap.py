from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SwapDated
from security_service.domain.secret import Msisdn, Secret
from security_service.lookups.infobip_sim_swap import (
    ERRORS,
    InfobipSimSwapLookup,
    InfobipSimSwapSettings,
)
from tests.links.peer import Answer, Peer, Reply, Request, Reset, as_json

NUMBER = Msisdn("79031234567")
NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
HOUR = 3600


class Service:
    def __init__(self) -> None:
        self.reply: Reply = as_json({"requestId": "r1", "simSwapOccurred": False})

    def __call__(self, request: Request) -> Reply:
        return self.reply

    def says(self, *, occurred: bool | None, status: int = 200, **members: object) -> None:
        self.reply = as_json({"requestId": "r1", "simSwapOccurred": occurred, **members}, status)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def find(peer: Peer, *, consent: bool = True) -> LookupAnswer:
    settings = InfobipSimSwapSettings(api_key=Secret("k3y"), base_url=peer.url, period_h=72, consent=consent)
    return InfobipSimSwapLookup("swap", settings, now=lambda: NOW).find(NUMBER, 5.0)


def dated(latest: int, earliest: int | None) -> SwapDated:
    return SwapDated("swap", Liveness.LIVE, latest, earliest, 3)


def test_it_asks_about_the_period_with_the_subscribers_consent(peer: Peer) -> None:
    find(peer)
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/mi/simswap/1/check")
    assert json.loads(request.body) == {
        "phoneNumber": "79031234567",
        "period": 72,
        "consentGranted": True,
    }
    assert request.headers["authorization"] == "App k3y"


def test_without_consent_nobody_is_asked_about(peer: Peer) -> None:
    assert find(peer, consent=False) == SimNotSeen("swap", NoData.NOT_SUPPORTED, "no_consent")
    assert peer.requests == []


def test_no_swap_in_the_period_means_that_the_last_one_was_before_it(peer: Peer) -> None:
    assert find(peer) == dated(NOW - 72 * HOUR, None)


@pytest.mark.parametrize(
    ("network", "answer"),
    [
        ({"simSwapTimestamp": "2026-09-21T12:13:20.000+00:00"}, dated(NOW - 2 * HOUR, NOW - 2 * HOUR)),
        ({"simSwapTimestamp": "2026-09-21T12:13:20.000+0000"}, dated(NOW - 2 * HOUR, NOW - 2 * HOUR)),
        # A day: the swap may have been at its end.
        ({"simSwapTimestamp": "2026-09-20T00:00:00Z"}, dated(1_789_948_799, 1_789_862_400)),
        (
            {"simSwapPeriodStartHours": 24, "simSwapPeriodEndHours": 48},
            dated(NOW - 24 * HOUR, NOW - 48 * HOUR),
        ),
        (
            {"simSwapPeriodStartHours": 48, "simSwapPeriodEndHours": 24},
            dated(NOW - 24 * HOUR, NOW - 48 * HOUR),
        ),
        ({"simSwapPeriodStartHours": 0, "simSwapPeriodEndHours": 4}, dated(NOW, NOW - 4 * HOUR)),
        # Sentinels: they date nothing, and what is left is the period that was asked about.
        ({"simSwapTimestamp": "1900-01-01T00:00:00Z"}, dated(NOW, NOW - 72 * HOUR)),
        ({"simSwapPeriodStartHours": -1, "simSwapPeriodEndHours": -1}, dated(NOW, NOW - 72 * HOUR)),
        ({"simSwapPeriodStartHours": 24}, dated(NOW, NOW - 72 * HOUR)),
        ({"simSwapTimestamp": None}, dated(NOW, NOW - 72 * HOUR)),
        ({}, dated(NOW, NOW - 72 * HOUR)),
    ],
)
def test_a_swap_is_dated_as_closely_as_the_network_tells(
    service: Service, peer: Peer, network: dict[str, object], answer: SwapDated
) -> None:
    service.says(occurred=True, networkInfo=network)
    assert find(peer) == answer


@pytest.mark.parametrize(
    ("moment", "detail"),
    [("2030-01-01T00:00:01Z", "date_in_future"), ("yesterday", "date_unreadable")],
)
def test_a_moment_that_cannot_be_is_not_believed(
    service: Service, peer: Peer, moment: str, detail: str
) -> None:
    service.says(occurred=True, networkInfo={"simSwapTimestamp": moment})
    assert find(peer) == SimNotSeen("swap", NoData.UNTRUSTED, detail)


def test_a_null_is_no_answer_and_never_a_no(service: Service, peer: Peer) -> None:
    service.says(occurred=None)
    assert find(peer) == SimNotSeen("swap", NoData.NOT_SUPPORTED, "swap_not_known")


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("name", sorted(ERRORS))
def test_each_error_beside_a_null_has_its_meaning(
    service: Service, peer: Peer, name: str, status: int
) -> None:
    service.says(occurred=None, status=status, error={"id": 10, "name": name})
    assert find(peer) == SimNotSeen("swap", ERRORS[name], name.lower())


def test_no_coverage_is_an_answer_about_the_number() -> None:
    assert ERRORS["EC_NO_COVERAGE"] is NoData.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (as_json({"simSwapOccurred": None, "error": {"name": "EC_TIMEOUT"}}), "ec_timeout"),
        (as_json({"simSwapOccurred": "true"}), "answer_unreadable"),
        (as_json({}), "answer_unreadable"),
        (Answer(b"<html>"), "answer_unreadable"),
        (
            as_json({"simSwapOccurred": None, "error": {"name": "EC_SYSTEM_FAILURE"}}, 400),
            "ec_system_failure",
        ),
        (as_json({"error": {"name": "Words about 79031234567"}}), "answer_unreadable"),
        (as_json({}, 400), "request_refused"),
        (as_json({"requestError": {"serviceException": {"messageId": "UNAUTHORIZED"}}}, 401), "unauthorized"),
        (as_json({}, 500), "http_500"),
        (Reset(), "connection_lost"),
    ],
)
def test_whatever_else_comes_is_unavailable(service: Service, peer: Peer, reply: Reply, detail: str) -> None:
    service.reply = reply
    assert find(peer) == SimNotSeen("swap", NoData.UNAVAILABLE, detail)
