"""Habit 11: a test speaks with this machine only, and one that would not is stopped."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

OUTSIDE = "192.0.2.1"  # reserved for documentation, RFC 5737: nobody answers there


def test_a_connection_to_the_outside_is_refused() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="only with this machine"):
        outside.connect((OUTSIDE, 443))


def test_a_datagram_to_the_outside_is_refused() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as outside,
        pytest.raises(pytest.fail.Exception, match="only with this machine"),
    ):
        outside.sendto(b"", (OUTSIDE, 53))


def test_a_name_of_the_outside_is_not_looked_up() -> None:
    with pytest.raises(pytest.fail.Exception, match="only with this machine"):
        socket.getaddrinfo("provider.example", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost"])
def test_loopback_is_reached(host: str) -> None:
    with socket.create_server((host, 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_a_unix_socket_is_reached(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        assert client.getpeername() == path
