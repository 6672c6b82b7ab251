"""A real HLR for the tests: osmo-hlr on a loopback address of its own, spoken to by its control port.

What is done to subscribers here is done as an operator does it, and apart from the product's own link.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import struct
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.e2e.waiting import wait_for

PROGRAM: Final = shutil.which("osmo-hlr")
MISSING: Final = "needs osmo-hlr (Debian: apt-get install osmo-hlr)"

CTRL_PORT, GSUP_PORT, VTY_PORT = 4259, 4222, 4258

_CONFIGURATION = """log stderr
 logging filter all 1
 logging color 0
 logging level main notice
line vty
 bind {address} {vty}
ctrl
 bind {address}
hlr
 database {folder}/hlr.db
 gsup
  bind ip {address}
"""


def free_address() -> str:
    """Give a loopback address on which nobody listens: the program takes its ports as they are."""
    while True:
        address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(256)}.{secrets.randbelow(254) + 1}"
        with socket.socket() as probe, suppress(OSError):
            probe.bind((address, CTRL_PORT))
            return address


class OsmoHlr:
    """One HLR with a database of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = free_address()
        self._ids = 0

    def __enter__(self) -> Self:
        assert PROGRAM is not None, MISSING
        configuration = self.folder / "hlr.cfg"
        configuration.write_text(
            _CONFIGURATION.format(address=self.address, folder=self.folder, vty=VTY_PORT)
        )
        with (self.folder / "hlr.log").open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "-c", configuration, "-l", self.folder / "hlr.db"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for("the HLR's control port", self._listens)
        self._control = socket.create_connection((self.address, CTRL_PORT), 5.0)
        self._stream = self._control.makefile("rb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        self._control.close()
        self._process.terminate()
        self._process.wait(10)

    def pause(self) -> None:
        """Let it fall silent, with its port still open: a provider that does not answer."""
        self._process.send_signal(19)

    def go_on(self) -> None:
        """Let it answer again."""
        self._process.send_signal(18)

    # --- what an operator does

    def create(self, imsi: str, msisdn: str = "") -> None:
        """Make a subscription, with a number where one is given."""
        self.order(f"SET subscriber.create {imsi}")
        if msisdn:
            self.order(f"SET subscriber.by-imsi-{imsi}.msisdn {msisdn}")

    def take_number(self, imsi: str) -> None:
        """Leave a subscription without its number: the first half of a swap."""
        self.order(f"SET subscriber.by-imsi-{imsi}.msisdn none")

    def give_number(self, imsi: str, msisdn: str) -> None:
        """Give a subscription a number: the second half of a swap."""
        self.order(f"SET subscriber.by-imsi-{imsi}.msisdn {msisdn}")

    def swap(self, old: str, new: str, msisdn: str) -> None:
        """Put a new SIM in the place of an old one."""
        self.take_number(old)
        self.create(new, msisdn)

    def bar(self, imsi: str) -> None:
        """Take the circuit-switched part, by which SMS come, from a subscription."""
        self.order(f"SET subscriber.by-imsi-{imsi}.cs-enabled 0")

    def order(self, said: str) -> str:
        """Give one command and its answer; fails where the HLR refuses it."""
        self._ids += 1
        verb, _, rest = said.partition(" ")
        payload = b"\x00" + f"{verb} {self._ids} {rest}".encode()
        self._control.sendall(struct.pack("!HB", len(payload), 0xEE) + payload)
        while True:
            length, _ = struct.unpack("!HB", self._stream.read(3))
            kind, number, told = self._stream.read(length)[1:].decode().split(" ", 2)
            if number == str(self._ids):
                assert kind != "ERROR", told
                return told

    def _listens(self) -> bool:
        assert self._process.poll() is None, (self.folder / "hlr.log").read_text()
        with suppress(OSError), socket.create_connection((self.address, CTRL_PORT), 0.2):
            return True
        return False
