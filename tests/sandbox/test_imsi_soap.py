from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree
from werkzeug.test import TestResponse
from zeep.proxy import ServiceProxy

from tests.sandbox.rig import LOGIN, NUMBER, PASSWORD, Rig

NS = "urn:etalon:imsi:1"
SOAP = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
MEDIA = {"1.1": "text/xml", "1.2": "application/soap+xml"}
PACKAGE = Path(__file__).resolve().parents[2] / "security_service"
LONG = "a" * 70_000


@pytest.fixture
def client(live: str) -> Iterator[zeep.Client]:
    with requests.Session() as session:
        transport = zeep.Transport(session=session)  # type: ignore[no-untyped-call] # zeep has no types there
        yield zeep.Client(f"{live}/soap/imsi?wsdl", transport=transport)  # type: ignore[no-untyped-call] # as above


@pytest.fixture(params=["ImsiServiceSoap", "ImsiServiceSoap12"])
def service(client: zeep.Client, request: pytest.FixtureRequest) -> ServiceProxy:
    proxy = client.bind("ImsiService", request.param)
    assert isinstance(proxy, ServiceProxy)
    return proxy


def post(rig: Rig, message: str, version: str = "1.2", prolog: str = "") -> TestResponse:
    body = f"<soap:Body>{message}</soap:Body>"
    body = f'{prolog}<soap:Envelope xmlns:soap="{SOAP[version]}">{body}</soap:Envelope>'
    return rig.client.post("/soap/imsi", data=body.encode(), content_type=f"{MEDIA[version]}; charset=utf-8")


def get_imsi(rig: Rig, number: str = NUMBER, version: str = "1.2") -> TestResponse:
    members = f"<sessionID>{rig.session()}</sessionID><destinationAddress>{number}</destinationAddress>"
    return post(rig, f'<GetImsi xmlns="{NS}">{members}</GetImsi>', version)


def error_of(answer: TestResponse) -> tuple[str, str]:
    error = etree.fromstring(answer.data).find(f".//{{{NS}}}Error")
    assert error is not None
    return error.findtext(f"{{{NS}}}Code") or "", error.findtext(f"{{{NS}}}Name") or ""


def test_the_description_is_one_text_for_service_and_caller() -> None:
    ours, theirs = PACKAGE / "sandbox/imsi.wsdl", PACKAGE / "lookups/imsi_soap.wsdl"
    assert ours.read_text(encoding="utf-8") == theirs.read_text(encoding="utf-8")


def test_the_description_names_the_address_at_which_it_was_asked_for(rig: Rig) -> None:
    answer = rig.client.get("/soap/imsi?WSDL", headers={"Host": "127.0.0.1:9001"})
    assert answer.mimetype == "text/xml"
    assert answer.text.count('location="http://127.0.0.1:9001/soap/imsi"') == 2
    assert "service-address.invalid" not in answer.text


def test_a_client_made_from_the_description_gets_an_imsi(service: ServiceProxy, rig: Rig) -> None:
    session_id = service.GetSessionID(login=LOGIN, password=PASSWORD)
    result = service.GetImsi(sessionID=session_id, destinationAddress=f"+{NUMBER}")
    assert (result.Imsi, result.Switch) == (rig.handset()["imsi"], "79168990567")
    assert (result.Operator, result.OperatorName, result.Country) == ("25001", "ПАО МТС", "RU")
    assert (result.Roaming, result.Live) == (False, True)
    rig.client.post(f"/handsets/{NUMBER}/swap")
    swapped = service.GetImsi(sessionID=session_id, destinationAddress=NUMBER)
    assert swapped.Imsi == rig.handset()["imsi"] != result.Imsi


def test_a_handset_abroad_is_told_with_the_country_of_its_switch(service: ServiceProxy, rig: Rig) -> None:
    rig.client.post(f"/handsets/{NUMBER}/state", json={"state": "on", "roaming": True})
    session_id = service.GetSessionID(login=LOGIN, password=PASSWORD)
    result = service.GetImsi(sessionID=session_id, destinationAddress=NUMBER)
    assert (result.Roaming, result.Country, result.Operator) == (True, "TR", "25001")


def test_the_service_says_whether_it_can_be_asked(service: ServiceProxy, rig: Rig) -> None:
    session_id = service.GetSessionID(login=LOGIN, password=PASSWORD)
    assert service.GetServiceStatus(sessionID=session_id).Available is True
    rig.fault("imsi", "error")
    status = service.GetServiceStatus(sessionID=session_id)
    assert (status.Available, status.Description) == (False, "The network does not answer")
    with pytest.raises(zeep.exceptions.Fault, match="System failure") as raised:
        service.GetImsi(sessionID=session_id, destinationAddress=NUMBER)
    assert raised.value.detail.findtext(f".//{{{NS}}}Code") == "34"


