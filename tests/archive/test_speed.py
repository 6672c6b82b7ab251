"""A backlog is worked off faster than a busy service writes, by the processor's own time."""

from __future__ import annotations

import time

from security_service.archive.figures import archive_figures
from security_service.archive.projections import PROJECTIONS
from security_service.store.event_streams import STREAMS
from tests.archive.rig import MovingRig, database_of
from tests.archive.test_moving import rig_url

OF_EACH = 1200
LEAST_A_SECOND = 10_000


def test_ten_thousand_events_and_more_are_moved_in_a_second(rig: MovingRig, archive_url: str) -> None:
    for shard in STREAMS:
        rig.write(shard, OF_EACH, kind="code_sent", code_id=f"c{shard}", reason="")
    mine = MovingRig(rig_url(rig), database_of(archive_url), PROJECTIONS)
    begun = time.process_time()
    moved = mine.mover.run()
    took = time.process_time() - begun
    assert moved == OF_EACH * len(STREAMS) == archive_figures(rig.database).size
    assert moved / took > LEAST_A_SECOND
    mine.close()
    mine.database.close()
