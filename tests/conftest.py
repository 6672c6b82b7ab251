"""What every test may ask for: a real embedded store. Refuses every connection off this machine."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator

import hypothesis
import pytest
import redis

from security_service.store.embedded import EmbeddedValkey, Fsync

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


def _is_local(host: object) -> bool:
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_the_network(event: str, args: tuple[object, ...]) -> None:
    """Fail the test that would speak with the outside; a name that must be looked up is outside too."""
    if event in _CONNECTING:
        address = args[1]  # (socket, address); a path or nothing for sockets that have no host
        host = address[0] if isinstance(address, tuple) else None
    elif event in _RESOLVING:
        host = args[0]
    else:
        return
    if not _is_local(host):
        pytest.fail(f"{event} to {host!r}: tests speak only with this machine")


def pytest_configure() -> None:
    """Install the guard; an audit hook stays for the process, which ends with the tests."""
    sys.addaudithook(_refuse_the_network)


# how long an example takes says more of the machine than of the code
hypothesis.settings.register_profile("etalon", deadline=None)
hypothesis.settings.load_profile("etalon")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """One real store a test process, so that parallel processes never meet. Not flushed: see `redis_url`."""
    with EmbeddedValkey(tmp_path_factory.mktemp("valkey"), fsync=Fsync.EVERY_SECOND) as server:
        yield server


@pytest.fixture
def redis_url(valkey: EmbeddedValkey) -> str:
    """Address of an empty store."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url
