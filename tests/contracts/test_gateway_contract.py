"""What every implementation of the port `Gateway` keeps, the in-memory one included."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from security_service.domain.messages import (
    Accepted,
    Failed,
    NoReceipt,
    OutcomeUnknown,
    Receipt,
    ReceiptState,
    Refused,
)
from security_service.domain.ports import Gateway
from security_service.domain.secret import Secret
from security_service.gateways.devino_rest import DevinoRestGateway, DevinoRestSettings
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from tests.contracts.devino_gateway_cases import DEVINO
from tests.contracts.gateway_case import CODE, MESSAGE, NUMBER, Case, Provided
from tests.contracts.russian_gateway_cases import RUSSIAN
from tests.contracts.smpp_gateway_case import smpp
from tests.fakes.gateways import FakeGateway
from tests.links.devino_service import LOGIN, PASSWORD, DevinoService, fault
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Reset, Silence, as_json

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
DRIP = Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100)


@contextmanager
def devino(*, session: bool) -> Iterator[Case]:
    service = DevinoService()

    def says(reply: Reply) -> None:
        service.sms = service.state = reply

    with Peer(service) as peer:
        gateway: Gateway
        if session:
            v1 = DevinoRestSettings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest")
            gateway = DevinoRestGateway("it", v1)
        else:
            v2 = DevinoRestV2Settings(login=LOGIN, password=Secret(PASSWORD), base_url=f"{peer.url}/rest/v2")
            gateway = DevinoRestV2Gateway("it", v2)
        yield Case(
            gateway,
            says,
            secrets=[PASSWORD, CODE, NUMBER],
            breaks=[fault(8, 500), fault(9, 500)],
            turns_away=[fault(5, 403), fault(4, 401), fault(6, 400), fault(7, 403)],
            never_takes=[fault(2, 400)],
        )


@contextmanager
def fake() -> Iterator[Case]:
    yield Case(FakeGateway("it"), lambda _: None)


REAL: dict[str, Provided] = {
    "devino_rest": lambda: devino(session=True),
    "devino_rest_v2": lambda: devino(session=False),
    **DEVINO,
    **RUSSIAN,
}

IN_MEMORY: dict[str, Provided] = {"fake": fake, "smpp": smpp}


@pytest.fixture(params=[*IN_MEMORY, *REAL])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each implementation in turn."""
    with {**IN_MEMORY, **REAL}[request.param]() as one:
        yield one


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest) -> Iterator[Case]:
    """Each implementation that speaks to a provider."""
    with REAL[request.param]() as one:
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
    ],
    ids=lambda reply: type(reply).__name__,
)
def test_a_message_without_a_clear_answer_is_unknown_never_failed(real: Case, reply: Reply) -> None:
    real.gateway.receipt(real.message_id, WITHIN_S)
    real.says(reply)
    outcome = real.gateway.send(MESSAGE, SOON_S)
    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.gateway == "it"
    assert isinstance(real.gateway.receipt(real.message_id, SOON_S), NoReceipt)


def test_a_message_over_which_the_provider_broke_is_unknown(real: Case) -> None:
    assert real.breaks
    for reply in real.breaks:
        real.says(reply)
        assert isinstance(real.gateway.send(MESSAGE, WITHIN_S), OutcomeUnknown)
        assert isinstance(real.gateway.receipt(real.message_id, WITHIN_S), NoReceipt)


def test_a_message_that_was_turned_away_may_go_another_way(real: Case) -> None:
    assert real.turns_away
    for reply in real.turns_away:
        real.says(reply)
        assert isinstance(real.gateway.send(MESSAGE, WITHIN_S), Failed)


def test_a_message_that_the_provider_will_never_take_is_refused(real: Case) -> None:
    for reply in real.never_takes:
        real.says(reply)
        assert isinstance(real.gateway.send(MESSAGE, WITHIN_S), Refused)


@pytest.mark.parametrize("reply", [Silence(), DRIP], ids=["silent", "dripping"])
def test_the_deadline_holds_for_sends_and_for_receipts(real: Case, reply: Reply) -> None:
    real.says(reply)
    for call in (
        lambda: real.gateway.send(MESSAGE, SOON_S),
        lambda: real.gateway.receipt(real.message_id, SOON_S),
    ):
        started = time.monotonic()
        call()
        assert time.monotonic() - started < SOON_S + LATE_S


@pytest.mark.parametrize("kind", REAL)
def test_a_provider_that_is_down_has_surely_got_nothing(kind: str) -> None:
    with REAL[kind]() as case:
        pass
    assert isinstance(case.gateway.send(MESSAGE, WITHIN_S), Failed)
    assert isinstance(case.gateway.receipt(case.message_id, WITHIN_S), NoReceipt)


@pytest.mark.parametrize(
    "reply", [as_json(["1"]), fault(2, 400), fault(9, 500), Reset(), Answer(f"{CODE} {PASSWORD}".encode())]
)
def test_no_secret_is_printed_or_logged(real: Case, reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    real.says(reply)
    receipt = real.gateway.receipt(real.message_id, WITHIN_S)
    said = f"{real.gateway!r} {real.gateway.send(MESSAGE, WITHIN_S)} {receipt}"
    assert [secret for secret in real.secrets if secret in said + caplog.text] == []
