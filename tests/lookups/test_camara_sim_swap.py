from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SwapDated
from security_service.domain.secret import Msisdn, Secret
from security_service.lookups.camara_sim_swap import (
    ERRORS,
    CamaraSimSwapLookup,
    CamaraSimSwapSettings,
    SwapQuestion,
)
from tests.links.peer import Answer, Peer, Reply, Request, Reset, as_json
from tests.links.signing_keys import ec_pem

NUMBER = Msisdn("79031234567")
NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
HOUR, DAY = 3600, 86_400


class Operator:
    """A token endpoint and the API; answers of the API are what the test has it say."""

    def __init__(self) -> None:
        self.token: Reply | None = None
        self.tokens = 0
        self.life_s = 300
        self.refuses: set[str] = set()
        self.reply: Reply = as_json({"latestSimChange": "2026-09-20T14:13:20Z"})

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            self.tokens += 1
            given = {"access_token": f"t{self.tokens}", "token_type": "Bearer", "expires_in": self.life_s}
            return self.token or as_json(given)
        if request.headers["authorization"].removeprefix("Bearer ") in self.refuses:
            return error(401, "UNAUTHENTICATED")
        return self.reply


def error(status: int, code: str) -> Answer:
    return as_json({"status": status, "code": code, "message": "Words about +79031234567"}, status)


@pytest.fixture
def operator() -> Operator:
    return Operator()


@pytest.fixture
def peer(operator: Operator) -> Iterator[Peer]:
    with Peer(operator) as serving:
        yield serving


def lookup_to(peer: Peer, question: SwapQuestion = SwapQuestion.RETRIEVE_DATE) -> CamaraSimSwapLookup:
    settings = CamaraSimSwapSettings(
        base_url=f"{peer.url}/sim-swap/v2",
        token_url=f"{peer.url}/token",
        client_id="bank",
        private_key=Secret(ec_pem()),
        key_id="k1",
        question=question,
        max_age_h=72,
    )
    return CamaraSimSwapLookup("camara", settings, now=lambda: NOW)


def find(peer: Peer, question: SwapQuestion = SwapQuestion.RETRIEVE_DATE) -> LookupAnswer:
    return lookup_to(peer, question).find(NUMBER, 5.0)


def test_it_gets_a_token_by_a_signed_assertion_and_asks_for_the_date(peer: Peer) -> None:
    assert find(peer) == SwapDated("camara", Liveness.LIVE, NOW - DAY, NOW - DAY)
    token, asked = peer.requests
    form = {name: values[0] for name, values in parse_qs(token.body.decode()).items()}
    assert (token.method, token.path) == ("POST", "/token")
    assert form["grant_type"] == "client_credentials"
    assert form["scope"] == "sim-swap:retrieve-date dpv:FraudPreventionAndDetection"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert form["client_assertion"].count(".") == 2
    assert (asked.method, asked.path) == ("POST", "/sim-swap/v2/retrieve-date")
    assert json.loads(asked.body) == {"phoneNumber": "+79031234567"}
    assert asked.headers["authorization"] == "Bearer t1"
    assert re.fullmatch(r"[0-9a-f]{32}", asked.headers["x-correlator"])


def test_where_no_date_is_given_it_asks_whether_there_was_a_swap(operator: Operator, peer: Peer) -> None:
    operator.reply = as_json({"swapped": True})
    assert find(peer, SwapQuestion.CHECK) == SwapDated("camara", Liveness.LIVE, NOW, NOW - 72 * HOUR, 3)
    assert peer.requests[1].path == "/sim-swap/v2/check"
    assert json.loads(peer.requests[1].body) == {"phoneNumber": "+79031234567", "maxAge": 72}
    operator.reply = as_json({"swapped": False})
    assert find(peer, SwapQuestion.CHECK) == SwapDated("camara", Liveness.LIVE, NOW - 72 * HOUR, None, 3)


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        (
            {"latestSimChange": "2026-09-21T13:13:20.123456789+01:00"},
            SwapDated("camara", Liveness.LIVE, NOW - 2 * HOUR, NOW - 2 * HOUR),
        ),
        (
            {"latestSimChange": "2026-09-21T12:13:20Z", "monitoredPeriod": 90},
            SwapDated("camara", Liveness.LIVE, NOW - 2 * HOUR, NOW - 2 * HOUR, 90),
        ),
        # A moment that the operator's clock has and ours has not yet.
        ({"latestSimChange": "2026-09-21T14:14:00Z"}, SwapDated("camara", Liveness.LIVE, NOW, NOW)),
        # A day: its end is what counts, as far as it has come.
        (
            {"latestSimChange": "2026-09-21T00:00:00Z"},
            SwapDated("camara", Liveness.LIVE, NOW, 1_789_948_800),
        ),
        (
            {"latestSimChange": None, "monitoredPeriod": 120},
            SwapDated("camara", Liveness.LIVE, NOW - 120 * DAY, None, 120),
        ),
    ],
)
def test_a_date_is_read_as_the_stretch_that_it_stands_for(
    operator: Operator, peer: Peer, told: dict[str, object], answer: SwapDated
) -> None:
    operator.reply = as_json(told)
    assert find(peer) == answer


