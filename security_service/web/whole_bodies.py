"""Takes in every request's body before it is answered; leaves judging the body to the faces.

A server closes the connection over a body that nobody has read, often without a word, and the caller's
next request on it is lost: it must not matter that a key was unknown or the store away.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException


def register_whole_bodies(app: Flask) -> None:
    """Read bodies up to the application's limit; say that the connection ends where one is over it."""
    app.before_request(_take_body)
    app.after_request(_tell_of_the_rest)


def _take_body() -> None:
    # What keeps a body from being read is raised once more where a face asks for it.
    with suppress(HTTPException):
        request.get_data()


def _tell_of_the_rest(response: Response) -> Response:
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        response.headers["Connection"] = "close"
    return response
