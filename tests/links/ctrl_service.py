"""A register that speaks osmo-hlr's control port as far as lookups ask; what it knows a test writes down."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

NO_SUBSCRIBER = "No such subscriber."
Respond = Callable[[str, str], list[bytes]]
"""From the id and the variable of a question to the frames that answer it."""


@dataclass
class Sim:
    """A subscription as the register holds it."""

    imsi: str
    msisdn: str
    vlr_number: str = ""
    purged: bool = False
    nam_cs: bool = True

    def info(self) -> str:
        """The answer to `info`, line by line as osmo-hlr 1.5.0 gives it."""
        members = {
            "id": "1",
            "imsi": self.imsi,
            "msisdn": self.msisdn,
            "nam_cs": str(int(self.nam_cs)),
            "nam_ps": "1",
            **({"vlr_number": self.vlr_number} if self.vlr_number else {}),
            "ms_purged_cs": str(int(self.purged)),
            "ms_purged_ps": "0",
            "periodic_lu_timer": "0",
            "periodic_rau_tau_timer": "0",
            "lmsi": "00000000",
        }
        return "\n" + "\n".join(f"{name}\t{value}" for name, value in members.items())


def frame(said: str, protocol: int = 0xEE, extension: int = 0x00) -> bytes:
    payload = bytes([extension]) + said.encode("ascii")
    return struct.pack("!HB", len(payload), protocol) + payload


@dataclass
class CtrlHlr:
    """Serves on 127.0.0.1 in threads of its own.

    `sims` are found by number. `respond` answers in place of what is known; an empty list answers
    nothing. `before` is called ahead of each answer: what happens in the network meanwhile.
    """

    sims: dict[str, Sim] = field(default_factory=dict)
    respond: Respond | None = None
    before: Callable[[str], None] | None = None
    asked: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def put(self, imsi: str, msisdn: str, vlr_number: str = "") -> None:
        """Give a number this SIM; the one that had it before has none."""
        self.sims[msisdn] = Sim(imsi, msisdn, vlr_number)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in list(self._threads):
            thread.join()

    def hang_up(self) -> None:
        """Close every connection there is, without a word."""
        for opened in self._open:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(accepted)
            self._start(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError), accepted, accepted.makefile("rb") as stream:
            while len(head := stream.read(3)) == 3:
                (length,) = struct.unpack_from("!H", head)
                payload = stream.read(length)
                verb, number, variable = payload[1:].decode("ascii").split(" ", 2)
                assert (head[2], payload[0], verb) == (0xEE, 0x00, "GET")
                self.asked.append(variable)
                for one in self._answer(number, variable):
                    accepted.sendall(one)

    def _answer(self, number: str, variable: str) -> list[bytes]:
        msisdn = variable.removeprefix("subscriber.by-msisdn-").removesuffix(".info")
        if self.before is not None:
            self.before(msisdn)
        if self.respond is not None:
            return self.respond(number, variable)
        sim = self.sims.get(msisdn)
        if sim is None:
            return [frame(f"ERROR {number} {NO_SUBSCRIBER}")]
        return [frame(f"GET_REPLY {number} {variable} {sim.info()}")]
