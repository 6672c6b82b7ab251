"""A form with a file, taken in as it comes: its fields first, then the file in pieces; keeps nothing of it.

Reading the form as other forms are read would put gigabytes aside before the first row was looked at, and
before the form was known to be ours. So the fields must stand before the file, as they do on our pages: the
frame holds the token among them against the visit's before a byte of the file is taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

from flask import Request, g
from werkzeug.sansio.multipart import Data, Event, Field, File, MultipartDecoder, NeedData

from security_service.web.console.refusals import PageRefused
from security_service.web.streamed_bodies import pieces_of

_MOST_PARTS: Final = 12
_MOST_WAITING: Final = 512 * 1024
_MOST_IN_FIELDS: Final = 32 * 1024
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """The fields of a form, its file's name, and the file in pieces; one that breaks off raises."""

    fields: dict[str, str]
    file: str
    pieces: Iterator[bytes]

    def line(self, name: str, most: int = 200) -> str:
        """Give a field of one line, as `forms.line` does."""
        text = unicodedata.normalize("NFC", self.fields.get(name, ""))
        return "".join(letter for letter in text if letter.isprintable()).strip()[:most]

    def text(self, name: str, most: int = 500) -> str:
        """Give a field of several lines, as `forms.text` does."""
        lines = unicodedata.normalize("NFC", self.fields.get(name, "")).splitlines()
        kept = ("".join(letter for letter in one if letter.isprintable()).rstrip() for one in lines)
        return "\n".join(kept).strip()[:most]

    def ticked(self, name: str) -> bool:
        """True where a box was ticked."""
        return self.fields.get(name, "") == "on"


def open_upload(request: Request, largest: int) -> Upload:
    """Read the form up to its file; raises PageRefused where it is no such form."""
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise PageRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "error.request")
    events = _events(boundary.encode("ascii", "replace"), pieces_of(request, largest))
    fields: dict[str, str] = {}
    name, held, read = "", b"", 0
    for event in events:
        if isinstance(event, File):
            return Upload(fields, _file_name(event.filename), _file(events))
        if isinstance(event, Field):
            name, held = event.name or "", b""
        elif isinstance(event, Data):
            held, read = held + event.data, read + len(event.data)
            if read > _MOST_IN_FIELDS:
                raise PageRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "error.too_large")
            if not event.more_data:
                fields.setdefault(name, held.decode("utf-8", "replace"))
    return Upload(fields, "", iter(()))


def put_upload(upload: Upload) -> None:
    """Keep the upload for the view of this request."""
    g.console_upload = upload


def this_upload() -> Upload:
    """Give the upload of this request; the frame has put it there."""
    return cast("Upload", g.console_upload)


def _events(boundary: bytes, pieces: Iterator[bytes]) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary, _MOST_WAITING, max_parts=_MOST_PARTS)
    try:
        for piece in pieces:
            decoder.receive_data(piece)
            while not isinstance(event := decoder.next_event(), NeedData):
                yield event
        decoder.receive_data(None)
        decoder.next_event()  # raises where the form was not closed: then the file may have been cut off
    except ValueError:
        raise PageRefused(HTTPStatus.BAD_REQUEST, "error.request") from None


def _file(events: Iterator[Event]) -> Iterator[bytes]:
    """Give the file, and then read the form to its end: its last row counts where the form is whole."""
    is_over = False
    for event in events:
        if isinstance(event, Data) and not is_over:
            is_over = not event.more_data
            if event.data:
                yield event.data


def _file_name(told: str | None) -> str:
    """Give the name without its folders, which some browsers tell."""
    name = (told or "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[:_LONGEST_NAME]