@pytest.mark.parametrize("version", SOAP)
@pytest.mark.parametrize(
    ("state", "code", "name"),
    [
        ("unknown", "1", "UnknownSubscriber"),
        ("off", "27", "AbsentSubscriber"),
        ("barred", "13", "CallBarred"),
    ],
)
def test_a_handset_without_an_answer_is_a_fault_with_its_map_error(
    rig: Rig, state: str, code: str, name: str, version: str
) -> None:
    rig.switch(state)
    answer = get_imsi(rig, version=version)
    assert (answer.status_code, error_of(answer)) == (500, (code, name))


def test_a_number_without_a_sim_is_not_supported(rig: Rig) -> None:
    assert error_of(get_imsi(rig, "+74951234567")) == ("21", "NotSupported")


def test_a_network_that_is_down_is_a_system_failure(rig: Rig) -> None:
    rig.fault("imsi", "error")
    answer = get_imsi(rig)
    assert (answer.status_code, error_of(answer)) == (500, ("34", "SystemFailure"))


def test_what_is_no_number_is_an_invalid_address(rig: Rig) -> None:
    assert error_of(get_imsi(rig, "BANK")) == ("0", "InvalidAddress")


def test_a_fault_has_the_form_of_the_manual(rig: Rig) -> None:
    message = f'<GetSessionID xmlns="{NS}"><login>{LOGIN}</login><password>wrong</password></GetSessionID>'
    answer = post(rig, message)
    assert (answer.status_code, answer.content_type) == (500, "application/soap+xml; charset=utf-8")
    assert answer.text == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><soap:Fault>'
        "<soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>"
        '<soap:Reason><soap:Text xml:lang="en">'
        "Server was unable to process request. ---&gt; Invalid user login or password"
        "</soap:Text></soap:Reason>"
        f'<soap:Detail><Error xmlns="{NS}"><Code>0</Code><Name>InvalidLogin</Name></Error></soap:Detail>'
        "</soap:Fault></soap:Body></soap:Envelope>"
    )


def test_a_fault_of_the_older_version_says_the_same(rig: Rig) -> None:
    answer = post(rig, f'<GetSessionID xmlns="{NS}"/>', "1.1")
    assert (answer.status_code, answer.content_type) == (500, "text/xml; charset=utf-8")
    fault = etree.fromstring(answer.data).find(f".//{{{SOAP['1.1']}}}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") == "soap:Server"
    assert (fault.findtext("faultstring") or "").endswith("---> Invalid user login or password")
    assert error_of(answer) == ("0", "InvalidLogin")


def test_a_session_that_is_over_or_was_never_opened_is_invalid(rig: Rig) -> None:
    status = f'<GetServiceStatus xmlns="{NS}"><sessionID>{{}}</sessionID></GetServiceStatus>'
    unknown = post(rig, status.format("Z5CYSZEKDL1DPICU37WEHQVOYKP0T1GSLHX1"))
    assert (error_of(unknown), "Invalid session id" in unknown.text) == (("0", "InvalidSession"), True)
    session_id = rig.session()
    rig.clock.move(7200)
    over = post(rig, status.format(session_id))
    assert (error_of(over), "SessionID expired" in over.text) == (("0", "InvalidSession"), True)


@pytest.mark.parametrize("version", SOAP)
@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE a [<!ENTITY x "1">]>',
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
)
def test_a_document_type_is_refused_with_a_fault(rig: Rig, prolog: str, version: str) -> None:
    message = (
        f'<GetSessionID xmlns="{NS}"><login>{LOGIN}</login><password>{PASSWORD}</password></GetSessionID>'
    )
    answer = post(rig, message, version, prolog)
    assert answer.status_code == (400 if version == "1.2" else 500)
    assert "A document type is not allowed" in answer.text
    assert "GetSessionIDResult" not in answer.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not well-formed"),
        (b"<a", "not well-formed"),
        (b"\x00\xff", "not well-formed"),
        (b"<a>" * 1000 + b"</a>" * 1000, "not well-formed"),
        (b"<a/>", "not a SOAP"),
        (b'<Envelope xmlns="urn:x"/>', "not a SOAP"),
        (f'<Envelope xmlns="{SOAP["1.2"]}"/>'.encode(), "no message"),
        (f'<Envelope xmlns="{SOAP["1.2"]}"><Body/></Envelope>'.encode(), "no message"),
        (f'<Envelope xmlns="{SOAP["1.2"]}"><Body><x/></Body></Envelope>'.encode(), "not of this service"),
        (
            f'<Envelope xmlns="{SOAP["1.2"]}"><Body><x xmlns="{NS}"/></Body></Envelope>'.encode(),
            "no such operation",
        ),
        (LONG.encode(), "larger than 64 KiB"),
    ],
)
def test_what_is_no_request_is_the_callers_fault(rig: Rig, body: bytes, words: str) -> None:
    answer = rig.client.post("/soap/imsi", data=body, content_type=MEDIA["1.2"])
    assert answer.status_code == 400
    assert "<soap:Value>soap:Sender</soap:Value>" in answer.text
    assert words in answer.text
