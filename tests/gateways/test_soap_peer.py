"""The gateways over SOAP against a server that is not ours: Node's package `soap`, with their own WSDLs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO, Any, Final

import pytest

from security_service.domain.messages import (
    Accepted,
    Balance,
    Failed,
    Message,
    NoBalance,
    NoReceipt,
    Receipt,
    ReceiptState,
)
from security_service.domain.secret import MessageText, Msisdn, Secret
from security_service.gateways.devino_soap import DevinoSoapGateway, DevinoSoapSessionSettings
from security_service.gateways.devino_soap_v2 import DevinoSoapV2Gateway, DevinoSoapV2Settings
from security_service.links.soap import SoapVersion

FOLDER: Final = Path(__file__).parents[1] / "counterparts" / "soap"
LOGIN, PASSWORD = "bank", "pa55 <&>\"'"
WITHIN_S = 10.0
TEXT = 'Код 481516 <&> "ещё" 🙂'
MESSAGE = Message(Msisdn("79031234567"), MessageText(TEXT), "ETALON", 299, "ref-1")

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules" / "soap").is_dir(),
    reason="needs the package soap for Node: make counterparts",
)


@dataclass
class Service:
    """A server in a process of its own; what it understood can be read, call by call."""

    port: int
    said: IO[str]

    def understood(self) -> dict[str, Any]:
        read = json.loads(self.said.readline())
        assert isinstance(read, dict)
        return read


@contextmanager
def service(wsdl: str, path: str, version: SoapVersion) -> Iterator[Service]:
    with as_file(files("security_service.gateways").joinpath(wsdl)) as wsdl_file:
        arguments = [str(FOLDER / "service.js"), str(wsdl_file), path, version.value, LOGIN, PASSWORD]
        with subprocess.Popen(["node", *arguments], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield Service(json.loads(process.stdout.readline())["port"], process.stdout)
            finally:
                process.terminate()


@pytest.fixture(scope="module", params=SoapVersion)
def version(request: pytest.FixtureRequest) -> SoapVersion:
    """Each version of the envelope."""
    return SoapVersion(request.param)


@pytest.fixture(scope="module")
def v1(version: SoapVersion) -> Iterator[Service]:
    with service("devino_soap.wsdl", "/SmsService.asmx", version) as running:
        yield running


@pytest.fixture(scope="module")
def v2(version: SoapVersion) -> Iterator[Service]:
    with service("devino_soap_v2.wsdl", "/SmsServicev2.asmx", version) as running:
        yield running


def gateway_to(v1: Service, version: SoapVersion, password: str = PASSWORD) -> DevinoSoapGateway:
    settings = DevinoSoapSessionSettings(
        login=LOGIN,
        password=Secret(password),
        base_url=f"http://127.0.0.1:{v1.port}/SmsService.asmx",
        soap_version=version,
    )
    return DevinoSoapGateway("soap", settings)


def gateway_v2_to(v2: Service, version: SoapVersion, password: str = PASSWORD) -> DevinoSoapV2Gateway:
    settings = DevinoSoapV2Settings(
        login=LOGIN,
        password=Secret(password),
        base_url=f"http://127.0.0.1:{v2.port}/SmsServicev2.asmx",
        soap_version=version,
    )
    return DevinoSoapV2Gateway("v2", settings)


def sent(wanted: dict[str, Any]) -> dict[str, Any]:
    message = wanted["SendMessage"]["message"]
    assert isinstance(message, dict)
    return message


def test_under_a_session_a_message_is_understood_to_the_letter(v1: Service, version: SoapVersion) -> None:
    gateway = gateway_to(v1, version)
    outcome = gateway.send(MESSAGE, WITHIN_S)
    assert isinstance(outcome, Accepted)
    assert len(outcome.message_ids) == 1
    assert v1.understood() == {"GetSessionID": {"login": LOGIN, "password": PASSWORD}}
    message = sent(v1.understood())
    assert (message["Data"], message["SourceAddress"], message["Validity"]) == (TEXT, "ETALON", 4)
    assert message["DestinationAddresses"]["string"] in ("79031234567", ["79031234567"])
    assert message["ReceiptRequested"] is True
    assert gateway.receipt("46", WITHIN_S) == Receipt(ReceiptState.EXPIRED, "46", 1377761466123)
    assert v1.understood()["GetMessageState"]["messageID"] == "46"
    assert gateway.balance(WITHIN_S) == Balance(Decimal("20015.30"))
    assert "GetBalance" in v1.understood()


def test_each_segment_has_an_id(v2: Service, version: SoapVersion) -> None:
    gateway = gateway_v2_to(v2, version)
    outcome = gateway.send(replace(MESSAGE, text=MessageText("ж" * 71)), WITHIN_S)
    assert isinstance(outcome, Accepted)
    assert len(set(outcome.message_ids)) == 2
    wanted = v2.understood()["SendMessage"]
    assert (wanted["login"], wanted["password"], wanted["message"]["Data"]) == (LOGIN, PASSWORD, "ж" * 71)


def test_faults_of_a_foreign_server_are_told_apart(v1: Service, v2: Service, version: SoapVersion) -> None:
    assert gateway_to(v1, version, "wrong").send(MESSAGE, WITHIN_S) == Failed("soap", "session_refused")
    wrong = gateway_v2_to(v2, version, "wrong")
    assert wrong.send(MESSAGE, WITHIN_S) == Failed("v2", "unauthorized")
    assert wrong.receipt("1", WITHIN_S) == NoReceipt("unauthorized")
    assert wrong.balance(WITHIN_S) == NoBalance("unauthorized")
    nobody = replace(MESSAGE, sender="NOBODY")
    assert gateway_v2_to(v2, version).send(nobody, WITHIN_S) == Failed("v2", "operation_invalid")
