"""What every implementation of the port `SimLookup` keeps, the in-memory one included."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from security_service.domain.lookup import NoData, Reachable, SimNotSeen, SimSeen, SwapDated
from security_service.domain.ports import SimLookup
from security_service.domain.secret import Msisdn, Secret
from security_service.lookups.camara_sim_swap import CamaraSimSwapLookup, CamaraSimSwapSettings
from security_service.lookups.devino_hlr import DevinoFace, DevinoHlrLookup, DevinoHlrSettings
from security_service.lookups.hlr_lookups import HlrLookupsLookup, HlrLookupsSettings
from security_service.lookups.imsi_soap import ImsiSoapLookup, ImsiSoapSettings
from security_service.lookups.infobip import InfobipLookup, InfobipLookupSettings
from security_service.lookups.infobip_sim_swap import InfobipSimSwapLookup, InfobipSimSwapSettings
from security_service.lookups.osmo_hlr import OsmoHlrLookup, OsmoHlrSettings
from security_service.lookups.smsc_hlr import SmscHlrLookup, SmscHlrSettings
from security_service.wiring import LOOKUPS
from tests.fakes.lookups import FakeLookup
from tests.links import devino_service, imsi_service
from tests.links.ctrl_service import CtrlHlr
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Request, Reset, Silence, as_json
from tests.links.signing_keys import ec_pem

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
DIGITS = "79031234567"
NUMBER = Msisdn(DIGITS)
IMSI = imsi_service.IMSI
XML = {"Content-Type": "application/soap+xml"}
ACCOUNT: dict[str, Any] = {"login": "bank", "password": Secret("pa55 w&rd=%")}
DRIP = Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100)


@dataclass
class Case:
    """One lookup and the ways to make its source behave."""

    lookup: SimLookup
    says: Callable[[Reply], None]
    """Puts an answer in the mouth of the source."""
    knows_nobody: Callable[[], None]
    nobody: NoData = NoData.UNKNOWN_SUBSCRIBER
    """What the source can say of a number that nobody has."""
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


@dataclass
class Mouth:
    """A source that says one thing at each of its paths, and another where a test puts it there."""

    said: dict[str, Reply]
    instead: Reply | None = None

    def __call__(self, request: Request) -> Reply:
        found = self.said.get(request.path, Answer(b"not found", 404))
        return self.instead if self.instead is not None and request.path != "/token" else found

    def says(self, reply: Reply) -> None:
        self.instead = reply


def mouth_case(
    lookup: SimLookup, mouth: Mouth, nobody: Reply, kind: NoData = NoData.UNKNOWN_SUBSCRIBER
) -> Case:
    return Case(lookup, mouth.says, partial(mouth.says, nobody), kind, ["k3y", "pa55 w&rd=%", DIGITS, IMSI])


@contextmanager
def smsc_case() -> Iterator[Case]:
    seen = {"status": 1, "err": 0, "imsi": IMSI, "mcc": "250", "mnc": "99"}
    mouth = Mouth({"/sys/send.php": as_json({"id": 1, "cnt": 1}), "/sys/status.php": as_json(seen)})
    with Peer(mouth) as peer:
        settings = SmscHlrSettings(**ACCOUNT, base_url=f"{peer.url}/sys", first_poll_s=0.01)
        nobody = as_json({"id": 1, "cnt": 1, "status": 20, "err": 1})
        yield mouth_case(SmscHlrLookup("it", settings), mouth, nobody)


@contextmanager
def hlr_lookups_case() -> Iterator[Case]:
    seen = {"msisdn": f"+{DIGITS}", "connectivity_status": "CONNECTED", "imsi": IMSI}
    seen |= {"processing_status": "COMPLETED", "data_source": "LIVE_HLR"}
    mouth = Mouth({"/hlr-lookup": as_json(seen)})
    with Peer(mouth) as peer:
        settings = HlrLookupsSettings(api_key="bank", api_secret=Secret("k3y"), base_url=peer.url)
        nobody = as_json({**seen, "imsi": None, "connectivity_status": "INVALID_MSISDN"})
        yield mouth_case(HlrLookupsLookup("it", settings), mouth, nobody)


@contextmanager
def infobip_case() -> Iterator[Case]:
    seen = {"to": DIGITS, "imsi": IMSI, "status": {"groupId": 3}, "error": {"id": 0}}
    mouth = Mouth({"/number/1/query": as_json({"results": [seen]})})
    with Peer(mouth) as peer:
        settings = InfobipLookupSettings(api_key=Secret("k3y"), base_url=peer.url)
        nobody = as_json({"results": [{**seen, "imsi": None, "error": {"id": 1}}]})
        yield mouth_case(InfobipLookup("it", settings), mouth, nobody)


@contextmanager
def infobip_sim_swap_case() -> Iterator[Case]:
    mouth = Mouth({"/mi/simswap/1/check": as_json({"simSwapOccurred": False})})
    with Peer(mouth) as peer:
        settings = InfobipSimSwapSettings(api_key=Secret("k3y"), base_url=peer.url, consent=True)
        nobody = as_json({"simSwapOccurred": None, "error": {"name": "EC_NO_COVERAGE"}}, 400)
        yield mouth_case(InfobipSimSwapLookup("it", settings), mouth, nobody, NoData.NOT_SUPPORTED)


@contextmanager
def camara_case() -> Iterator[Case]:
    token = {"access_token": "k3y", "token_type": "Bearer", "expires_in": 300}
    told = {"latestSimChange": None, "monitoredPeriod": 120}
    mouth = Mouth({"/token": as_json(token), "/retrieve-date": as_json(told)})
    with Peer(mouth) as peer:
        settings = CamaraSimSwapSettings(
            base_url=peer.url,
            token_url=f"{peer.url}/token",
            client_id="bank",
            private_key=Secret(ec_pem()),
        )
        nobody = as_json({"code": "IDENTIFIER_NOT_FOUND"}, 404)
        yield mouth_case(CamaraSimSwapLookup("it", settings), mouth, nobody, NoData.NOT_SUPPORTED)


@contextmanager
def osmo_case() -> Iterator[Case]:
    with CtrlHlr() as hlr:
        hlr.put(IMSI, DIGITS)

        def says(reply: Reply) -> None:
            hlr.before = (lambda _: hlr.hang_up()) if isinstance(reply, Reset) else None
            hlr.respond = lambda number, variable: _bytes_of(reply)

        lookup = OsmoHlrLookup("it", OsmoHlrSettings(port=hlr.port))
        yield Case(lookup, says, hlr.sims.clear, secrets=[DIGITS, IMSI])


def _bytes_of(reply: Reply) -> list[bytes]:
    match reply:
        case Answer():
            return [reply.raw]
        case Raw() | Drip():
            return [reply.data]
        case Silence() | Reset():
            return []


@contextmanager
def imsi_soap_case() -> Iterator[Case]:
    imsi = imsi_service.ImsiService()
    with Peer(imsi) as peer:
        yield imsi_case(peer, imsi)


@contextmanager
def devino_hlr_case(face: DevinoFace) -> Iterator[Case]:
    devino = devino_service.DevinoService()
    with Peer(devino) as peer:
        yield hlr_case(peer, devino, face)


CASES: dict[str, Callable[[], AbstractContextManager[Case]]] = {
    "devino_hlr": partial(devino_hlr_case, DevinoFace.V2),
    "devino_hlr_session": partial(devino_hlr_case, DevinoFace.SESSION),
    "imsi_soap": imsi_soap_case,
    "smsc_hlr": smsc_case,
    "hlr_lookups": hlr_lookups_case,
    "infobip": infobip_case,
    "infobip_sim_swap": infobip_sim_swap_case,
    "camara_sim_swap": camara_case,
    "osmo_hlr": osmo_case,
}
REAL = list(CASES)


@contextmanager
def provided(kind: str) -> Iterator[Case]:
    if kind == "fake":
        yield fake_case()
        return
    with CASES[kind]() as one:
        yield one


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
    assert isinstance(answer, SimSeen | Reachable | SwapDated)
    assert answer.source == "it"
    if isinstance(answer, SimSeen):
        assert answer.imsi.reveal() == IMSI


def test_a_number_that_nobody_has_is_told_apart_from_no_answer(case: Case) -> None:
    case.knows_nobody()
    answer = case.lookup.find(NUMBER, WITHIN_S)
    assert isinstance(answer, SimNotSeen)
    assert (answer.source, answer.no_data) == ("it", case.nobody)


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


@pytest.mark.parametrize("kind", REAL)
def test_a_source_that_is_down_is_unavailable(kind: str) -> None:
    with provided(kind) as case:
        pass
    answer = case.lookup.find(NUMBER, WITHIN_S)
    assert isinstance(answer, SimNotSeen)
    assert answer.no_data is NoData.UNAVAILABLE


def test_every_lookup_of_the_registry_is_held_to_the_port() -> None:
    assert set(LOOKUPS) <= set(REAL)


@pytest.mark.parametrize("reply", [None, Reset(), Answer(f"{IMSI} {DIGITS}".encode(), headers=XML)])
def test_no_secret_is_printed_or_logged(
    real: Case, reply: Reply | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    if reply is not None:
        real.says(reply)
    said = f"{real.lookup!r} {real.lookup.find(NUMBER, WITHIN_S)}"
    assert [secret for secret in real.secrets if secret in said + caplog.text] == []
