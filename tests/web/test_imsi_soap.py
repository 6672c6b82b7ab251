"""The IMSI service over HTTP as SOAP clients of others call it: zeep, and the package `soap` for Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
import zeep
from werkzeug.serving import make_server
from zeep.exceptions import Fault

from security_service.domain.accounts import Face
from security_service.domain.imsi import ImsiForm, SimAnswer, no_data
from security_service.domain.lookup import Liveness, NoData, SimSeen
from security_service.domain.secret import Imsi, KeyRing, Msisdn
from security_service.domain.tenants import ImsiAnswer, Tenant
from security_service.links.operating_system import SystemChance
from security_service.links.sealed_text import TextSealer
from security_service.store.accounts import StoredAccounts, StoredAccountSessions
from security_service.store.log_journal import StoredLogJournal
from security_service.store.messages import StoredMessages, StoredRelayQueue
from security_service.usecases.ask_imsi import AskImsi
from security_service.usecases.keep_accounts import AccountWish, KeepAccounts, MadeAccount
from security_service.usecases.sign_in_account import SignInAccount
from security_service.usecases.take_message import TakeMessage
from security_service.usecases.view_message import ViewMessage
from security_service.web.services import OlderFaces
from tests.fakes.clock import HandClock
from tests.fakes.store import MemoryStore, SetHealth
from tests.store.rig import RING, StoreRig
from tests.usecases.behind_the_scenes import CountingMeter, MemoryTenants
from tests.web.rig import WebRig

KEYS: Final = KeyRing({1: b"i" * 32})
IMSI: Final = "250011234567890"
NUMBER: Final = "+7 916 111-22-11"
FOLDER: Final = Path(__file__).parents[1] / "counterparts" / "soap"
SEEN: Final = SimSeen("sandbox", Imsi(IMSI), Liveness.LIVE, mcc_mnc="25001", msc="79160000001", country="RU")


PLAIN: Final = Tenant("bank")


class ToldSims:
    """The SimNaming port: answers as told."""

    def __init__(self) -> None:
        self.answer: SimSeen | SimAnswer = SEEN

    def name_sim(self, tenant: Tenant, number: Msisdn, within_s: float) -> SimSeen | SimAnswer:
        return self.answer


class Bank:
    """A served application with one account, and what stands behind it."""

    def __init__(self, store: StoreRig, tenant: Tenant = PLAIN) -> None:
        self.store, self.sims, self.health = store, ToldSims(), SetHealth(MemoryStore())
        accounts, chance = StoredAccounts(store.frame), SystemChance()
        made = KeepAccounts(accounts, accounts, chance, RING).make(
            AccountWish("bank1", tenant.id, frozenset({Face.SOAP})), "cli:op"
        )
        assert isinstance(made, MadeAccount)
        self.password = made.password.reveal()
        meter, messages = CountingMeter(), StoredMessages(store.frame)
        older = OlderFaces(
            SignInAccount(
                accounts, StoredAccountSessions(store.frame), MemoryTenants(tenant), chance, RING
            ),
            AskImsi(self.sims, store.wide, self.health, StoredLogJournal(store.frame), meter, KEYS),
            TakeMessage(
                StoredRelayQueue(store.frame), messages, store.wide, self.health, TextSealer(RING),
                chance, HandClock(), meter, RING, 640,
            ),
            ViewMessage(messages),
        )  # fmt: skip
        self.app = WebRig(older=older).app
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}/soap/imsi"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def client(self, version: str = "1.1") -> Any:  # noqa: ANN401 - zeep makes its methods from the WSDL
        port = "ImsiServiceSoap" if version == "1.1" else "ImsiServiceSoap12"
        client = zeep.Client(f"{self.url}?wsdl")  # type: ignore[no-untyped-call] # it is not typed
        return client.bind("ImsiService", port)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture
def bank(rig: StoreRig) -> Iterator[Bank]:
    served = Bank(rig)
    yield served
    served.stop()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_session_asks_for_imsi_switch_and_status(bank: Bank, version: str) -> None:
    client = bank.client(version)
    session = client.GetSessionID("bank1", bank.password)
    told = client.GetImsi(session, NUMBER)
    assert (told["Switch"], told["Operator"], told["Live"]) == ("79160000001", "25001", True)
    assert client.GetSwitch(session, NUMBER)["Country"] == "RU"
    assert client.GetServiceStatus(session)["Available"] is True
    bank.health.found = ["the store is full"]
    assert client.GetServiceStatus(session)["Available"] is False


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_twins_take_login_and_password(bank: Bank, version: str) -> None:
    client = bank.client(version)
    assert client.GetImsiByLogin("bank1", bank.password, NUMBER)["Operator"] == "25001"
    assert client.GetSwitchByLogin("bank1", bank.password, NUMBER)["Switch"] == "79160000001"
    assert client.GetServiceStatusByLogin("bank1", bank.password)["Description"] == "Operating"


def test_a_keyed_answer_is_stable_and_shows_no_digits(bank: Bank) -> None:
    client = bank.client()
    first, second = (client.GetImsiByLogin("bank1", bank.password, NUMBER)["Imsi"] for _ in range(2))
    assert first == second
    assert IMSI not in first
    assert first != sha256(IMSI.encode()).hexdigest()


@pytest.mark.parametrize("form", list(ImsiForm))
def test_an_entitled_tenant_gets_its_own_form(rig: StoreRig, form: ImsiForm) -> None:
    served = Bank(rig, Tenant("bank", imsi_answer=ImsiAnswer.FORM, imsi_form=form))
    try:
        told = served.client().GetImsiByLogin("bank1", served.password, NUMBER)["Imsi"]
    finally:
        served.stop()
    assert (told == IMSI) == (form is ImsiForm.DIGITS)
    assert form is not ImsiForm.SHA256 or told == sha256(IMSI.encode()).hexdigest()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NoData.UNKNOWN_SUBSCRIBER, "Unknown subscriber"),
        (NoData.ABSENT, "Absent subscriber"),
        (NoData.BARRED, "Call barred"),
        (NoData.NOT_SUPPORTED, "Facility not supported"),
        (NoData.UNTRUSTED, "Facility not supported"),
        (NoData.UNAVAILABLE, "System failure"),
    ],
)
def test_a_class_of_no_data_is_a_fault_in_the_manuals_form(bank: Bank, answer: NoData, words: str) -> None:
    bank.sims.answer = no_data(answer)
    with pytest.raises(Fault, match=f"^Server was unable to process request. ---> {words}$"):
        bank.client("1.2").GetImsiByLogin("bank1", bank.password, NUMBER)


def test_wrong_password_session_and_number_are_told_apart(bank: Bank) -> None:
    client = bank.client()
    with pytest.raises(Fault, match="Invalid user login or password"):
        client.GetSessionID("bank1", "wrong")
    with pytest.raises(Fault, match="SessionID expired"):
        client.GetImsi("A" * 36, NUMBER)
    with pytest.raises(Fault, match="Invalid destination address"):
        client.GetImsiByLogin("bank1", bank.password, "12")


_BOMB: Final = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<GetSessionID xmlns="urn:etalon:imsi:1"><login>&b;</login></GetSessionID></s:Body></s:Envelope>'
)
_OUTSIDE: Final = _BOMB.replace(b'<!ENTITY a "aaaa">', b'<!ENTITY a SYSTEM "file:///etc/passwd">')


@pytest.mark.parametrize(
    "body",
    [
        _BOMB, _OUTSIDE, b"", b"<", b"\xff\xfe", b"<a/>",
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>',
        b"<a>" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_call_is_the_callers_fault_and_is_not_repeated(bank: Bank, body: bytes) -> None:
    app = bank.app
    answer = app.test_client().post("/soap/imsi", data=body, content_type="application/soap+xml")
    assert answer.status_code == 400
    assert b"soap:Sender" in answer.data
    assert b"root:" not in answer.data
    older = app.test_client().post("/soap/imsi", data=body, content_type="text/xml")
    assert older.status_code == 500
    assert b"soap:Client" in older.data


def test_every_answer_is_an_event_without_the_imsi(bank: Bank) -> None:
    bank.client().GetImsiByLogin("bank1", bank.password, NUMBER)
    told = [text for text in bank.store.texts("m") if b"imsi_asked" in text]
    assert len(told) == 1
    assert json.loads(told[0])["facts"]["answer"] == "told"
    assert IMSI.encode() not in b"".join(bank.store.redis.dump(key) for key in bank.store.redis.scan_iter())


@pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules" / "soap").is_dir(),
    reason="needs Node and `npm ci` in tests/counterparts/soap",
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_the_soap_package_of_node_asks_too(bank: Bank, version: str) -> None:
    command = [
        "node",
        str(FOLDER / "imsi_client.js"),
        f"{bank.url}?wsdl",
        version,
        "bank1",
        bank.password,
        NUMBER,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["imsi"]["Operator"] == "25001"
    assert told["status"]["Available"] is True
    assert "Invalid user login or password" in told["refused"]
