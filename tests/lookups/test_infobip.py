from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn, Secret
from security_service.links.map_errors import MAP_ERRORS
from security_service.lookups.infobip import (
    ERRORS,
    REJECTIONS,
    STATUS_GROUPS,
    InfobipLookup,
    InfobipLookupSettings,
)
from tests.links.peer import Answer, Peer, Reply, Request, Silence, as_json

NUMBER = Msisdn("79031234567")
IMSI = "250990123456789"
DELIVERED: dict[str, object] = {
    "groupId": 3,
    "groupName": "DELIVERED",
    "id": 5,
    "name": "DELIVERED_TO_HANDSET",
}
NO_ERROR: dict[str, object] = {
    "groupId": 0,
    "groupName": "OK",
    "id": 0,
    "name": "NO_ERROR",
    "permanent": False,
}
SEEN: dict[str, object] = {
    "to": "79031234567",
    "mccMnc": "25099",
    "imsi": IMSI,
    "originalNetwork": {"networkName": "Beeline", "countryName": "Russia"},
    "ported": False,
    "roaming": True,
    "servingMSC": "90542001234",
    "status": DELIVERED,
    "error": NO_ERROR,
}


class Service:
    def __init__(self) -> None:
        self.reply: Reply = as_json({"bulkId": "b1", "results": [SEEN]})

    def __call__(self, request: Request) -> Reply:
        return self.reply

    def says(self, **members: object) -> None:
        self.reply = as_json({"results": [{**SEEN, **members}]})


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def find(peer: Peer, within_s: float = 5.0) -> LookupAnswer:
    settings = InfobipLookupSettings(api_key=Secret("k3y"), base_url=peer.url)
    return InfobipLookup("ib", settings).find(NUMBER, within_s)


def missing(no_data: NoData, detail: str, operator: str = "25099") -> SimNotSeen:
    return SimNotSeen("ib", no_data, detail, operator)


def test_it_asks_for_one_number_with_its_key_in_a_header(peer: Peer) -> None:
    find(peer)
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/number/1/query")
    assert json.loads(request.body) == {"to": ["79031234567"]}
    assert request.headers["authorization"] == "App k3y"
    assert request.headers["accept"] == "application/json"


def test_a_delivered_result_has_sim_switch_and_operator(peer: Peer) -> None:
    assert find(peer) == SimSeen(
        "ib", Imsi(IMSI), Liveness.LIVE, mcc_mnc="25099", msc="90542001234", roaming=True
    )


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_each_error_has_its_meaning(service: Service, peer: Peer, error: int) -> None:
    service.says(error={"groupId": 1, "id": error, "name": "EC_X", "permanent": True})
    assert find(peer) == missing(ERRORS[error], f"error_{error}")


def test_the_errors_of_the_network_are_the_networks_own() -> None:
    assert {number: ERRORS[number] for number in MAP_ERRORS if number != 33} == {
        number: no_data for number, no_data in MAP_ERRORS.items() if number != 33
    }
    assert ERRORS[33] is NoData.ABSENT


@pytest.mark.parametrize(
    ("permanent", "no_data"),
    [(True, NoData.NOT_SUPPORTED), (False, NoData.UNAVAILABLE), (None, NoData.UNAVAILABLE)],
)
def test_of_an_error_that_nobody_knows_the_permanence_tells_whether_to_ask_again(
    service: Service, peer: Peer, permanent: object, no_data: NoData
) -> None:
    service.says(error={"groupId": 3, "id": 1281, "name": "EC_UA_userSpecificReason", "permanent": permanent})
    assert find(peer) == missing(no_data, "error_1281")


@pytest.mark.parametrize("group", sorted(STATUS_GROUPS))
def test_each_group_of_states_without_an_error_has_its_meaning(
    service: Service, peer: Peer, group: int
) -> None:
    service.says(status={"groupId": group, "id": 77})
    assert find(peer) == missing(STATUS_GROUPS[group], "status_77")
    assert set(STATUS_GROUPS) == {1, 2, 4, 5}


@pytest.mark.parametrize("status", sorted(REJECTIONS))
def test_each_rejection_that_holds_for_the_number_is_not_asked_again(
    service: Service, peer: Peer, status: int
) -> None:
    service.says(status={"groupId": 5, "id": status})
    assert find(peer) == missing(REJECTIONS[status], f"status_{status}")


def test_a_rejection_for_lack_of_credits_is_a_fault_of_the_moment(service: Service, peer: Peer) -> None:
    service.says(status={"groupId": 5, "id": 12, "name": "REJECTED_NOT_ENOUGH_CREDITS"})
    assert find(peer) == missing(NoData.UNAVAILABLE, "status_12")


def test_a_result_without_an_imsi_brings_none(service: Service, peer: Peer) -> None:
    service.says(imsi=None)
    assert find(peer) == missing(NoData.UNTRUSTED, "imsi_missing")


def test_a_masked_imsi_is_passed_on_as_it_stands(service: Service, peer: Peer) -> None:
    service.says(imsi="25099XXXXXXXXXX", mccMnc=None, roaming=None, servingMSC=None)
    assert find(peer) == SimSeen("ib", Imsi("25099XXXXXXXXXX"), Liveness.LIVE)


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (as_json({"results": []}), "answer_unreadable"),
        (as_json({"results": [SEEN, SEEN]}), "answer_unreadable"),
        (as_json({"results": [{**SEEN, "to": "79031234568"}]}), "answer_unreadable"),
        (as_json({"results": "x"}), "answer_unreadable"),
        (Answer(b"<html>"), "answer_unreadable"),
        (as_json({"requestError": {"serviceException": {"messageId": "UNAUTHORIZED"}}}, 401), "key_refused"),
        (as_json({}, 400), "request_refused"),
        (as_json({}, 403), "forbidden"),
        (as_json({}, 404), "not_found"),
        (as_json({}, 429), "too_many_requests"),
        (as_json({}, 500), "http_500"),
        (Silence(), "timeout"),
    ],
)
def test_whatever_else_comes_is_unavailable(service: Service, peer: Peer, reply: Reply, detail: str) -> None:
    service.reply = reply
    assert find(peer, 0.3) == SimNotSeen("ib", NoData.UNAVAILABLE, detail)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nb", "ключ"])
def test_a_key_that_no_header_could_hold_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="api_key"):
        InfobipLookupSettings(api_key=Secret(key), base_url="https://x.api.infobip.com")
