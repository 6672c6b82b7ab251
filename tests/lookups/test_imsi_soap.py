from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from security_service.domain.lookup import Liveness, LookupAnswer, NoData, SimNotSeen, SimSeen
from security_service.domain.secret import Imsi, Msisdn, Secret
from security_service.links.soap import SoapVersion
from security_service.lookups.imsi_soap import FAULTS, ImsiSoapLookup, ImsiSoapSettings
from tests.links.imsi_service import FOUND, IMSI, LOGIN, PASSWORD, Fault, ImsiService
from tests.links.peer import Answer, Peer, Reset, Silence

WITHIN_S = 5.0
NUMBER = Msisdn("79031234567")
SEEN = SimSeen(
    "imsi", Imsi(IMSI), Liveness.LIVE, mcc_mnc="25001", msc="79037011111", country="RU", roaming=False
)


@pytest.fixture
def service() -> ImsiService:
    return ImsiService()


@pytest.fixture
def peer(service: ImsiService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def lookup_to(peer: Peer, version: SoapVersion = SoapVersion.SOAP_12) -> ImsiSoapLookup:
    settings = ImsiSoapSettings(
        login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/soap/imsi", soap_version=version
    )
    return ImsiSoapLookup("imsi", settings)


@pytest.mark.parametrize("version", SoapVersion)
def test_an_imsi_is_given_with_all_that_the_source_knows(peer: Peer, version: SoapVersion) -> None:
    assert lookup_to(peer, version).find(NUMBER, WITHIN_S) == SEEN


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        ({"Live": "false"}, replace(SEEN, liveness=Liveness.CACHED)),
        ({"Roaming": "true", "Country": "DE"}, replace(SEEN, roaming=True, country="DE")),
        ({"Imsi": "25001***"}, replace(SEEN, imsi=Imsi("25001***"))),
        ({"Operator": "310410"}, replace(SEEN, mcc_mnc="310410")),
        (
            {"Operator": "MTS", "Country": "Russia", "Switch": ""},
            replace(SEEN, mcc_mnc="", country="", msc=""),
        ),
        ({"Imsi": ""}, SimNotSeen("imsi", NoData.UNTRUSTED, "imsi_missing", "25001", "RU")),
        ({"Imsi": " "}, SimNotSeen("imsi", NoData.UNTRUSTED, "imsi_missing", "25001", "RU")),
    ],
)
def test_members_are_read_as_they_are_and_strange_ones_left_out(
    service: ImsiService, peer: Peer, members: dict[str, str], answer: LookupAnswer
) -> None:
    service.imsi = {**FOUND, **members}
    assert lookup_to(peer).find(NUMBER, WITHIN_S) == answer


FAULT_ROWS = [
    (Fault("1", "UnknownSubscriber"), NoData.UNKNOWN_SUBSCRIBER, "map_1"),
    (Fault("27", "AbsentSubscriber"), NoData.ABSENT, "map_27"),
    (Fault("13", "CallBarred"), NoData.BARRED, "map_13"),
    (Fault("21", "NotSupported"), NoData.NOT_SUPPORTED, "map_21"),
    (Fault("34", "SystemFailure"), NoData.UNAVAILABLE, "map_34"),
    (Fault("9999999999", "Odd"), NoData.UNAVAILABLE, "map_999999"),
    (Fault("0", "InvalidAddress"), NoData.NOT_SUPPORTED, "InvalidAddress"),
    (Fault("0", "UnknownSubscriber"), NoData.UNKNOWN_SUBSCRIBER, "UnknownSubscriber"),
    (Fault("", "AbsentSubscriber"), NoData.ABSENT, "AbsentSubscriber"),
    (Fault("x", "CallBarred"), NoData.BARRED, "CallBarred"),
    (Fault("0", "NotSupported"), NoData.NOT_SUPPORTED, "NotSupported"),
    (Fault("0", "SystemFailure"), NoData.UNAVAILABLE, "SystemFailure"),
    (Fault("0", "InvalidLogin"), NoData.UNAVAILABLE, "InvalidLogin"),
    (Fault("0", "InvalidSession"), NoData.UNAVAILABLE, "InvalidSession"),
    (Fault("0", "79031234567"), NoData.UNAVAILABLE, "fault"),
]


@pytest.mark.parametrize(("fault", "no_data", "detail"), FAULT_ROWS)
def test_each_fault_is_a_class_of_no_data(
    service: ImsiService, peer: Peer, fault: Fault, no_data: NoData, detail: str
) -> None:
    service.imsi = fault
    assert lookup_to(peer).find(NUMBER, WITHIN_S) == SimNotSeen("imsi", no_data, detail)


def test_every_name_of_the_contract_is_tested_and_has_a_class() -> None:
    assert {fault.name for fault, _, _ in FAULT_ROWS} >= set(FAULTS)


def test_one_session_serves_many_questions(service: ImsiService, peer: Peer) -> None:
    lookup = lookup_to(peer)
    assert [lookup.find(NUMBER, WITHIN_S) for _ in range(3)] == [SEEN] * 3
    assert service.logins == 1


def test_a_session_that_the_source_dropped_is_renewed_and_the_question_asked_once_more(
    service: ImsiService, peer: Peer
) -> None:
    lookup = lookup_to(peer)
    lookup.find(NUMBER, WITHIN_S)
    service.valid_session = "gone"
    assert lookup.find(NUMBER, WITHIN_S) == SEEN
    assert service.logins == 2
    assert len(peer.requests) == 5


@pytest.mark.parametrize(
    ("session", "detail"),
    [
        (Fault("0", "InvalidLogin"), "session_refused"),
        (Fault("34", "SystemFailure"), "session_unreachable"),
        (Reset(), "session_unreachable"),
        (Silence(), "session_unreachable"),
        (Answer(b"<html>", 503, {"Content-Type": "text/html"}), "session_unreachable"),
    ],
)
def test_without_a_session_the_source_is_unavailable(
    service: ImsiService, peer: Peer, session: Fault | Reset | Silence | Answer, detail: str
) -> None:
    service.session = session
    assert lookup_to(peer).find(NUMBER, 0.3) == SimNotSeen("imsi", NoData.UNAVAILABLE, detail)
    assert len(peer.requests) == 1


def test_without_time_nothing_is_asked(peer: Peer) -> None:
    assert lookup_to(peer).find(NUMBER, 0.0) == SimNotSeen("imsi", NoData.UNAVAILABLE, "session_no_time")
    assert peer.requests == []
