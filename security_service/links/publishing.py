"""Publish signed heads outside: append them to a file, post them to a URL; leaves when to the use case."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from security_service.domain.log_head import LONGEST_HEAD, SignedHead, Unreadable, read_signed_head
from security_service.domain.log_ports import NotPublished, Published, PublishedDiffers, PublishOutcome
from security_service.links.http_answer import HttpAnswer
from security_service.links.http_link import HttpLink

_POST_WITHIN_S: Final = 10.0
_JSON: Final = {"Content-Type": "application/json"}


class HeadsFile:
    """Appends lines to one file and never rewrites it, so that the file may be append-only (WORM).

    What stands in the file is what was published: no other memory is needed. A line that a crash cut
    short is ended and left behind; the head is written again whole.
    """

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> SignedHead | None:
        """Give the last head that stands whole in the file."""
        try:
            with self._path.open("rb") as file:
                held, _ = _heads_at_end(file.fileno())
        except OSError:
            return None
        return held[-1] if held else None

    def since(self, latest: int) -> int:  # noqa: ARG002 - what stands in the file says it all
        """Give the size of the last head that stands whole in the file; 0 where there is none."""
        last = self.last()
        return 0 if last is None else last.head.size

    def publish(self, signed: SignedHead) -> PublishOutcome:
        """Append a head; it is on the disk when this returns `Published`."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _appending(self._path) as descriptor:
                return _append(descriptor, signed)
        except OSError as error:
            return NotPublished(f"os_{error.errno}")


class HeadsUrl:
    """Posts each head to a URL; a small file beside the data remembers which was the last.

    Where that file is lost, posting goes on with the newest head: it vouches for all that were before.
    """

    name = "url"

    def __init__(self, link: HttpLink, posted: Path) -> None:
        self._link, self._posted = link, posted

    def last(self) -> SignedHead | None:
        """Give None: a URL is not asked for what it holds."""
        return None

    def since(self, latest: int) -> int:
        """Give the size of the last head that the URL took; where none is known, that before the newest."""
        try:
            text = self._posted.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            text = ""
        return int(text) if text.isdecimal() else latest - 1

    def publish(self, signed: SignedHead) -> PublishOutcome:
        """Post a head as JSON; any answer 2xx takes it, 409 says that the URL holds another of its size."""
        body = f"{signed.line()}\n".encode()
        reply = self._link.post("", body, _JSON, _POST_WITHIN_S)
        if not isinstance(reply, HttpAnswer):
            return NotPublished(reply.reason.value)
        if reply.status == 409:
            return PublishedDiffers(signed.head.size)
        if not 200 <= reply.status < 300:
            return NotPublished(f"http_{reply.status}")
        try:
            self._remember(signed.head.size)
        except OSError as error:
            return NotPublished(f"os_{error.errno}")
        return Published()

    def _remember(self, size: int) -> None:
        self._posted.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._posted.with_name(f".{self._posted.name}.{os.getpid()}")
        draft.write_text(f"{size}\n", encoding="ascii")
        draft.replace(self._posted)


@contextmanager
def _appending(path: Path) -> Iterator[int]:
    """Give the file to append to, while no other process does."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _append(descriptor: int, signed: SignedHead) -> PublishOutcome:
    held, is_torn = _heads_at_end(descriptor)
    if held and held[-1].head.size >= signed.head.size:
        # Another process may have been first with the very same head; anything else is a second log.
        return Published() if signed in held else PublishedDiffers(held[-1].head.size)
    line = f"{signed.line()}\n".encode()
    line = b"\n" + line if is_torn else line
    if os.write(descriptor, line) < len(line):
        return NotPublished("no_space")
    os.fsync(descriptor)
    return Published()


def _heads_at_end(descriptor: int) -> tuple[list[SignedHead], bool]:
    """Give the last heads that stand whole in a file, and whether the file ends amid a line."""
    end = os.fstat(descriptor).st_size
    reach = 4 * LONGEST_HEAD
    tail = os.pread(descriptor, reach, max(end - reach, 0))
    heads: list[SignedHead] = []
    for line in tail.split(b"\n")[:-1]:
        # the first line may lack its beginning, and others may have lost their ends in a crash
        with suppress(Unreadable):
            heads.append(read_signed_head(line))
    return heads, bool(tail) and not tail.endswith(b"\n")
