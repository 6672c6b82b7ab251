from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from security_service.links.http_answer import HttpAnswer, NoReply, NoReplyReason, NotSent, NotSentReason
from security_service.links.http_link import HttpLink
from tests.links.peer import Answer, Drip, Peer, Reply, Request, Reset, as_json

WITHIN_S = 5.0
SOON_S = 0.2
LATE_S = 0.3


class Certificate:
    """A self-signed certificate of one address, on disk as a server and as a CA file."""

    def __init__(self, folder: Path, address: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.ca_file = folder / f"{address}.pem"
        self.ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key_file = folder / f"{address}.key"
        key_file.write_bytes(private)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.ca_file, key_file)


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path, "127.0.0.1")


def test_a_peer_with_a_trusted_certificate_is_spoken_to_over_one_connection(certificate: Certificate) -> None:
    with Peer(lambda _: as_json(["1"]), certificate.context) as peer:
        link = HttpLink(peer.url, ca_file=str(certificate.ca_file))
        replies = [link.post_form("/", {"a": "b"}, WITHIN_S) for _ in range(3)]
        assert [isinstance(reply, HttpAnswer) for reply in replies] == [True, True, True]
        assert [request.connection for request in peer.requests] == [1, 1, 1]


def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(
    certificate: Certificate,
) -> None:
    with Peer(lambda _: as_json(["1"]), certificate.context) as peer:
        assert HttpLink(peer.url).post_form("/", {"a": "b"}, WITHIN_S) == NotSent(NotSentReason.TLS_FAILED)
        assert peer.requests == []


def test_a_certificate_of_another_address_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    other = Certificate(tmp_path, "127.0.0.2")
    with Peer(lambda _: as_json(["1"]), other.context) as peer:
        link = HttpLink(peer.url, ca_file=str(other.ca_file))
        assert link.post_form("/", {"a": "b"}, WITHIN_S) == NotSent(NotSentReason.TLS_FAILED)
        assert peer.requests == []


def test_a_peer_that_accepts_and_never_shakes_hands_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        link = HttpLink(f"https://127.0.0.1:{mute.getsockname()[1]}", connect_s=SOON_S)
        started = time.monotonic()
        assert link.post_form("/", {"a": "b"}, WITHIN_S) == NotSent(NotSentReason.CONNECT_TIMEOUT)
        assert time.monotonic() - started < SOON_S + LATE_S


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 100), NoReplyReason.TIMEOUT),
        (Reset(), NoReplyReason.CONNECTION_LOST),
    ],
)
def test_what_was_written_under_tls_may_have_left(
    certificate: Certificate, reply: Reply, reason: NoReplyReason
) -> None:
    with Peer(lambda _: reply, certificate.context) as peer:
        link = HttpLink(peer.url, ca_file=str(certificate.ca_file))
        started = time.monotonic()
        assert link.post_form("/", {"a": "b"}, SOON_S) == NoReply(reason)
        assert time.monotonic() - started < SOON_S + LATE_S


def test_a_kept_connection_that_the_peer_closed_is_noticed_before_it_is_used(
    certificate: Certificate,
) -> None:
    def script(request: Request) -> Reply:
        return Answer(b"[]", close=request.connection == 1)

    with Peer(script, certificate.context) as peer:
        link = HttpLink(peer.url, ca_file=str(certificate.ca_file))
        assert isinstance(link.post_form("/one", {}, WITHIN_S), HttpAnswer)
        assert peer.hung_up.wait(WITHIN_S)
        assert isinstance(link.post_form("/two", {}, WITHIN_S), HttpAnswer)
        assert [request.path for request in peer.requests] == ["/one", "/two"]
