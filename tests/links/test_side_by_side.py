from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from security_service.links.side_by_side import FewThreads


@pytest.fixture
def threads() -> Iterator[FewThreads]:
    made = FewThreads(4)
    yield made
    made.close()


def test_results_stand_in_the_order_of_the_calls(threads: FewThreads) -> None:
    assert threads.results([partial(pow, number, 2) for number in range(100)]) == [n * n for n in range(100)]


def test_calls_are_made_at_once(threads: FewThreads) -> None:
    meeting = threading.Barrier(4, timeout=10)
    assert sorted(threads.results([meeting.wait] * 4)) == [0, 1, 2, 3]


def test_a_single_call_is_made_by_the_caller_itself(threads: FewThreads) -> None:
    assert threads.results([threading.get_ident]) == [threading.get_ident()]


def test_what_a_call_raises_is_raised_once_all_have_ended(threads: FewThreads) -> None:
    ended: list[int] = []
    calls: list[Callable[[], object]] = [partial(int, "x")]
    calls += [partial(ended.append, number) for number in range(20)]
    with pytest.raises(ValueError, match="invalid literal"):
        threads.results(calls)
    assert sorted(ended) == list(range(20))
