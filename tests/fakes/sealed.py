"""Sealed texts in memory, and a sealer that shows what it seals: who may open it is all that it keeps."""

from __future__ import annotations

from security_service.domain.fallback import LEAST_LEFT_S, Fallback, NoText, TextTaken
from security_service.domain.jobs import Job
from security_service.domain.link_ports import NotOpened
from tests.fakes.clock import HandClock
from tests.fakes.jobs import Faults


class OpenSealer:
    """The Sealer port."""

    def seal(self, text: bytes, about: str) -> bytes:
        return about.encode() + b"\n" + text

    def open(self, sealed: bytes, about: str) -> bytes | NotOpened:
        bound, _, text = sealed.partition(b"\n")
        return text if bound == about.encode() else NotOpened()


class MemorySealedTexts:
    """The SealedTexts port: texts by the ids of their jobs, until the code's end or until `end`."""

    def __init__(self, clock: HandClock, faults: Faults | None = None) -> None:
        self._clock, self._faults = clock, faults or Faults()
        self._texts: dict[str, tuple[bytes, float]] = {}

    def put(self, fallback: Fallback, life_s: float) -> None:
        """What `settle` does."""
        self._texts[fallback.job.id] = fallback.sealed, self._clock.now + life_s

    def end(self, job: Job) -> None:
        """What every script does that ends a code."""
        del self._texts[job.id]

    def take(self, job: Job) -> TextTaken | NoText:
        self._faults.check("take")
        sealed, until = self._texts.pop(job.id, (b"", 0.0))
        left_s = until - self._clock.now
        if left_s <= 0:
            return NoText.NOT_NEEDED
        return NoText.TOO_LATE if left_s < LEAST_LEFT_S else TextTaken(sealed, left_s)
