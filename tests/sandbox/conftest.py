"""A sandbox operator for each test that asks for one, in the process or on a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.sandbox.rig import Rig, make_rig


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    return tmp_path / "sandbox" / "handsets.json"


@pytest.fixture
def rig(data_file: Path) -> Rig:
    return make_rig(data_file)


@pytest.fixture
def live(rig: Rig) -> Iterator[str]:
    """The same operator as `rig` on a socket: its address."""
    server = make_server("127.0.0.1", 0, rig.client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
