"""Lines out of a file that comes in pieces, in memory that does not grow with it; reads none of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from security_service.domain.import_rows import LONGEST_LINE


@dataclass(frozen=True, slots=True)
class LineTooLong:
    """A line longer than `LONGEST_LINE`; what stood in it was thrown away as it came."""


LINE_TOO_LONG: Final = LineTooLong()


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes | LineTooLong]:
    """Give each line without its end (LF or CRLF); the last one needs none.

    Where the pieces end by an exception, the line under way is not given: half a row is no row.
    """
    rest, is_skipping = b"", False
    for chunk in chunks:
        parts = chunk.split(b"\n")
        parts[0] = rest + parts[0]
        rest = parts.pop()
        for part in parts:
            if is_skipping or len(part) > LONGEST_LINE:
                yield LINE_TOO_LONG
            else:
                yield part[:-1] if part.endswith(b"\r") else part
            is_skipping = False
        if len(rest) > LONGEST_LINE:
            rest, is_skipping = b"", True
    if is_skipping:
        yield LINE_TOO_LONG
    elif rest:
        yield rest.removesuffix(b"\r")
