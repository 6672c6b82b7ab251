"""A switch (MSC/VLR) as an HLR sees it: registers subscribers and forgets them, over Osmocom's GSUP."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import Self

from tests.counterparts.osmo_hlr.program import GSUP_PORT

_CCM, _OSMO, _GSUP = 0xFE, 0xEE, 0x05
_ID_GET, _ID_RESP = 0x04, 0x05
_SERIAL, _UNIT_NAME, _UNIT_ID = 0x00, 0x01, 0x08

UPDATE_LOCATION, LOCATION_ERROR, LOCATION_UPDATED = 0x04, 0x05, 0x06
PURGE_MS, MS_PURGED = 0x0C, 0x0E
INSERT_DATA, DATA_INSERTED = 0x10, 0x12
_IMSI_IE, _CN_DOMAIN_IE, _CIRCUIT_SWITCHED = 0x01, 0x28, 2


class Switch:
    """One switch by the name that the HLR shall know it by."""

    def __init__(self, address: str, name: str) -> None:
        self.name = name
        self._link = socket.create_connection((address, GSUP_PORT), 5.0)
        self._stream = self._link.makefile("rb")

    def __enter__(self) -> Self:
        """Say who it is, when it is asked."""
        while True:
            protocol, payload = self._read()
            if protocol == _CCM and payload[0] == _ID_GET:
                named = self.name.encode() + b"\x00"
                values = ((_UNIT_ID, b"0/0/0\x00"), (_UNIT_NAME, named), (_SERIAL, named))
                told = b"".join(struct.pack("!HB", len(value) + 1, tag) + value for tag, value in values)
                self._write(_CCM, bytes([_ID_RESP]) + told)
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._link.close()

    def register(self, imsi: str) -> bool:
        """Let a subscriber register here; False where the HLR does not know the SIM."""
        domain = bytes([_CN_DOMAIN_IE, 1, _CIRCUIT_SWITCHED])
        self._say(UPDATE_LOCATION, imsi, domain)
        while True:
            kind = self._hear()
            if kind == INSERT_DATA:
                self._say(DATA_INSERTED, imsi, domain)
            elif kind in {LOCATION_UPDATED, LOCATION_ERROR}:
                return kind == LOCATION_UPDATED

    def forget(self, imsi: str) -> None:
        """Tell the HLR that a subscriber has been out of reach for long."""
        self._say(PURGE_MS, imsi, bytes([_CN_DOMAIN_IE, 1, _CIRCUIT_SWITCHED]))
        while self._hear() != MS_PURGED:
            pass

    def _say(self, kind: int, imsi: str, rest: bytes) -> None:
        packed = _bcd(imsi)
        message = bytes([kind, _IMSI_IE, len(packed)]) + packed + rest
        self._write(_OSMO, bytes([_GSUP]) + message)

    def _hear(self) -> int:
        while True:
            protocol, payload = self._read()
            if protocol == _OSMO and payload[0] == _GSUP:
                return payload[1]

    def _write(self, protocol: int, payload: bytes) -> None:
        self._link.sendall(struct.pack("!HB", len(payload), protocol) + payload)

    def _read(self) -> tuple[int, bytes]:
        length, protocol = struct.unpack("!HB", self._stream.read(3))
        return protocol, self._stream.read(length)


def _bcd(digits: str) -> bytes:
    """Digits as the network packs them: two in a byte, the first in its lower half, filled up with 0xF."""
    padded = digits + "F" * (len(digits) % 2)
    return bytes(int(padded[at + 1] + padded[at], 16) for at in range(0, len(padded), 2))
