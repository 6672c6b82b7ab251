"""Structured logs: a JSON object a line, secrets and personal data masked; leaves what is told to callers."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from security_service.domain.secret import Msisdn, Secret

MASK: Final = "***"

_LOUD: Final = (
    *("httpx", "httpcore", "urllib3", "zeep", "granian", "_granian", "werkzeug", "redis", "asyncio"),
    *("alembic", "mail.log"),
)
"""Libraries that log addresses, headers and bodies when they are let."""

_HIDDEN: Final = frozenset(
    "password passwd secret key api_key apikey admin_key authorization cookie token session sessionid "
    "session_id code imsi imsi_code text message_text body payee".split()
)
"""Names whose values are never logged, whatever they hold."""

_FRAMES_TOLD: Final = 8
_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z])\+?[0-9]{10,16}(?![0-9A-Za-z])")


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging for this process.

    `level` is debug, info, warning or error; libraries that could log what must not be seen are
    held at warning whatever it is. Each line bears the time in UTC (ISO 8601), the level, the
    logger and what is bound to the context (`request_id`).
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _exception_without_words,
    ]
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                mask_event,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    for name in _LOUD:
        loud = logging.getLogger(name)
        loud.setLevel(max(least, logging.WARNING))
        loud.handlers = []
        loud.propagate = True
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _exception_without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Tell the kind of an exception and where it was raised; its words may hold what must not be seen."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_TOLD:]
        event["fault"] = type(error).__name__
        event["where"] = " < ".join(
            f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)
        )
    return event


def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask an event: values of forbidden names, secret types, and whatever looks like a number or an IMSI."""
    return {str(key): MASK if str(key).lower() in _HIDDEN else _masked(value) for key, value in event.items()}


def _masked(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            # A whole number that long is a time in milliseconds or a number of a phone; only logs of
            # durations need such values, and those are short.
            return MASK if isinstance(value, int) and abs(value) >= 10**9 else value
        case Msisdn():
            return value.masked
        case Secret() | bytes() | bytearray():
            return MASK
        case Enum():
            return _masked(value.value)
        case str():
            return _DIGITS.sub(MASK, value)
        case Mapping():
            return {
                str(key): MASK if str(key).lower() in _HIDDEN else _masked(one) for key, one in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_masked(one) for one in value]
        case _ if is_dataclass(value):
            # Only the name: fields of a dataclass may be of plain types and secret all the same.
            return f"<{type(value).__name__}>"
        case _:
            return _DIGITS.sub(MASK, str(value))
