from __future__ import annotations

import pytest

from benchmarks.load import LoadFailedError, read_figures
from benchmarks.python_load import Tally, figures_line


def test_the_last_line_holds_the_figures() -> None:
    line = '{"calls":100,"failed":1,"microseconds":2000000,"p50":1500,"p99":9000,"slowest":12000}'
    read = read_figures(f"Running 2s test\n  Latency ...\n{line}\n", "", 0.25)
    assert read.per_second == 50
    assert (read.p50_ms, read.p99_ms, read.slowest_ms) == (1.5, 9.0, 12.0)
    assert (read.failed, read.cpu_s) == (1, 0.25)


@pytest.mark.parametrize("output", ["", "no figures", '{"calls":1}', "[]"])
def test_a_generator_that_gives_no_figures_is_told_with_what_it_said(output: str) -> None:
    with pytest.raises(LoadFailedError, match="connection refused"):
        read_figures(output, "connection refused\n", 0.0)


def test_our_own_generator_tells_what_all_processes_measured() -> None:
    one = Tally(began=10.0, ends=12.0, ended=12.0, latencies=[0.001] * 98 + [0.5])
    other = Tally(began=10.5, ends=12.5, ended=14.0, latencies=[0.9], failed=2)
    read = read_figures(figures_line([one, other]), "", 0.0)
    assert (read.calls, read.failed, read.seconds) == (100, 2, 4.0)
    assert (read.p50_ms, read.p99_ms, read.slowest_ms) == (1.0, 500.0, 900.0)
