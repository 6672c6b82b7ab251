"""What every implementation of the port `Gateway` keeps, the in-memory one included."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from security_service.domain.messages import (
    Accepted,
    Failed,
    Message,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
)
from security_service.domain.ports import Gateway
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from tests.fakes.gateways import FakeGateway
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService, fault
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Reset, Silence, as_json

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
NUMBER = "79031234567"
CODE = "481516"
MESSAGE = Message(Msisdn(NUMBER), MessageText(f"Код {CODE}"), "ETALON", 300, "ref-1")
REAL = ["devino_rest", "devino_rest_v2"]
DRIP = Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100)


@dataclass
class Case:
    """One gateway and the ways to make its provider behave."""

    gateway: Gateway
    says: Callable[[Reply], None]
    """Puts an answer in the mouth of the provider, for sends and receipts."""
    secrets: list[str] = field(default_factory=list)


def fake_case() -> Case:
    return Case(FakeGateway("it"), lambda _: None)


def devino_case(peer: Peer, service: DevinoService, *, session: bool) -> Case:
    def says(reply: Reply) -> None:
        service.sms = service.state = reply

    gateway: Gateway
    if session:
        settings = DevinoRestSettings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest")
        gateway = DevinoRestGateway("it", settings)
    else:
        v2 = DevinoRestV2Settings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest/v2")
        gateway = DevinoRestV2Gateway("it", v2)
    return Case(gateway, says, secrets=[PASSWORD, CODE, NUMBER])


@contextmanager
def provided(kind: str) -> Iterator[Case]:
    if kind == "fake":
        yield fake_case()
        return
    service = DevinoService()
    with Peer(service) as peer:
        yield devino_case(peer, service, session=kind == "devino_rest")


@pytest.fixture(params=["fake", *REAL])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each implementation in turn."""
    with provided(request.param) as one:
        yield one


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each implementation that speaks to a provider."""
    with provided(request.param) as one:
        yield one


def test_it_tells_the_name_it_was_given(case: Case) -> None:
    assert case.gateway.name == "it"


def test_an_accepted_message_has_an_id_whose_receipt_can_be_asked_for(case: Case) -> None:
    outcome = case.gateway.send(MESSAGE, WITHIN_S)
    assert isinstance(outcome, Accepted)
    assert outcome.gateway == "it"
    assert len(outcome.message_ids) == 1
    receipt = case.gateway.receipt(outcome.message_ids[0], WITHIN_S)
    assert isinstance(receipt, Receipt)
    assert receipt.state is ReceiptState.PENDING


@pytest.mark.parametrize("within_s", [0.0, -1.0])
def test_without_time_nothing_leaves(case: Case, within_s: float) -> None:
    assert isinstance(case.gateway.send(MESSAGE, within_s), Failed)
    assert isinstance(case.gateway.receipt("1", within_s), NoReceipt)


@pytest.mark.parametrize(
    "reply",
    [
        Reset(),
        Silence(),
        DRIP,
        Raw(b""),
        Raw(b"nonsense\r\n"),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[", close=True),
        Answer(b"\x00\xff\xfe"),
        Answer(b"<html>Bad gateway</html>", 502),
        Answer(b"x" * (1024 * 1024 + 1)),
        Answer(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        fault(8, 500),
        fault(9, 500),
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_a_message_without_a_clear_answer_is_unknown_never_failed(real: Case, reply: Reply) -> None:
    real.gateway.receipt("1", WITHIN_S)
    real.says(reply)
    outcome = real.gateway.send(MESSAGE, SOON_S)
    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.gateway == "it"
    assert isinstance(real.gateway.receipt("1", SOON_S), NoReceipt)


@pytest.mark.parametrize("reply", [fault(5, 403), fault(4, 401), fault(6, 400), fault(7, 403)])
def test_a_message_that_was_turned_away_may_go_another_way(real: Case, reply: Reply) -> None:
    real.says(reply)
    assert isinstance(real.gateway.send(MESSAGE, WITHIN_S), Failed)


def test_a_message_that_the_provider_will_never_take_is_refused(real: Case) -> None:
    real.says(fault(2, 400))
    assert isinstance(real.gateway.send(MESSAGE, WITHIN_S), Refused)


@pytest.mark.parametrize("reply", [Silence(), DRIP], ids=["silent", "dripping"])
def test_the_deadline_holds_for_sends_and_for_receipts(real: Case, reply: Reply) -> None:
    real.says(reply)
    for call in (lambda: real.gateway.send(MESSAGE, SOON_S), lambda: real.gateway.receipt("1", SOON_S)):
        started = time.monotonic()
        call()
        assert time.monotonic() - started < SOON_S + LATE_S


def test_a_provider_that_is_down_has_surely_got_nothing() -> None:
    service = DevinoService()
    for session in (True, False):
        with Peer(service) as peer:
            case = devino_case(peer, service, session=session)
        assert isinstance(case.gateway.send(MESSAGE, WITHIN_S), Failed)
        assert isinstance(case.gateway.receipt("1", WITHIN_S), NoReceipt)


@pytest.mark.parametrize(
    "reply", [as_json(["1"]), fault(2, 400), fault(9, 500), Reset(), Answer(f"{CODE} {PASSWORD}".encode())]
)
def test_no_secret_is_printed_or_logged(real: Case, reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    real.says(reply)
    said = f"{real.gateway!r} {real.gateway.send(MESSAGE, WITHIN_S)} {real.gateway.receipt('1', WITHIN_S)}"
    assert [secret for secret in real.secrets if secret in said + caplog.text] == []
