from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest
from zeep.exceptions import ExternalReferenceForbidden

from security_service.links.http_answer import NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.http_link import HttpLink
from security_service.links.soap import SoapFault, SoapLink, SoapResult, SoapVersion
from tests.links.imsi_service import (
    FOUND,
    IMSI,
    LOGIN,
    PASSWORD,
    REASON,
    SOAP_11,
    SOAP_12,
    Fault,
    ImsiService,
    envelope,
    imsi_answer,
)
from tests.links.peer import Answer, Drip, Peer, Raw, Reply, Request, Reset, Silence

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3
WSDL = files("security_service.lookups").joinpath("imsi_soap.wsdl").read_bytes()
ACCOUNT = {"login": LOGIN, "password": PASSWORD}


def ask(number: str) -> dict[str, str]:
    return {"sessionID": "s", "destinationAddress": number}


@pytest.fixture
def service() -> ImsiService:
    return ImsiService(valid_session="s")


@pytest.fixture
def peer(service: ImsiService) -> Iterator[Peer]:
    with Peer(service) as serving:
        yield serving


def link_to(peer: Peer, version: SoapVersion = SoapVersion.SOAP_12) -> SoapLink:
    return SoapLink(WSDL, HttpLink(f"{peer.url}/soap/imsi"), version)


@pytest.mark.parametrize(
    ("version", "media"),
    [(SoapVersion.SOAP_11, "text/xml"), (SoapVersion.SOAP_12, "application/soap+xml")],
)
def test_an_operation_is_called_in_the_version_asked_for(
    peer: Peer, version: SoapVersion, media: str
) -> None:
    link = link_to(peer, version)
    assert link.call("GetSessionID", ACCOUNT, WITHIN_S) == SoapResult("session-1")
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/soap/imsi")
    assert request.headers["content-type"].startswith(media)


def test_a_result_with_members_is_given_by_name_and_type(peer: Peer) -> None:
    result = link_to(peer).call("GetImsi", ask("79031234567"), WITHIN_S)
    assert result == SoapResult({**FOUND, "Roaming": False, "Live": True})


@pytest.mark.parametrize("version", SoapVersion)
def test_a_fault_gives_the_leaves_of_its_detail(
    peer: Peer, service: ImsiService, version: SoapVersion
) -> None:
    service.imsi = Fault("27", "AbsentSubscriber")
    fault = link_to(peer, version).call("GetImsi", ask("79031234567"), WITHIN_S)
    assert fault == SoapFault({"Code": "27", "Name": "AbsentSubscriber"}, REASON)


@pytest.mark.parametrize(
    ("version", "code", "by_caller"),
    [
        (SoapVersion.SOAP_12, "s:Sender", True),
        (SoapVersion.SOAP_12, "s:Receiver", False),
        (SoapVersion.SOAP_11, "s:Client", True),
        (SoapVersion.SOAP_11, "Client.Authentication", True),
        (SoapVersion.SOAP_11, "s:Server", False),
        (SoapVersion.SOAP_11, "", False),
    ],
)
def test_a_fault_tells_whose_fault_it_is(
    peer: Peer, service: ImsiService, version: SoapVersion, code: str, *, by_caller: bool
) -> None:
    bodies = {
        SoapVersion.SOAP_12: f"<s:Fault><s:Code><s:Value>{code}</s:Value></s:Code></s:Fault>",
        SoapVersion.SOAP_11: f"<s:Fault><faultcode>{code}</faultcode></s:Fault>",
    }
    namespace = SOAP_12 if version is SoapVersion.SOAP_12 else SOAP_11
    service.imsi = envelope(namespace, bodies[version], 500)
    fault = link_to(peer, version).call("GetImsi", ask("79031234567"), WITHIN_S)
    assert fault == SoapFault({}, "", by_caller=by_caller)


DOCTYPE = '<!DOCTYPE s:Envelope [<!ENTITY e "boom">]>'
BOMB = envelope(SOAP_12, "<x>&e;</x>").body.replace(b"<s:Envelope", DOCTYPE.encode() + b"<s:Envelope", 1)
MALFORMED_SUBCODE = envelope(
    SOAP_12, "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode/></s:Code></s:Fault>", 500
)
UNBOUND_SUBCODE = envelope(
    SOAP_12,
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>rpc:BadArguments</s:Value></s:Subcode>"
    "</s:Code></s:Fault>",
    500,
)
XML = {"Content-Type": "application/soap+xml"}


