"""Bodies that a view takes in as they come, however long; `whole_bodies` reads all the others beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Flask, Request, Response
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import BadRequest, ClientDisconnected, LengthRequired

LARGEST_FILE: Final = 4 * 1024**3
"""Bytes of a file of subscribers: ten million rows have about one and a half GiB."""

_KEY: Final = "etalon-streamed-bodies"
_PIECE: Final = 65_536


def prepare_streams(app: Flask) -> None:
    """Make room in an application for the names of views that take streams."""
    app.extensions[_KEY] = set()


def let_stream(blueprint: Blueprint, endpoint: str) -> None:
    """State that a view of a blueprint takes its body in as it comes."""

    def state(setup: BlueprintSetupState) -> None:
        setup.app.extensions[_KEY].add(f"{blueprint.name}.{endpoint}")

    blueprint.record(state)


def is_streamed(app: Flask, endpoint: str | None) -> bool:
    """Tell whether the view of this request takes its body in as it comes."""
    return endpoint in app.extensions[_KEY]


def pieces_of(request: Request, largest: int = LARGEST_FILE) -> Iterator[bytes]:
    """Give the body in pieces; raises HTTPException where it is longer, or ends before it was to.

    Its length must be told beforehand: of a body that just ends nobody knows whether it was cut off.
    """
    request.max_content_length = largest
    left = request.content_length
    if not left:
        raise LengthRequired
    stream = request.stream
    while piece := stream.read(_PIECE):
        left -= len(piece)
        if left < 0:
            raise BadRequest
        yield piece
    if left:
        raise ClientDisconnected


def end_connection(response: Response) -> None:
    """Let the connection end with a refusal: nobody is going to read the rest of the body."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        response.headers["Connection"] = "close"
