"""What a request says of its caller: API key, address, idempotency key, request id; judges none of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

from security_service.domain.secret import Secret
from security_service.web.auth import bearer_key

Environ = dict[str, Any]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IDEMPOTENCY_KEY: Final = re.compile(r"[!-~]{1,255}")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_KEY_HEADERS: Final = ("HTTP_X_APIKEY", "HTTP_X_API_KEY")
_LONGEST_KEY: Final = 256
_REMEMBERED: Final = 4096


def api_key(environ: Environ) -> Secret | None:
    """Give the API key of a request (Devino manual 18.1; also as ServiceStack's own clients send it)."""
    for header in _KEY_HEADERS:
        key: str = environ.get(header, "")
        if key:
            return Secret(key) if len(key) <= _LONGEST_KEY else None
    return bearer_key(environ.get("HTTP_AUTHORIZATION", ""))


def idempotency_key(environ: Environ) -> str | None:
    """Give the `Idempotency-Key`, empty where there is none, None where it is no such key."""
    key: str | None = environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return ""
    return key if _IDEMPOTENCY_KEY.fullmatch(key) else None


def given_request_id(environ: Environ) -> str:
    """Give the caller's `X-Request-Id` for logs, empty where there is none that may stand there."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if given and _REQUEST_ID.fullmatch(given) else ""


class ClientAddresses:
    """Finds the client's address behind the proxies that are trusted to tell it."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        self._remembered = lru_cache(_REMEMBERED)(self._find)

    def of(self, environ: Environ) -> str:
        """Give the rightmost address that is not a trusted proxy's; empty where none is known.

        `X-Forwarded-For` counts only where a trusted proxy hands it over; an entry that is no
        address ends the search at the proxy that wrote it.
        """
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "") if self._trusted else ""
        return self._remembered(environ.get("REMOTE_ADDR") or "", forwarded)

    def is_hidden(self, environ: Environ) -> bool:
        """True where a proxy that is not trusted stands between, so that nobody knows the client."""
        if "HTTP_X_FORWARDED_FOR" not in environ and "HTTP_FORWARDED" not in environ:
            return False
        remote = read_address(environ.get("REMOTE_ADDR") or "")
        return remote is None or not self._trusts(remote)

    def _find(self, remote: str, forwarded: str) -> str:
        client = read_address(remote)
        if client is None:
            return ""
        for entry in reversed(forwarded.split(",")):
            if not self._trusts(client):
                break
            hop = read_address(entry)
            if hop is None:
                break
            client = hop
        return str(client)

    def _trusts(self, address: Address) -> bool:
        return within(address, self._trusted)


def within(address: Address, networks: Sequence[Network]) -> bool:
    """Tell whether an address is in one of the networks."""
    return any(address in network for network in networks)


def read_address(text: str) -> Address | None:
    """Read an address as headers write it (`1.2.3.4:80`, `[2001:db8::1]:80`); None where it is none.

    An IPv4 address that comes as IPv6 (`::ffff:1.2.3.4`) is the same client.
    """
    written = text.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