@pytest.mark.parametrize(
    "reply",
    [
        Answer(BOMB, headers=XML),
        Answer(b"<html><body>Sorry</body></html>", 500, {"Content-Type": "text/html"}),
        Answer(b"<html><body>Sorry</body></html>", 200, XML),
        Answer(b"", headers=XML),
        Answer(b"", 503, XML),
        Answer(b"\x00\xff", headers=XML),
        Answer(envelope(SOAP_12, "").body, headers=XML),
        Answer(envelope("urn:other", "").body, headers=XML),
        Answer(b"--b\r\n\r\n--b--", headers={"Content-Type": "multipart/related; type=application/xop+xml"}),
        MALFORMED_SUBCODE,
        UNBOUND_SUBCODE,
    ],
)
def test_whatever_a_broken_answer_trips_over_ends_as_no_reply(
    peer: Peer, service: ImsiService, reply: Reply
) -> None:
    service.imsi = reply
    assert link_to(peer).call("GetImsi", ask("79031234567"), WITHIN_S) == NoReply(NoReplyReason.BROKEN_ANSWER)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reset(), NoReplyReason.CONNECTION_LOST),
        (Raw(b"what?"), NoReplyReason.BROKEN_ANSWER),
        (Answer(status=302), NoReplyReason.REDIRECTED),
    ],
)
def test_what_the_link_says_in_place_of_an_answer_is_passed_on(
    peer: Peer, service: ImsiService, reply: Reply, reason: NoReplyReason
) -> None:
    service.imsi = reply
    assert link_to(peer).call("GetImsi", ask("79031234567"), WITHIN_S) == NoReply(reason)


@pytest.mark.parametrize("reply", [Silence(), Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100)])
def test_the_deadline_holds_for_the_whole_call(peer: Peer, service: ImsiService, reply: Reply) -> None:
    service.imsi = reply
    link = link_to(peer)
    started = time.monotonic()
    assert link.call("GetImsi", ask("79031234567"), SOON_S) == NoReply(NoReplyReason.TIMEOUT)
    assert time.monotonic() - started < SOON_S + LATE_S


def test_without_time_nothing_is_sent(peer: Peer) -> None:
    assert link_to(peer).call("GetSessionID", ACCOUNT, 0.0) == NotSent(NotSentReason.NO_TIME)
    assert peer.requests == []


def test_threads_share_one_link_and_each_gets_its_own_answer() -> None:
    def echo(request: Request) -> Reply:
        number = request.body.split(b"destinationAddress>")[1][:11].decode()
        return imsi_answer(SOAP_12, {**FOUND, "Imsi": number})

    with Peer(echo) as peer:
        link = link_to(peer)
        numbers = [f"7903{number:07}" for number in range(100)]
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda number: link.call("GetImsi", ask(number), WITHIN_S), numbers))
    seen = [
        reply.value["Imsi"]
        for reply in replies
        if isinstance(reply, SoapResult) and isinstance(reply.value, dict)
    ]
    assert seen == numbers


def test_nothing_is_printed_or_logged_of_what_was_said(
    peer: Peer, service: ImsiService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    link = link_to(peer)
    printed = repr(link.call("GetImsi", ask("79031234567"), WITHIN_S))
    service.imsi = Fault("1", "79031234567")
    printed += repr(link.call("GetImsi", ask("79031234567"), WITHIN_S))
    printed += repr(link.call("GetSessionID", ACCOUNT, WITHIN_S))
    for secret in (IMSI, PASSWORD, "79031234567", "session-1"):
        assert secret not in printed + caplog.text


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/x.wsdl", "file:///etc/hosts", "/etc/hosts"])
def test_a_wsdl_that_would_load_another_document_is_refused(location: str) -> None:
    importing = f'<wsdl:import namespace="urn:x" location="{location}"/><wsdl:types>'.encode()
    with pytest.raises((PermissionError, ExternalReferenceForbidden)):
        SoapLink(
            WSDL.replace(b"<wsdl:types>", importing), HttpLink("http://127.0.0.1:1"), SoapVersion.SOAP_12
        )


def test_a_wsdl_without_a_binding_of_the_version_is_refused() -> None:
    only_11 = WSDL[: WSDL.index(b'<wsdl:binding name="ImsiServiceSoap12"')] + b"</wsdl:definitions>"
    with pytest.raises(ValueError, match=r"no binding for SOAP 1\.2"):
        SoapLink(only_11, HttpLink("http://127.0.0.1:1"), SoapVersion.SOAP_12)
