"""The handsets on disk: one JSON file, replaced whole; leaves when to save it to `Saver`'s callers."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from security_service.sandbox.handsets import HandsetRecord, HandsetState, InboxMessage
from security_service.sandbox.submissions import Order

_FORMAT: Final = 1
_PAUSE_SECONDS: Final = 0.2
_SHARE_OF_TIME: Final = 5


class StateFileError(Exception):
    """The file is there, but it is not one that the sandbox operator wrote."""


def read_state(path: Path) -> tuple[HandsetRecord, ...]:
    """Give the handsets of the last run; none if there is no file. Raises StateFileError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError:
        raise StateFileError(f"{path} is not a state file of the sandbox operator") from None
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            raise StateFileError(f"{path} has a format that this version does not read")
        return tuple(_record(raw) for raw in document["handsets"])
    except (ValueError, KeyError, TypeError):
        raise StateFileError(f"{path} is not a state file of the sandbox operator") from None


def write_state(path: Path, records: Iterable[HandsetRecord]) -> None:
    """Replace the file by these handsets: after a crash it holds the old state or the new, whole.

    It holds IMSIs and messages, so only its owner may read it. Raises OSError.
    """
    text = json.dumps({"format": _FORMAT, "handsets": [asdict(record) for record in records]})
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def _record(raw: dict[str, Any]) -> HandsetRecord:
    return HandsetRecord(
        number=str(raw["number"]),
        imsi=str(raw["imsi"]),
        generation=int(raw["generation"]),
        state=HandsetState(raw["state"]),
        state_since=float(raw["state_since"]),
        roaming=bool(raw["roaming"]),
        messages=tuple(InboxMessage(**message) for message in raw["messages"]),
        waiting=tuple(Order(**{**order, "ids": tuple(order["ids"])}) for order in raw["waiting"]),
        swapped_at=float(raw.get("swapped_at", 0.0)),
    )


class Saver:
    """Saves after changes: at once where a change must not be lost, else a moment later and together.

    The moment is 0.2 s, or five times what the last save took, so that a large state does not take
    the machine. The thread that waits for it is joined when the process ends, so that a process
    which ends in good order has saved everything.
    """

    def __init__(self, save: Callable[[], None]) -> None:
        self._save = save
        self._one_at_a_time = threading.Lock()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._pause = _PAUSE_SECONDS

    def soon(self) -> None:
        """Save within the next moment; many calls are one save."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(self._pause, self.now)
                self._timer.daemon = False  # or it would be what the server's own threads are
                self._timer.start()

    def now(self) -> None:
        """Save before this call returns. Raises what the save raises."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        with self._one_at_a_time:
            started = time.monotonic()
            self._save()
            self._pause = max(_PAUSE_SECONDS, _SHARE_OF_TIME * (time.monotonic() - started))
