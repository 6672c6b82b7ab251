"""An SMS centre and a client that are not ours: the package `smpp` for Node, run as programs of their own."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.links.smpp.smsc import PATIENCE_S

FOLDER: Final = Path(__file__).parents[2] / "counterparts" / "smpp"
SYSTEM_ID, PASSWORD = "bank", "hunter2"

Fact = dict[str, Any]


def skip_without_it() -> None:
    """Skip the test where Node or the package is not there, and say what would bring it."""
    if shutil.which("node") is None:
        pytest.skip("speaks with the package smpp for Node: install nodejs and npm, then `make counterparts`")
    if not (FOLDER / "node_modules" / "smpp").is_dir():
        pytest.skip("speaks with the package smpp for Node: `make counterparts` installs it")


class NodeCentre:
    """The program, what it said so far, and what it is told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.port = 0
        self.facts: list[Fact] = []

    async def until(self, name: str, times: int = 1) -> Fact:
        """Read on until something was said so many times in all; gives what was said of it last."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while len(said := self.said(name)) < times:
                line = await self._process.stdout.readline()
                assert line, "the program ended"
                self.facts.append(json.loads(line))
        return said[times - 1]

    def said(self, name: str) -> list[Fact]:
        return [fact for fact in self.facts if name in fact]

    def tell(self, **what: object) -> None:
        """Have it do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")


class NodeClient(NodeCentre):
    """The program as a bank's client of a relay."""


@asynccontextmanager
async def node_client(
    port: int, mode: str = "transceiver", password: str = PASSWORD, ca_file: Path | None = None
) -> AsyncIterator[NodeClient]:
    """Run the client; `ca_file` is whom it trusts where it is to speak TLS."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(FOLDER / "client.js"), str(port), mode, SYSTEM_ID, password),
        *([str(ca_file)] if ca_file else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield NodeClient(process)
    finally:
        process.kill()
        await process.communicate()


@asynccontextmanager
async def node_centre(*files: Path) -> AsyncIterator[NodeCentre]:
    """Run the program; `files` are key and certificate where it is to speak TLS."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(FOLDER / "centre.js"),
        SYSTEM_ID,
        PASSWORD,
        *(str(file) for file in files),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    centre = NodeCentre(process)
    try:
        centre.port = (await centre.until("port"))["port"]
        yield centre
    finally:
        process.kill()
        await process.communicate()
