"""A provider that answers at once, or after a set pause: Devino REST v2 `Sms/Send` and the IMSI web service.

It knows just enough of both protocols to be believed, costs little, and counts how many sends wait in it
at once. `GET /stub/counts` tells the counts; `POST /stub/pause?seconds=1` sets the pause of a send and
forgets the counts.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from benchmarks.subjects import imsi

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ADDRESS: Final = re.compile(rb"destinationAddress>([0-9]+)<")
_ENVELOPE: Final = (
    '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body>'
    "{answer}</soap:Body></soap:Envelope>"
)
_SESSION: Final = (
    '<GetSessionIDResponse xmlns="urn:etalon:imsi:1"><GetSessionIDResult>stub-session-1'
    "</GetSessionIDResult></GetSessionIDResponse>"
)
_IMSI: Final = (
    '<GetImsiResponse xmlns="urn:etalon:imsi:1"><GetImsiResult><Imsi>{imsi}</Imsi>'
    "<Switch>79160000001</Switch><Operator>25001</Operator><OperatorName>Stub</OperatorName>"
    "<Country>RU</Country><Roaming>false</Roaming><Live>true</Live></GetImsiResult></GetImsiResponse>"
)


@dataclass(slots=True)
class Counts:
    """What the stub saw since its pause was last set; `waiting` and `peak` are sends in it at once."""

    sends: int = 0
    looks: int = 0
    waiting: int = 0
    peak: int = 0


class Provider:
    """What all connections share: the pause of a send in seconds, and the counts."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        self.counts = Counts()

    def answer(self, path: str, body: bytes) -> tuple[str, bytes]:
        """Give content type and body of the answer to a request that is not a send."""
        if path == "/soap/imsi":
            return "application/soap+xml; charset=utf-8", self._soap(body)
        where = urlsplit(path)
        if where.path == "/stub/pause":
            self.pause_s = float(parse_qs(where.query)["seconds"][0])
            self.counts = Counts()
        counts = {name: getattr(self.counts, name) for name in Counts.__slots__}
        return "application/json", json.dumps(counts).encode()

    def _soap(self, body: bytes) -> bytes:
        found = _ADDRESS.search(body)
        if found is None:
            return _ENVELOPE.format(answer=_SESSION).encode()
        self.counts.looks += 1
        return _ENVELOPE.format(answer=_IMSI.format(imsi=imsi(found[1].decode()))).encode()


class Connection(asyncio.Protocol):
    """One kept connection, a request at a time."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = transport if isinstance(transport, asyncio.Transport) else None

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request and answer it once it is whole."""
        received = self._received + data if self._received else data
        head, blank, body = received.partition(b"\r\n\r\n")
        found = _LENGTH.search(head) if blank else None
        if not blank or len(body) < (int(found[1]) if found else 0):
            self._received = received
            return
        self._received = b""
        path = head.split(b" ", 2)[1].decode("latin-1")
        if path == "/rest/v2/Sms/Send":
            self._send()
        else:
            self._write(*self._provider.answer(path, body))

    def _send(self) -> None:
        counts = self._provider.counts
        counts.sends += 1
        counts.waiting += 1
        counts.peak = max(counts.peak, counts.waiting)
        answer = f'["GW{counts.sends:010d}"]'.encode()
        if self._provider.pause_s:
            loop = asyncio.get_running_loop()
            loop.call_later(self._provider.pause_s, self._sent, counts, answer)
        else:
            self._sent(counts, answer)

    def _sent(self, counts: Counts, answer: bytes) -> None:
        counts.waiting -= 1
        self._write("application/json", answer)

    def _write(self, content_type: str, body: bytes) -> None:
        if self._transport is not None:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)


async def serve(port: int) -> None:
    """Answer on loopback until SIGTERM."""
    loop, provider, ended = asyncio.get_running_loop(), Provider(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    server = await loop.create_server(lambda: Connection(provider), "127.0.0.1", port, backlog=4096)
    async with server:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
