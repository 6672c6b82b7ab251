"""Messages of syslog over TLS, TCP and UDP to a receiver that reads strictly, and to one that does not."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from security_service.domain.audit import canonical
from security_service.domain.forwarded_syslog import as_cef, as_syslog
from security_service.domain.forwarding import ForwardedEvent, Numbers, forwarded
from security_service.domain.forwarding_ports import Delivered, NotDelivered
from security_service.links.syslog_link import SyslogLink, SyslogProtocol
from security_service.links.syslog_link import SyslogReceiver as Target
from tests.domain.strict_syslog import read_cef
from tests.links.syslog_receiver import SyslogReceiver
from tests.links.test_http_tls import Certificate

SOON_S = 0.3


def events(*leaves: int, size: int = 0) -> list[ForwardedEvent]:
    return [
        forwarded(
            leaf,
            canonical(
                {
                    "at": 1_700_000_000_000 + leaf,
                    "facts": {"filling": "x" * size, "reason": 'потому\nчто ]"\\'},
                    "kind": "mode_set",
                    "outcome": {},
                    "seq": leaf,
                    "shard": "s001",
                    "subject": {"number": "79031234567", "tenant": "bank"},
                    "v": 1,
                }
            ),
            Numbers.MASKED,
        )
        for leaf in leaves
    ]


def link(receiver: SyslogReceiver, protocol: str = "tcp", ca_file: Path | None = None) -> SyslogLink:
    target = Target("127.0.0.1", receiver.port, SyslogProtocol(protocol), ca_file=str(ca_file or ""))
    return SyslogLink(target, as_syslog, facility=13)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


@pytest.mark.parametrize("protocol", ["tcp", "tls", "udp"])
def test_events_arrive_whole_and_in_order(protocol: str, certificate: Certificate) -> None:
    tls = certificate.context if protocol == "tls" else None
    with SyslogReceiver(tls=tls, udp=protocol == "udp") as receiver:
        one = link(receiver, protocol, certificate.ca_file)
        assert one.deliver(events(1, 2, 3)) == Delivered(3)
        assert one.deliver(events(4)) == Delivered(1)
        receiver.wait_for(4)
        one.close()
    assert (receiver.leaves, receiver.faults) == ([1, 2, 3, 4], [])
    assert receiver.connections == (0 if protocol == "udp" else 1)
    assert receiver.messages[0].msgid == "mode_set"


def test_cef_goes_the_same_way() -> None:
    with SyslogReceiver() as receiver:
        target = Target("localhost", receiver.port, SyslogProtocol.TCP)
        one = SyslogLink(target, as_cef, facility=16)
        assert one.deliver(events(1)) == Delivered(1)
        (message,) = receiver.wait_for(1)
        one.close()
    assert message.pri >> 3 == 16
    assert read_cef(message.text.decode()).pairs["externalId"] == "s001-1"


def test_a_datagram_holds_one_message_and_is_short() -> None:
    with SyslogReceiver(udp=True) as receiver:
        one = link(receiver, "udp")
        assert one.deliver(events(1, 2, size=10_000)) == Delivered(2)
        receiver.wait_for(2)
        one.close()
    assert [b'"cut":true' in message.text for message in receiver.messages] == [True, True]


def test_a_receiver_that_was_started_anew_loses_nothing() -> None:
    with SyslogReceiver() as receiver:
        one = link(receiver)
        assert one.deliver(events(1)) == Delivered(1)
        receiver.wait_for(1)
        receiver.hang_up()
        assert one.deliver(events(2)) == Delivered(1)
        receiver.wait_for(2)
        one.close()
    assert (receiver.leaves, receiver.connections) == ([1, 2], 2)


def test_a_connection_that_is_torn_down_amid_a_batch_delivered_none_of_it() -> None:
    with SyslogReceiver(hang_up_after=1) as receiver:
        one = link(receiver)
        assert one.deliver(events(*range(300), size=4000)) == NotDelivered("connection_lost")
        receiver.hang_up_after = 0
        assert isinstance(one.deliver(events(*range(100))), Delivered)
        receiver.wait_for_leaf(99)
        one.close()
    assert list(dict.fromkeys(receiver.leaves)) == list(range(100))


def test_a_receiver_that_reads_nothing_costs_the_deadline_and_no_more() -> None:
    with SyslogReceiver(deaf=True) as receiver:
        target = Target("127.0.0.1", receiver.port, SyslogProtocol.TCP)
        one = SyslogLink(target, as_syslog, facility=13, within_s=SOON_S)
        begun = time.monotonic()
        outcomes = [one.deliver(events(*range(200), size=7000)) for _ in range(4)]
        spent = time.monotonic() - begun
        one.close()
    assert NotDelivered("timeout") in outcomes
    assert spent < 4 * SOON_S + 5


def test_a_batch_is_cut_to_what_a_deadline_is_fair_for() -> None:
    with SyslogReceiver() as receiver:
        target = Target("127.0.0.1", receiver.port, SyslogProtocol.TCP)
        one = SyslogLink(target, as_syslog, facility=13, within_s=60.0)
        outcome = one.deliver(events(*range(1000), size=7000))
        assert isinstance(outcome, Delivered)
        receiver.wait_for(outcome.count)
        one.close()
    assert 100 < outcome.count < 200


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_nobody_there_is_told_with_a_reason(protocol: str) -> None:
    one = SyslogLink(
        Target("127.0.0.1", free_port(), SyslogProtocol(protocol)), as_syslog, facility=13, within_s=SOON_S
    )
    assert one.deliver(events(1)) == NotDelivered("connect_failed")


def test_a_receiver_of_an_unknown_authority_gets_nothing(certificate: Certificate) -> None:
    with SyslogReceiver(tls=certificate.context) as receiver:
        assert link(receiver, "tls").deliver(events(1)) == NotDelivered("tls_failed")
    assert receiver.messages == []


def test_a_receiver_that_asks_for_a_certificate_gets_ours(certificate: Certificate, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    own = Certificate(ours, "127.0.0.2")
    certificate.context.verify_mode = ssl.CERT_REQUIRED
    certificate.context.load_verify_locations(own.ca_file)
    with SyslogReceiver(tls=certificate.context) as receiver:
        bare = link(receiver, "tls", certificate.ca_file)
        assert isinstance(bare.deliver(events(*range(50), size=4000)), NotDelivered)
        bare.close()
        target = Target(
            "127.0.0.1",
            receiver.port,
            SyslogProtocol.TLS,
            ca_file=str(certificate.ca_file),
            certificate_file=str(own.ca_file),
            private_key_file=str(own.ca_file.with_suffix(".key")),
        )
        one = SyslogLink(target, as_syslog, facility=13)
        assert one.deliver(events(7)) == Delivered(1)
        receiver.wait_for_leaf(7)
        one.close()
    assert receiver.leaves == [7]
