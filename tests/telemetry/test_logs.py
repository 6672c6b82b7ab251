from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from security_service.domain.secret import Code, Imsi, Msisdn, Secret
from security_service.telemetry.logs import configure_logs

Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged() -> Iterator[Logged]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logs("info", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_is_json_with_time_level_logger_and_request_id(logged: Logged) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("web").info("answered", answer=0, milliseconds=12)
    (line,) = logged()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "answered",
        "answer": 0,
        "milliseconds": 12,
        "level": "info",
        "logger": "web",
        "request_id": "r1",
    }


def test_secret_types_never_reach_a_line(logged: Logged) -> None:
    structlog.get_logger("x").info(
        "said",
        one=Secret("hunter2"),
        two=[Code("271828")],
        three={"deep": Imsi("250011234567890")},
        four=Msisdn("79161234567"),
        five=b"hunter2",
    )
    (line,) = logged()
    assert (line["one"], line["two"], line["three"], line["five"]) == ("***", ["***"], {"deep": "***"}, "***")
    assert line["four"] == "7916***4567"


@pytest.mark.parametrize("name", ["password", "api_key", "code", "imsi", "text", "Authorization"])
def test_forbidden_names_are_masked_whatever_they_hold(logged: Logged, name: str) -> None:
    structlog.get_logger("x").info("said", **{name: "plain", "inner": {name: "plain"}})
    (line,) = logged()
    assert (line[name], line["inner"]) == ("***", {name: "***"})


def test_whatever_looks_like_a_number_or_an_imsi_is_masked_in_any_text(logged: Logged) -> None:
    logging.getLogger("library").warning("POST /x?to=79161234567&imsi=%s", "250011234567890")
    structlog.get_logger("x").info("asked 79161234567", number=79161234567)
    assert [line["event"] for line in logged()] == ["POST /x?to=***&imsi=***", "asked ***"]
    assert logged()[1]["number"] == "***"


def test_ids_of_hex_digits_stay_readable(logged: Logged) -> None:
    structlog.get_logger("x").info("said", request_id="0123456789abcdef01234567890123ff")
    assert logged()[0]["request_id"] == "0123456789abcdef01234567890123ff"


def test_an_exception_is_told_by_kind_and_place_without_its_words(logged: Logged) -> None:
    try:
        int("hunter2")
    except ValueError:
        structlog.get_logger("x").exception("broke")
        logging.getLogger("library").exception("broke too")
    for line in logged():
        assert line["fault"] == "ValueError"
        assert "test_logs.py" in line["where"]
        assert "hunter2" not in json.dumps(line)


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore.http11", "urllib3.connectionpool", "zeep.transports", "granian"]
)
def test_libraries_that_log_what_they_send_are_held_at_warning(logged: Logged, name: str) -> None:
    logging.getLogger(name).info("POST https://provider/?password=hunter2")
    logging.getLogger(name).warning("worth telling")
    assert [line["event"] for line in logged()] == ["worth telling"]


def test_libraries_stay_held_where_debug_is_asked_for() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logs("debug", io.StringIO())
    assert logging.getLogger("zeep").getEffectiveLevel() == logging.WARNING
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_an_object_of_fields_is_told_by_its_name_only(logged: Logged) -> None:
    @dataclass
    class Account:
        login: str = "hunter2"

    structlog.get_logger("x").info("said", account=Account())
    assert logged()[0]["account"] == "<Account>"
