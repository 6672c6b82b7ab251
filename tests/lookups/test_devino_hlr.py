from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from security_service.domain.lookup import LookupAnswer, NoData, Reachable, SimNotSeen
from security_service.domain.secret import Msisdn, Secret
from security_service.lookups.devino_hlr import STATES, DevinoFace, DevinoHlrLookup, DevinoHlrSettings
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService, fault
from tests.links.peer import Answer, Peer, Reply, Silence, as_json

WITHIN_S = 5.0
LATE_S = 0.3
NUMBER = Msisdn("79031234567")
MESSAGE_ID = "703112828852109312"


@pytest.fixture
def service() -> DevinoService:
    return DevinoService()


@pytest.fixture
def peer(service: DevinoService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


class Pauses:
    """Takes no time and remembers how long it should have been."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


def lookup_to(peer: Peer, pauses: Pauses, face: DevinoFace = DevinoFace.V2) -> DevinoHlrLookup:
    settings = DevinoHlrSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest", face=face
    )
    return DevinoHlrLookup("hlr", settings, pause=pauses)


def state(code: object, message_id: str = MESSAGE_ID) -> Answer:
    return as_json(
        [{"messageId": message_id, "StateCode": code, "MobileOperator": "ОАО Вымпел", "Country": "Россия"}]
    )


def test_it_asks_for_one_number_and_then_for_its_state(
    service: DevinoService, peer: Peer, pauses: Pauses
) -> None:
    service.hlr_state = state(1)
    assert lookup_to(peer, pauses).find(NUMBER, WITHIN_S) == Reachable("hlr", "ОАО Вымпел")
    bulk, asked = peer.requests
    assert (bulk.method, bulk.path, bulk.query) == ("POST", "/rest/v2/Hlr/SendBulk", {})
    assert bulk.form == {
        "Login": LOGIN,
        "Password": PASSWORD,
        "DestinationAddresses": "79031234567",
        "Validity": "1",
    }
    assert (asked.method, asked.path, asked.query["messageIds"]) == ("GET", "/rest/v2/Hlr/State", MESSAGE_ID)


def test_on_the_other_face_it_asks_under_a_session(
    service: DevinoService, peer: Peer, pauses: Pauses
) -> None:
    assert lookup_to(peer, pauses, DevinoFace.SESSION).find(NUMBER, WITHIN_S) == Reachable("hlr")
    assert [request.path for request in peer.requests] == [
        "/rest/user/sessionid",
        "/rest/Hlr/SendBulk",
        "/rest/Hlr/State",
    ]
    assert peer.requests[1].form["SessionID"] == service.valid_session


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        (1, Reachable("hlr", "ОАО Вымпел")),
        (2, SimNotSeen("hlr", NoData.ABSENT, "state_2")),
        (3, SimNotSeen("hlr", NoData.UNKNOWN_SUBSCRIBER, "state_3")),
        (4, SimNotSeen("hlr", NoData.UNAVAILABLE, "state_4")),
        (99, SimNotSeen("hlr", NoData.UNAVAILABLE, "state_99")),
        (7, SimNotSeen("hlr", NoData.UNAVAILABLE, "state_7")),
        ("2", SimNotSeen("hlr", NoData.ABSENT, "state_2")),
    ],
)
def test_each_state_has_its_meaning(
    service: DevinoService, peer: Peer, pauses: Pauses, code: object, answer: LookupAnswer
) -> None:
    service.hlr_state = state(code)
    assert lookup_to(peer, pauses).find(NUMBER, WITHIN_S) == answer
    assert set(STATES) == {"2", "3", "4", "99"}


def test_while_the_network_has_not_answered_it_polls_with_growing_pauses(
    service: DevinoService, peer: Peer, pauses: Pauses
) -> None:
    service.hlr_states = [state(0)] * 4
    service.hlr_state = state(3)
    assert lookup_to(peer, pauses).find(NUMBER, WITHIN_S) == SimNotSeen(
        "hlr", NoData.UNKNOWN_SUBSCRIBER, "state_3"
    )
    assert pauses.taken == [0.2, 0.4, 0.8, 1.0, 1.0]


def test_a_state_that_stays_pending_is_asked_for_until_the_deadline(
    service: DevinoService, peer: Peer
) -> None:
    service.hlr_state = state(0)
    settings = DevinoHlrSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest", first_poll_s=0.05
    )
    started = time.monotonic()
    lookup = DevinoHlrLookup("hlr", settings)
    assert lookup.find(NUMBER, 0.3) == SimNotSeen("hlr", NoData.UNAVAILABLE, "timeout")
    assert 0.2 < time.monotonic() - started < 0.3 + LATE_S
    assert len(peer.requests) >= 3


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (fault(5, 403), "no_credits"),
        (fault(2, 400), "argument_invalid"),
        (Answer(b"", 502), "http_502"),
        (as_json([]), "answer_unreadable"),
        (as_json(["1", "2"]), "answer_unreadable"),
        (Answer(b"<html>"), "answer_unreadable"),
        (Silence(), "timeout"),
    ],
)
def test_a_question_that_is_not_taken_is_unavailable(
    service: DevinoService, peer: Peer, pauses: Pauses, reply: Reply, detail: str
) -> None:
    service.hlr = reply
    assert lookup_to(peer, pauses).find(NUMBER, 0.3) == SimNotSeen("hlr", NoData.UNAVAILABLE, detail)


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (fault(9, 500), "internal_error"),
        (as_json([]), "answer_unreadable"),
        (as_json({"StateCode": 1}), "answer_unreadable"),
        (as_json([None]), "answer_unreadable"),
        (as_json([{"messageId": "another", "StateCode": 1}]), "answer_unreadable"),
        (as_json([{"messageId": MESSAGE_ID, "StateCode": None}]), "answer_unreadable"),
        (as_json([{"StateCode": 1}, {"StateCode": 3}]), "answer_unreadable"),
    ],
)
def test_a_state_that_cannot_be_read_is_unavailable(
    service: DevinoService, peer: Peer, pauses: Pauses, reply: Reply, detail: str
) -> None:
    service.hlr_state = reply
    assert lookup_to(peer, pauses).find(NUMBER, WITHIN_S) == SimNotSeen("hlr", NoData.UNAVAILABLE, detail)


def test_our_row_is_found_among_others_and_a_single_row_needs_no_id(
    service: DevinoService, peer: Peer, pauses: Pauses
) -> None:
    service.hlr_state = as_json(
        [{"messageId": "1", "StateCode": 3}, {"MessageId": MESSAGE_ID, "statecode": 1}]
    )
    assert lookup_to(peer, pauses).find(NUMBER, WITHIN_S) == Reachable("hlr")
    service.hlr_state = as_json([{"StateCode": 2}])
    assert lookup_to(peer, pauses).find(NUMBER, WITHIN_S) == SimNotSeen("hlr", NoData.ABSENT, "state_2")


def test_pauses_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="first_poll_s"):
        DevinoHlrSettings(login="a", password=Secret("b"), first_poll_s=2.0, longest_poll_s=1.0)
