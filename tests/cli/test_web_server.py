from __future__ import annotations

from inspect import signature

import pytest
from granian.server import Server

from security_service.cli.web_server import server_options
from security_service.config.classes import WebSettings


def test_every_option_is_one_of_the_servers() -> None:
    assert set(server_options(WebSettings())) <= set(signature(Server).parameters)


@pytest.mark.parametrize("web", [WebSettings(), WebSettings(threads=1024, workers=8, backlog=128)])
def test_a_worker_accepts_at_least_what_its_threads_can_do(web: WebSettings) -> None:
    options = server_options(web)
    assert options["backpressure"] >= options["blocking_threads"] == web.threads


def test_paths_with_numbers_in_them_are_not_logged() -> None:
    assert server_options(WebSettings())["log_access"] is False
