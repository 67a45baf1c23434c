"""Every formula against the gradients that PyTorch recorded: over random shapes and numbers, ties and zeros too."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.facts.formulas import RULES, known_nodes
from components.facts.formulas.elementwise import ACTIVATIONS, CHOICES, ELEMENTWISE
from components.facts.formulas.rules import unknown
from tests.facts.formulas.compare import ACCUMULATE, ONLY_ON_A_GPU, SYMBOLS_ONLY, TWICE, compared, traced
from tests.facts.formulas.programs import EXPRESSIONS
from tests.facts.formulas.variants import SECOND, VARIANTS

ONE_BY_ONE = sorted(EXPRESSIONS.keys() - {ACCUMULATE})
NUMBERED = known_nodes() - SYMBOLS_ONLY - ONLY_ON_A_GPU - {ACCUMULATE}
PLAIN = sorted((ELEMENTWISE | ACTIVATIONS | CHOICES).keys() & EXPRESSIONS.keys())
# Where a kernel chooses by comparing, PyTorch itself answers NaN in more than one way: by the processor (AVX2 or
# AVX-512), and in the last elements otherwise than in those before them.
UNSURE = {
    "CeluBackward0",
    "EluBackward0",
    "EluBackward1",
    "HardshrinkBackward0",
    "HardswishBackward0",
    "HardtanhBackward0",
    "LogitBackward0",
    "SoftshrinkBackward0",
}
few = settings(max_examples=3)
sizes = {
    "rows": st.integers(2, 5),
    "columns": st.integers(2, 6),
    "seed": st.integers(0, 10_000),
    "kind": st.sampled_from(["real", "whole"]),
}


@pytest.mark.parametrize("name", ONE_BY_ONE)
@few
@given(**sizes)
def test_a_formula_agrees_with_pytorch(name: str, kind: str, rows: int, columns: int, seed: int) -> None:
    trace = traced(EXPRESSIONS[name], kind=kind, rows=rows, columns=columns, seed=seed)
    counts, missing = compared(trace)
    assert any(met == name for met, _ in counts), "the node was not met"
    assert missing == []


@pytest.mark.parametrize("kind", ["real", "whole"])
@pytest.mark.parametrize("expression", VARIANTS)
def test_other_arguments_agree_too(expression: str, kind: str) -> None:
    counts, missing = compared(traced(expression, kind=kind))
    assert counts
    assert missing == []


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_infinite_or_no_number_goes_the_same_way(name: str) -> None:
    for seed in range(3):
        kind = "infinite" if name in UNSURE else "odd"
        counts, missing = compared(traced(EXPRESSIONS[name], kind=kind, seed=seed))
        assert any(met == name for met, _ in counts), "the node was not met"
        assert missing == []


@pytest.mark.parametrize("name", sorted(SECOND))
@few
@given(**sizes)
def test_second_derivatives_agree(name: str, kind: str, rows: int, columns: int, seed: int) -> None:
    trace = traced(SECOND[name], end=TWICE, kind=kind, rows=rows, columns=columns, seed=seed)
    counts, missing = compared(trace)
    assert any(met == name for met, _ in counts), "the node was not met"
    assert missing == []


def test_every_slot_of_every_formula_is_compared() -> None:
    counts: Counter[tuple[str, int]] = Counter()
    for expression in (*(EXPRESSIONS[name] for name in ONE_BY_ONE), *VARIANTS):
        counts += compared(traced(expression))[0]
    for expression in SECOND.values():
        counts += compared(traced(expression, end=TWICE))[0]
    wanted = {(name, slot) for name in NUMBERED for slot in range(len(RULES[name]))}
    assert wanted - counts.keys() == set()
    without = {name for name, rules in RULES.items() if any(rule.compute is unknown for rule in rules)}
    assert without == SYMBOLS_ONLY


def test_every_known_node_has_its_expression() -> None:
    assert (EXPRESSIONS.keys() | SECOND.keys()) - {ACCUMULATE} == NUMBERED
    assert len(NUMBERED) >= 80
