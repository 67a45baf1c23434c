"""Which node of one graph is which of the other, and the search behind it."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from components.facts.compare.matching import Matching, SearchBudget, by_occurrence, longest_common, match_nodes
from tests.facts.compare.made import functions, graph
from tests.figures import traces as t

LETTERS = st.text(alphabet="abc", max_size=14)


def length_by_table(one: str, other: str) -> int:
    """The length of a longest common subsequence, by the table of all beginnings: slow and obvious."""
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            rows[i + 1][j + 1] = rows[i][j] + 1 if a == b else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


@given(LETTERS, LETTERS)
def test_the_search_finds_a_longest_common_subsequence(one: str, other: str) -> None:
    pairs = longest_common(one, other, SearchBudget())
    assert pairs is not None
    assert all(one[i] == other[j] for i, j in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    assert len(pairs) == length_by_table(one, other)


def test_a_search_beyond_its_budget_gives_up_and_alike_ends_cost_nothing() -> None:
    one, other = "a" * 3_000, "b" * 3_000
    assert longest_common(one, other, SearchBudget(1_000)) is None
    # 100,000 alike elements on both sides of one that is new
    alike = "a" * 100_000
    pairs = longest_common(alike + alike, f"{alike}b{alike}", SearchBudget(10))
    assert pairs is not None
    assert (len(pairs), pairs[0], pairs[-1]) == (200_000, (0, 0), (199_999, 200_000))


def test_by_occurrence_pairs_the_first_with_the_first() -> None:
    assert by_occurrence("abab", "baa") == [(0, 1), (1, 0), (2, 2)]


def test_nodes_of_equal_lines_match_in_order_of_birth() -> None:
    left = graph(functions("MulBackward0", "SinBackward0", "SumBackward0"))
    right = graph(functions("MulBackward0", "SumBackward0"))
    # Mul and Sum are there on both sides; Sin has no partner
    assert match_nodes(left, right) == Matching((("n0", "n0"), ("n2", "n1")))


def test_an_edited_line_still_makes_the_same_node_but_equal_lines_come_first() -> None:
    left = graph([t.node("n0", "MulBackward0", 1), t.node("n1", "MulBackward0", 2)], source="a = x * w\nb = a * w\n")
    right = graph([t.node("n0", "MulBackward0", 1)], source="b = a * w\n")
    # by name alone n0 and n0 would match; the text of the line says that it is the second
    assert match_nodes(left, right).pairs == (("n1", "n0"),)
    edited = graph([t.node("n0", "MulBackward0", 1)], source="b = (a * w).detach()\n")
    assert match_nodes(right, edited).pairs == (("n0", "n0"),)


def test_leaves_match_by_their_name_whatever_line_uses_them_first() -> None:
    left = graph([t.leaf("n0", "x"), t.leaf("n1", "w")], source="y = x * w\n")
    right = graph([t.leaf("n0", "w"), t.node("n1", "SinBackward0")], source="y = sin(w)\n")
    assert match_nodes(left, right).pairs == (("n1", "n0"),)


def test_two_modules_are_two_things() -> None:
    one, other = t.node("n0", "AddmmBackward0", module="first"), t.node("n1", "AddmmBackward0", module="second")
    assert match_nodes(graph([one, other]), graph([other])).pairs == (("n1", "n1"),)


def test_graphs_too_unlike_for_the_search_are_matched_by_occurrence_in_little_time() -> None:
    names = [f"F{place % 7}Backward0" for place in range(20_000)]
    left = graph(functions(*names))
    right = graph(functions(*(f"F{place % 5}Backward0" for place in range(20_000))))
    begun = time.perf_counter()
    found = match_nodes(left, right)
    assert time.perf_counter() - begun < 5
    assert not found.exact
    # Of F0 to F4 the left has some 20,000 / 7 = 2,857 each and the right 20,000 / 5 = 4,000: all left ones match.
    assert len(found.pairs) == sum(names.count(f"F{kind}Backward0") for kind in range(5))


@given(st.lists(st.sampled_from("AB"), max_size=9), st.lists(st.sampled_from("AB"), max_size=9), st.booleans())
def test_from_the_other_side_the_same_nodes_match(one: list[str], other: list[str], poor: bool) -> None:
    left, right = graph(functions(*one)), graph(functions(*other))
    budget = 4 if poor else 100_000
    there, back = match_nodes(left, right, SearchBudget(budget)), match_nodes(right, left, SearchBudget(budget))
    assert {(j, i) for i, j in back.pairs} == set(there.pairs)
    assert there.exact == back.exact
