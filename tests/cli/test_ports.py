from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import click
import pytest

from security_service.cli.ports import answers_ok, refuse_taken_port, url_of


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        # As the web server does.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening


def test_a_taken_port_is_one_sentence_that_says_what_to_do(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(click.ClickException) as raised:
        refuse_taken_port("127.0.0.1", port, "--port")
    assert raised.value.exit_code == 1
    assert f"port {port} on 127.0.0.1" in raised.value.message
    assert raised.value.message.endswith("give another one with --port")


def test_an_address_of_another_machine_is_refused_likewise() -> None:
    with pytest.raises(click.ClickException, match="cannot be used"):
        refuse_taken_port("192.0.2.1", 8080, "--port")


def test_a_port_that_was_just_left_is_free(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = listener.accept()
        accepted.close()
        listener.close()
        assert client.recv(1) == b""
    refuse_taken_port("127.0.0.1", port, "--port")
    assert not answers_ok("127.0.0.1", port, "/readyz")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - nothing is bound here
        ("::", "http://[::1]:80"),
        ("10.1.2.3", "http://10.1.2.3:80"),
    ],
)
def test_a_server_on_every_address_is_reached_on_this_machine(host: str, url: str) -> None:
    assert url_of(host, 80) == url


@pytest.mark.parametrize(("status", "ok"), [(200, True), (503, False)])
def test_only_200_is_an_answer_of_a_ready_service(status: int, ok: bool) -> None:  # noqa: FBT001 - a table of cases
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        assert answers_ok("127.0.0.1", server.server_port, "/readyz") is ok
        thread.join()