@pytest.mark.parametrize(
    ("told", "no_data", "detail"),
    [
        ({"latestSimChange": None}, NoData.NOT_SUPPORTED, "date_not_told"),
        ({"latestSimChange": None, "monitoredPeriod": None}, NoData.NOT_SUPPORTED, "date_not_told"),
        ({"latestSimChange": None, "monitoredPeriod": 0}, NoData.NOT_SUPPORTED, "date_not_told"),
        ({"latestSimChange": None, "monitoredPeriod": -1}, NoData.NOT_SUPPORTED, "date_not_told"),
        ({"latestSimChange": "1900-01-01T00:00:00Z"}, NoData.NOT_SUPPORTED, "date_sentinel"),
        ({"latestSimChange": "1970-01-01T00:00:00Z"}, NoData.NOT_SUPPORTED, "date_sentinel"),
        ({"latestSimChange": "0001-01-01T00:00:00Z"}, NoData.NOT_SUPPORTED, "date_sentinel"),
        ({"latestSimChange": "2026-09-21T12:13:20"}, NoData.UNTRUSTED, "date_unreadable"),
        ({"latestSimChange": "01-01-1900"}, NoData.NOT_SUPPORTED, "date_sentinel"),
        ({"latestSimChange": 1_790_000_000}, NoData.UNTRUSTED, "date_unreadable"),
        ({"latestSimChange": "2026-02-31T00:00:00Z"}, NoData.UNTRUSTED, "date_unreadable"),
        ({"latestSimChange": "2026-12-01T12:00:00Z"}, NoData.UNTRUSTED, "date_in_future"),
        ({}, NoData.UNAVAILABLE, "answer_unreadable"),
        ({"monitoredPeriod": 120}, NoData.UNAVAILABLE, "answer_unreadable"),
    ],
)
def test_a_sentinel_proves_nothing_and_is_never_a_date(
    operator: Operator, peer: Peer, told: dict[str, object], no_data: NoData, detail: str
) -> None:
    operator.reply = as_json(told)
    assert find(peer) == SimNotSeen("camara", no_data, detail)


@pytest.mark.parametrize("swapped", [None, "true", 1])
def test_a_check_without_a_yes_or_no_is_no_answer(operator: Operator, peer: Peer, swapped: object) -> None:
    operator.reply = as_json({"swapped": swapped})
    answer = find(peer, SwapQuestion.CHECK)
    assert answer == SimNotSeen("camara", NoData.UNAVAILABLE, "answer_unreadable")


@pytest.mark.parametrize(("status", "code"), sorted(ERRORS))
def test_each_error_of_the_table_has_its_meaning(
    operator: Operator, peer: Peer, status: int, code: str
) -> None:
    operator.reply = error(status, code)
    assert find(peer) == SimNotSeen("camara", ERRORS[status, code], code.lower())


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (error(400, "SOMETHING"), "http_400"),
        (error(500, "INTERNAL"), "http_500"),
        (error(503, "UNAVAILABLE"), "http_503"),
        (error(504, "TIMEOUT"), "http_504"),
        (Answer(b"<html>", 502), "http_502"),
        (Answer(b"<html>"), "answer_unreadable"),
        (Reset(), "connection_lost"),
    ],
)
def test_what_the_table_does_not_know_is_unavailable(
    operator: Operator, peer: Peer, reply: Reply, detail: str
) -> None:
    operator.reply = reply
    assert find(peer) == SimNotSeen("camara", NoData.UNAVAILABLE, detail)


def test_a_number_that_this_operator_does_not_have_may_be_anothers() -> None:
    assert ERRORS[404, "IDENTIFIER_NOT_FOUND"] is NoData.NOT_SUPPORTED


def test_an_answer_to_another_question_is_not_taken(operator: Operator, peer: Peer) -> None:
    operator.reply = Answer(
        b'{"latestSimChange": "2026-09-20T14:13:20Z"}', headers={"x-correlator": "another"}
    )
    assert find(peer) == SimNotSeen("camara", NoData.UNAVAILABLE, "another_answer")


def test_a_token_is_used_until_it_ends(operator: Operator, peer: Peer) -> None:
    lookup = lookup_to(peer)
    for _ in range(3):
        assert isinstance(lookup.find(NUMBER, 5.0), SwapDated)
    assert operator.tokens == 1


def test_a_token_that_is_refused_is_renewed_once(operator: Operator, peer: Peer) -> None:
    lookup = lookup_to(peer)
    lookup.find(NUMBER, 5.0)
    operator.refuses = {"t1"}
    assert isinstance(lookup.find(NUMBER, 5.0), SwapDated)
    operator.refuses = {"t2", "t3"}
    assert lookup.find(NUMBER, 5.0) == SimNotSeen("camara", NoData.UNAVAILABLE, "unauthenticated")
    assert operator.tokens == 3


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (as_json({"error": "invalid_client"}, 401), "session_refused"),
        (as_json({"error": "invalid_scope"}, 400), "session_refused"),
        (as_json({}, 503), "session_unreachable"),
        (as_json({"access_token": "t", "token_type": "mac"}), "session_unreadable"),
        (Answer(b"<html>"), "session_unreadable"),
        (Reset(), "session_unreachable"),
    ],
)
def test_without_a_token_nothing_is_asked(operator: Operator, peer: Peer, reply: Reply, detail: str) -> None:
    operator.token = reply
    assert find(peer) == SimNotSeen("camara", NoData.UNAVAILABLE, detail)
    assert [request.path for request in peer.requests] == ["/token"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"private_key": Secret("no key")}, "private_key must be a private key"),
        ({"token_url": "http://operator.example/token"}, "token_url must be https"),
        ({"base_url": "operator.example"}, "base_url must be"),
        ({"client_id": ""}, "client_id"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object], words: str) -> None:
    good: dict[str, object] = {
        "base_url": "https://operator.example/sim-swap/v2",
        "token_url": "https://operator.example/token",
        "client_id": "bank",
        "private_key": Secret(ec_pem()),
    }
    with pytest.raises(ValueError, match=words):
        CamaraSimSwapSettings(**{**good, **given})  # type: ignore[arg-type]  # wrong on purpose
