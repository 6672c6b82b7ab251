"""The service and a browser for journeys through the console; each family of pages has its module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.all_in_one import Running, all_in_one
from tests.e2e.console.journey import Operator, arrive, chromium, first_operator, invited, new_context


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole service, started as a newcomer starts it."""
    with all_in_one(tmp_path_factory.mktemp("console") / "var") as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def operator(running: Running) -> Operator:
    """The first admin, who has every role."""
    return first_operator(running)


@pytest.fixture(scope="module")
def signed_in(running: Running, browser: Browser) -> Iterator[Page]:
    """A page that an admin is signed in at, by their first visit; one for all tests of a module."""
    context = new_context(browser, running)
    page = context.new_page()
    arrive(page, invited(running, "olga", "admin"))
    yield page
    context.close()
