"""What the tests of the store share: a rig over an empty, initialised store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from security_service.store.embedded import EmbeddedValkey
from tests.store.rig import StoreRig


@pytest.fixture
def rig(redis_url: str) -> Iterator[StoreRig]:
    store = StoreRig(redis_url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def lasting_rig(valkey: EmbeddedValkey) -> Iterator[StoreRig]:
    """One store for all examples of a hypothesis test, each of which takes numbers of its own."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    store = StoreRig(valkey.url)
    yield store
    store.close()
