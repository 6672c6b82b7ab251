"""Takes in every request's body before it is answered; leaves judging the body to the faces.

Views that take theirs in as it comes are stated by `streamed_bodies`, and passed over here.

A server closes the connection over a body that nobody has read, often without a word, and the caller's
next request on it is lost: it must not matter that a key was unknown or the store away.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from io import BytesIO

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from security_service.web.streamed_bodies import end_connection, is_streamed, prepare_streams
from security_service.web.wire.codec import MAX_BODY_BYTES


def register_whole_bodies(app: Flask) -> None:
    """Read bodies up to the application's limit; say that the connection ends where one is over it."""
    prepare_streams(app)
    app.before_request(_take_body)
    app.after_request(_tell_of_the_rest)


def _take_body() -> None:
    if is_streamed(current_app, request.endpoint):
        return
    length, most = request.content_length, request.max_content_length or MAX_BODY_BYTES
    if length is not None and length <= most:
        # One read of the server's stream in place of the library's several: each lets other threads in.
        request.environ["wsgi.input"] = BytesIO(request.environ["wsgi.input"].read(length))
    # What keeps a body from being read is raised once more where a face asks for it.
    with suppress(HTTPException):
        request.get_data()


def _tell_of_the_rest(response: Response) -> Response:
    if is_streamed(current_app, request.endpoint):
        end_connection(response)
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        response.headers["Connection"] = "close"
    return response
