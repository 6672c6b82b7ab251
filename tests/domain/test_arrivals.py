from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from security_service.domain.arrivals import (
    LEAST_SENDS,
    Move,
    Pair,
    PairState,
    Tally,
    at_most,
    has_fallen,
    ripened,
    woken,
)

GOOD = Tally(10, 8)
NOW = 1_700_000_000


def fed(pair: Pair, *cohorts: Tally) -> tuple[Pair, list[Move]]:
    moves = []
    for cohort in cohorts:
        pair, move = ripened(pair, cohort, NOW)
        if move is not None:
            moves.append(move)
    return pair, moves


def settled() -> Pair:
    pair, moves = fed(Pair(), *[GOOD] * 40)
    assert moves == []
    return pair


def test_a_pair_without_a_past_is_not_judged() -> None:
    pair, moves = fed(Pair(), *[Tally(10, 0)] * 5)
    assert moves == []
    assert pair.state is PairState.ARRIVES


def test_no_later_than_at_the_twentieth_send_that_nobody_enters_the_traffic_moves() -> None:
    pair, moves = fed(settled(), Tally(10, 0))
    assert moves == []
    pair, moves = fed(pair, Tally(10, 0))
    assert [move.to for move in moves] == [PairState.AWAY]
    assert moves[0].sent >= LEAST_SENDS
    assert moves[0].baseline_entered / moves[0].baseline_sent == 0.8
    assert (pair.state, pair.since, pair.recent) == (PairState.AWAY, NOW, ())


def test_a_pair_whose_codes_are_seldom_entered_soon_needs_more_sends_to_be_judged() -> None:
    slow, moves = fed(Pair(), *[Tally(10, 2)] * 40)
    slow, moves = fed(slow, Tally(20, 0))
    assert moves == []
    slow, moves = fed(slow, Tally(20, 0))
    assert [move.sent for move in moves] == [40]


def test_a_pair_that_is_away_is_tried_after_five_minutes_and_comes_back_when_codes_arrive() -> None:
    pair, _ = fed(settled(), Tally(20, 0))
    assert woken(pair, NOW + 299) == pair
    probed = woken(pair, NOW + 300)
    assert probed.state is PairState.PROBED
    back, moves = fed(probed, GOOD, GOOD)
    assert [move.to for move in moves] == [PairState.ARRIVES]
    assert back.baseline == pair.baseline


def test_a_pair_that_is_tried_and_still_fails_goes_away_again() -> None:
    pair, _ = fed(settled(), Tally(20, 0))
    again, moves = fed(woken(pair, NOW + 300), Tally(20, 1))
    assert [move.to for move in moves] == [PairState.AWAY]
    assert again.state is PairState.AWAY


def test_what_arrives_while_away_changes_nothing() -> None:
    pair, _ = fed(settled(), Tally(20, 0))
    same, moves = fed(pair, Tally(3, 3))
    assert moves == []
    assert (same.state, same.baseline) == (PairState.AWAY, pair.baseline)


@given(st.lists(st.integers(7, 10), min_size=1, max_size=120))
def test_ordinary_variation_moves_nothing(entered: list[int]) -> None:
    _, moves = fed(settled(), *[Tally(10, count) for count in entered])
    assert moves == []


@given(st.integers(1, 60), st.floats(0, 1))
def test_the_chance_of_at_most_all_is_one_and_grows_with_what_was_entered(sent: int, rate: float) -> None:
    chances = [at_most(entered, sent, rate) for entered in range(sent + 1)]
    assert abs(chances[-1] - 1) < 1e-9
    assert all(before <= after + 1e-12 for before, after in pairwise(chances))


def test_half_of_the_baseline_is_not_a_fall_however_many_sends_show_it() -> None:
    assert not has_fallen(Tally(10_000, 4_000), Tally(10_000, 8_000))
    assert has_fallen(Tally(1000, 390), Tally(10_000, 8_000))
