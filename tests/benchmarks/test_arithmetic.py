from __future__ import annotations

import pytest

from benchmarks.arithmetic import Load, Round, Spent, a_call, figures, quantile, ratio


def _round(calls: int, seconds: float, web: float, failed: int = 0) -> Round:
    load = Load(calls, failed, seconds, p50_ms=calls / 10, p99_ms=calls / 5, slowest_ms=calls, cpu_s=0.5)
    return Round(load, Spent(web=web, store=web / 2, stub=web / 4))


def test_figures_are_medians_over_the_rounds() -> None:
    found = figures([_round(100, 1.0, 1.0), _round(300, 1.0, 1.0), _round(200, 1.0, 1.0)])
    assert found.per_second == 200
    assert (found.p50_ms, found.p99_ms) == (20, 40)


def test_the_cost_of_a_call_is_each_rounds_own() -> None:
    found = figures([_round(1000, 1.0, 0.2), _round(4000, 2.0, 0.4)])
    assert found.web_us == pytest.approx(150)
    assert found.store_us == pytest.approx(75)
    assert found.stub_us == pytest.approx(37.5)
    assert found.load_us == pytest.approx((500 + 125) / 2)


def test_what_failed_is_added_up() -> None:
    assert figures([_round(10, 1.0, 0.1, failed=2), _round(10, 1.0, 0.1, failed=3)]).failed == 5


def test_a_run_without_time_or_calls_has_no_rate_and_no_cost() -> None:
    assert Load(0, 0, 0.0, 0, 0, 0).per_second == 0
    assert a_call(1.0, 0) == 0


@pytest.mark.parametrize(("measured", "baseline", "expected"), [(5.0, 10.0, 0.5), (5.0, 0.0, 0.0)])
def test_a_ratio_to_nothing_is_nothing(measured: float, baseline: float, expected: float) -> None:
    assert ratio(measured, baseline) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (1.0, 100)]
)
def test_a_quantile_is_the_nearest_rank(share: float, expected: int) -> None:
    assert quantile(range(1, 101), share) == expected


def test_nothing_has_no_quantile() -> None:
    assert quantile([], 0.5) == 0
