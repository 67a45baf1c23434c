"""Tandem repeats: what a loop leaves behind in the sequence of nodes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.facts.repeats import Repetition, find_runs


def times(symbols: list[int]) -> list[tuple[int, int, int]]:
    return [(run.first, run.end, run.times) for run in find_runs(symbols) if run.times > 1]


def test_a_loop_between_other_things() -> None:
    assert find_runs([7, 1, 2, 1, 2, 1, 2, 9]) == [Repetition(0, 1), Repetition(1, 7, 3), Repetition(7, 8)]


def test_twice_is_not_a_loop() -> None:
    assert times([1, 2, 1, 2]) == []


def test_a_loop_in_a_loop_is_one_run_of_the_outer() -> None:
    assert times([0, *[1, 1, 1, 1, 2] * 4, 3]) == [(1, 21, 4)]


def test_an_iteration_begins_where_the_line_goes_back() -> None:
    symbols = [2, 1, 2, 1, 2, 1, 2, 1]
    starts = [place % 2 == 1 for place in range(8)]
    assert [(run.first, run.end, run.times) for run in find_runs(symbols, starts)] == [(0, 1, 1), (1, 7, 3), (7, 8, 1)]


@given(st.lists(st.integers(0, 3), max_size=60))
def test_the_runs_cover_the_sequence_and_repeat_as_they_say(symbols: list[int]) -> None:
    place = 0
    for run in find_runs(symbols):
        assert run.first == place
        place = run.end
        each, rest = divmod(run.end - run.first, run.times)
        assert rest == 0
        first = symbols[run.first : run.first + each]
        assert symbols[run.first : run.end] == first * run.times
    assert place == len(symbols)


def test_a_hundred_thousand_random_symbols_come_to_an_end() -> None:
    symbols = [(place * place * 7 + place // 3) % 11 for place in range(100_000)]
    assert find_runs(symbols)[-1].end == 100_000
