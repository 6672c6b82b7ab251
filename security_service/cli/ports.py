"""Whether ports are free and where a server on them is reached; listens to nothing itself."""

from __future__ import annotations

import http.client
import socket
from typing import Final

import click

_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, never bound to
_ANSWER_S: Final = 2.0


def refuse_taken_port(host: str, port: int, option: str) -> None:
    """Raise ClickException where something listens on a port already; `option` is how to give another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections that have just ended do not keep a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # A second listener would be let in where the first one shares its port (SO_REUSEPORT).
            probe.listen(1)
        except OSError as error:
            raise click.ClickException(
                f"port {port} on {host} cannot be used ({error.strerror}); give another one with {option}"
            ) from None


def reached_at(host: str) -> str:
    """Give the address under which a server that listens on `host` is reached from this machine."""
    return _ANY.get(host, host)


def url_of(host: str, port: int) -> str:
    """Give the URL of a server on this machine."""
    reached = reached_at(host)
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def listens(host: str, port: int) -> bool:
    """Tell whether somebody takes connections on a port."""
    try:
        with socket.create_connection((reached_at(host), port), _ANSWER_S):
            return True
    except OSError:
        return False


def answers_ok(host: str, port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    connection = http.client.HTTPConnection(reached_at(host), port, timeout=_ANSWER_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
