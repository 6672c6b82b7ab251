"""What the tests of the console share: a rig over an empty store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.rig import StoreRig
from tests.web.console.rig import ConsoleRig


@pytest.fixture
def store(redis_url: str) -> Iterator[StoreRig]:
    rig = StoreRig(redis_url)
    yield rig
    rig.close()


@pytest.fixture
def rig(store: StoreRig) -> ConsoleRig:
    return ConsoleRig(store)
