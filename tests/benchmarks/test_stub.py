"""The stub is believed by the service's own gateway and lookup, and counts what waits in it."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.rig import free_port, started
from benchmarks.subjects import imsi, number
from security_service.cli.children import Child
from security_service.domain.lookup import SimSeen
from security_service.domain.messages import Accepted, Message
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_rest_v2 import DevinoRestV2Gateway, DevinoRestV2Settings
from security_service.lookups.imsi_soap import ImsiSoapLookup, ImsiSoapSettings


@dataclass(frozen=True, slots=True)
class Running:
    url: str

    def ask(self, path: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:  # noqa: S310 - loopback
            counts: dict[str, int] = json.load(answer)
        return counts

    def gateway(self) -> DevinoRestV2Gateway:
        settings = DevinoRestV2Settings(
            login="bench", password=Secret("bench"), base_url=f"{self.url}/rest/v2", sender="ETALON"
        )
        return DevinoRestV2Gateway("stub", settings)


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Running]:
    port = free_port()
    child = Child("stub", [sys.executable, "-m", "benchmarks.stub", str(port)], tmp_path / "stub.log")
    with started(child, port, "/stub/counts"):
        yield Running(f"http://127.0.0.1:{port}")


def _message(place: int) -> Message:
    return Message(Msisdn(number(place)), MessageText("code 123456"), "ETALON", 300, f"m{place}")


def test_the_gateway_believes_its_answer(stub: Running) -> None:
    gateway = stub.gateway()
    first, second = gateway.send(_message(1), 5.0), gateway.send(_message(2), 5.0)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert first.message_ids != second.message_ids
    assert stub.ask("/stub/counts") == {"sends": 2, "looks": 0, "waiting": 0, "peak": 1}


def test_the_lookup_learns_the_numbers_imsi(stub: Running) -> None:
    settings = ImsiSoapSettings(login="bench", password=Secret("bench"), base_url=f"{stub.url}/soap/imsi")
    found = ImsiSoapLookup("stub", settings).find(Msisdn(number(5)), 5.0)
    assert isinstance(found, SimSeen)
    assert found.imsi.reveal() == imsi(number(5))
    assert stub.ask("/stub/counts")["looks"] == 1


def test_it_counts_how_many_sends_wait_in_it_at_once(stub: Running) -> None:
    stub.ask("/stub/pause?seconds=0.2")
    gateway = stub.gateway()
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda place: gateway.send(_message(place), 5.0), range(8)))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    counts = stub.ask("/stub/counts")
    assert counts["sends"] == 8
    assert counts["waiting"] == 0
    assert 2 <= counts["peak"] <= 8


def test_a_new_pause_forgets_the_counts(stub: Running) -> None:
    stub.gateway().send(_message(1), 5.0)
    assert stub.ask("/stub/pause?seconds=0") == {"sends": 0, "looks": 0, "waiting": 0, "peak": 0}
