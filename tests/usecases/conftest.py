"""What several tests of use cases share: people who act over a real store and a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.rig import StoreRig
from tests.usecases.deeds_desk import DeedsDesk
from tests.usecases.four_eyes_scene import ALLOW, proposed


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[DeedsDesk]:
    rig = StoreRig(redis_url)
    desk = DeedsDesk(rig, tmp_path)
    yield desk
    desk.close()
    rig.close()


@pytest.fixture
def waiting(desk: DeedsDesk) -> str:
    """A proposal of anna's to always allow."""
    desk.demand("always_allow")
    desk.put(desk.known())
    return proposed(desk.four_eyes.set_mode(desk.action(), ALLOW))
