"""What the tests of the console share: a rig over an empty store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.rig import StoreRig
from tests.web.console.rig import BANK, OTHER_BANK, ConsoleRig


@pytest.fixture
def store(redis_url: str) -> Iterator[StoreRig]:
    rig = StoreRig(redis_url)
    yield rig
    rig.close()


@pytest.fixture
def rig(store: StoreRig) -> ConsoleRig:
    return ConsoleRig(store)


@pytest.fixture
def managed(rig: ConsoleRig) -> ConsoleRig:
    """The rig with both banks in its store, where they can be managed."""
    for tenant in (BANK, OTHER_BANK):
        rig.book.save(tenant, "cli:root")
    return rig
