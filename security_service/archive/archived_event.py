"""One event as the archive took it, and what may be kept beside it; leaves naming those to `projections`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class ArchivedEvent:
    """One event as it was appended.

    `leaf` is its place in the log from 0, `at_ms` the time of its entry in Unix milliseconds,
    `text` the canonical text and `read` the same parsed. `tenant` and `number` are '' where the
    event is about none.
    """

    leaf: int
    shard: str
    seq: int
    at_ms: int
    kind: str
    tenant: str
    number: str
    text: str = field(repr=False)
    read: Mapping[str, Any] = field(repr=False)


Projection = Callable[[Connection, Sequence[ArchivedEvent]], None]
"""Keeps something beside the events. Is called once for each event, in the order of the leaves, within
the transaction that appends it: what it writes is there exactly when the events are. It must not fail
for what an event says, for then nothing could be appended any more."""
