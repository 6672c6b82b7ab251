"""Posts CloudEvents to addresses that clients name, and to none inside the house; decides nothing else.

CloudEvents HTTP binding 1.0.2, structured mode. Redirects are not followed.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Final

from security_service.domain.audit import Json
from security_service.domain.secret import Secret
from security_service.domain.swap_subscriptions import SinkEnd
from security_service.links.http_answer import HttpAnswer
from security_service.links.http_link import HttpLink, checked_base_url
from security_service.links.http_open import Address, system_addresses

_WITHIN_S: Final = 5.0
_BODY_LIMIT: Final = 64 * 1024
_LONGEST: Final = 2048
_GONE: Final = 410


class SinkLink:
    """Implements Sink. `private` lets letters go to addresses inside the house, and by http on loopback."""

    def __init__(self, *, private: bool) -> None:
        self._private = private

    def is_allowed(self, sink: str) -> bool:
        """Tell whether an address is one that letters may go to: https, no login, no query, public."""
        if len(sink) > _LONGEST:
            return False
        try:
            parts = checked_base_url(sink, plain_http=False)
        except ValueError:
            return False
        host = parts.hostname or ""
        return self._private or (parts.scheme == "https" and host != "localhost" and _may_be_public(host))

    def send(self, sink: str, event: Mapping[str, Json], token: Secret | None) -> SinkEnd:
        """Post one event within seconds; an address that is not allowed any more takes nothing."""
        if not self.is_allowed(sink):
            return SinkEnd.NOT_TAKEN
        # A name is judged by the address that is used, for it may lead elsewhere at each question.
        resolve = system_addresses if self._private else public_addresses
        headers = {"Content-Type": "application/cloudevents+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        link = HttpLink(sink, body_limit=_BODY_LIMIT, resolve=resolve)
        reply = link.post("", json.dumps(event).encode(), headers, _WITHIN_S)
        link.close()
        if not isinstance(reply, HttpAnswer):
            return SinkEnd.NOT_TAKEN
        if 200 <= reply.status < 300:
            return SinkEnd.TAKEN
        return SinkEnd.GONE if reply.status == _GONE else SinkEnd.NOT_TAKEN


def public_addresses(host: str) -> tuple[Address, ...]:
    """Give the public ones of a name's addresses; raises OSError where there is no such name."""
    return tuple(one for one in system_addresses(host) if is_public(one[1]))


def is_public(address: str) -> bool:
    """Tell whether an address is one of the Internet's; one that embeds another is judged by that."""
    told = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(told, ipaddress.IPv6Address):
        inner = told.ipv4_mapped or told.sixtofour or (told.teredo[1] if told.teredo else None)
        if inner is not None:
            return is_public(str(inner))
    return told.is_global and not told.is_multicast


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return True  # a name: it is judged when it is used
