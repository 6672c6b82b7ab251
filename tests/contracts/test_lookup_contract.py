"""What every implementation of the port `SimLookup` keeps, the in-memory one included."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from security_service.domain.lookup import NoData, Reachable, SimNotSeen, SimSeen
from security_service.domain.ports import SimLookup
from security_service.domain.secret import Msisdn, Secret
from security_service.lookups.devino_hlr import DevinoFace, DevinoHlrLookup, DevinoHlrSettings
from security_service.lookups.imsi_soap import ImsiSoapLookup, ImsiSoapSettings
from tests.fakes.lookups import FakeLookup
from tests.links import devino_service, imsi_service
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Reset, Silence, as_json

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
DIGITS = "79031234567"
NUMBER = Msisdn(DIGITS)
IMSI = imsi_service.IMSI
XML = {"Content-Type": "application/soap+xml"}
REAL = ["devino_hlr", "devino_hlr_session", "imsi_soap"]
DRIP = Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100)


@dataclass
class Case:
    """One lookup and the ways to make its source behave."""

    lookup: SimLookup
    says: Callable[[Reply], None]
    """Puts an answer in the mouth of the source."""
    knows_nobody: Callable[[], None]
    secrets: list[str] = field(default_factory=list)


def fake_case() -> Case:
    lookup = FakeLookup("it", {DIGITS: IMSI})
    return Case(lookup, lambda _: None, lookup.sims.clear)


def hlr_case(peer: Peer, service: devino_service.DevinoService, face: DevinoFace) -> Case:
    def says(reply: Reply) -> None:
        service.hlr = reply

    def knows_nobody() -> None:
        service.hlr_state = as_json([{"StateCode": 3}])

    settings = DevinoHlrSettings(
        login=devino_service.LOGIN,
        password=Secret(devino_service.PASSWORD),
        base_url=f"{peer.url}/rest",
        face=face,
        first_poll_s=0.01,
    )
    lookup = DevinoHlrLookup("it", settings)
    return Case(lookup, says, knows_nobody, secrets=[devino_service.PASSWORD, DIGITS])


def imsi_case(peer: Peer, service: imsi_service.ImsiService) -> Case:
    def says(reply: Reply) -> None:
        service.imsi = reply

    def knows_nobody() -> None:
        service.imsi = imsi_service.Fault("1", "UnknownSubscriber")

    settings = ImsiSoapSettings(
        login=imsi_service.LOGIN, password=Secret(imsi_service.PASSWORD), base_url=f"{peer.url}/soap/imsi"
    )
    lookup = ImsiSoapLookup("it", settings)
    return Case(lookup, says, knows_nobody, secrets=[imsi_service.PASSWORD, DIGITS, IMSI])


@contextmanager
def provided(kind: str) -> Iterator[Case]:
    if kind == "fake":
        yield fake_case()
    elif kind == "imsi_soap":
        imsi = imsi_service.ImsiService()
        with Peer(imsi) as peer:
            yield imsi_case(peer, imsi)
    else:
        devino = devino_service.DevinoService()
        face = DevinoFace.V2 if kind == "devino_hlr" else DevinoFace.SESSION
        with Peer(devino) as peer:
            yield hlr_case(peer, devino, face)


@pytest.fixture(params=["fake", *REAL])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each implementation in turn."""
    with provided(request.param) as one:
        yield one


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each implementation that speaks to a source."""
    with provided(request.param) as one:
        yield one


def test_it_tells_the_name_it_was_given(case: Case) -> None:
    assert case.lookup.name == "it"


def test_a_subscriber_that_is_there_is_seen_or_at_least_reachable(case: Case) -> None:
    answer = case.lookup.find(NUMBER, WITHIN_S)
    assert isinstance(answer, SimSeen | Reachable)
    assert answer.source == "it"
    if isinstance(answer, SimSeen):
        assert answer.imsi.reveal() == IMSI


def test_a_number_that_nobody_has_is_told_apart_from_no_answer(case: Case) -> None:
    case.knows_nobody()
    answer = case.lookup.find(NUMBER, WITHIN_S)
    assert isinstance(answer, SimNotSeen)
    assert (answer.source, answer.no_data) == ("it", NoData.UNKNOWN_SUBSCRIBER)


@pytest.mark.parametrize("within_s", [0.0, -1.0])
def test_without_time_the_source_is_unavailable(case: Case, within_s: float) -> None:
    answer = case.lookup.find(NUMBER, within_s)
    assert isinstance(answer, SimNotSeen)
    assert answer.no_data is NoData.UNAVAILABLE


@pytest.mark.parametrize(
    "reply",
    [
        Reset(),
        Silence(),
        DRIP,
        Raw(b""),
        Raw(b"nonsense\r\n"),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", close=True),
        Answer(b"\x00\xff\xfe", headers=XML),
        Answer(b"<html>Bad gateway</html>", 502, XML),
        Answer(b"x" * (1024 * 1024 + 1), headers=XML),
        Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_a_source_that_does_not_answer_clearly_is_unavailable_and_nothing_else(
    real: Case, reply: Reply
) -> None:
    real.lookup.find(NUMBER, WITHIN_S)
    real.says(reply)
    started = time.monotonic()
    answer = real.lookup.find(NUMBER, SOON_S)
    assert isinstance(answer, SimNotSeen)
    assert (answer.source, answer.no_data) == ("it", NoData.UNAVAILABLE)
    assert time.monotonic() - started < SOON_S + LATE_S


def test_a_source_that_is_down_is_unavailable() -> None:
    devino, imsi = devino_service.DevinoService(), imsi_service.ImsiService()
    with Peer(devino) as peer, Peer(imsi) as other:
        cases = [hlr_case(peer, devino, DevinoFace.V2), imsi_case(other, imsi)]
    for case in cases:
        answer = case.lookup.find(NUMBER, WITHIN_S)
        assert isinstance(answer, SimNotSeen)
        assert answer.no_data is NoData.UNAVAILABLE


@pytest.mark.parametrize("reply", [None, Reset(), Answer(f"{IMSI} {DIGITS}".encode(), headers=XML)])
def test_no_secret_is_printed_or_logged(
    real: Case, reply: Reply | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    if reply is not None:
        real.says(reply)
    said = f"{real.lookup!r} {real.lookup.find(NUMBER, WITHIN_S)}"
    assert [secret for secret in real.secrets if secret in said + caplog.text] == []
