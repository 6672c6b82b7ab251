"""The SealedTexts port over its script: arguments in, outcomes out; decides nothing itself."""

from __future__ import annotations

from security_service.domain.fallback import LEAST_LEFT_S, NoText, TextTaken
from security_service.domain.jobs import Job
from security_service.store.frame import StoreFrame, raw, whole, words
from security_service.store.scripts import load


class StoredSealedTexts:
    """One key a slot, written by `settle` and deleted by every script that ends the code."""

    def __init__(self, frame: StoreFrame) -> None:
        self._frame = frame
        self._take = load("take_sealed")

    def take(self, job: Job) -> TextTaken | NoText:
        """Give the text of the job's code, and forget it, where the code is still of use to a person."""
        keys, purpose = self._frame.layout.of(job.tenant, job.number), job.get("purpose")
        reply = self._frame.scripts.run(
            self._take,
            [keys.slot(purpose), keys.sealed(purpose), keys.of_number("guesses")],
            [self._frame.now(), job.id, job.get("code"), LEAST_LEFT_S * 1000, self._frame.epoch()],
        )
        status = words(reply[0])
        if status == "taken":
            return TextTaken(raw(reply[1]), whole(reply[2]) / 1000)
        return NoText(status)
