"""The equation that a person sees, worked out from its text alone, gives what PyTorch recorded: for every rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from components.facts import TraceIndex, formulas
from components.facts.formulas import RULES, node_formulas
from components.trace import Backward
from tests.facts.formulas.compare import ONCE, SINGLE_PRECISION, TWICE, traced
from tests.facts.formulas.programs import EXPRESSIONS
from tests.facts.formulas.shown import About, Array, NotInWords, equation
from tests.facts.formulas.variants import SECOND, VARIANTS

# Sentences about places and windows, which move numbers and have no signs: `test_agreement.py` has their numbers.
SENTENCES = {name for name, rules in RULES.items() if all(rule.compute is not None for rule in rules)}
# Functions that refuse what is outside of their domain.
BOUNDED = "binary_cross_entropy(p"
KINDS = ("whole", "real", "infinite", "odd")


@pytest.fixture(autouse=True)
def _of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formulas, "_LONGEST", 10**6)
    monkeypatch.setattr(formulas, "_LONGEST_VALUE", 10**6)


def _equations(index: TraceIndex, run: Backward) -> Iterator[tuple[str, int, str | None, str, Array]]:
    for step in run.steps:
        node = index.nodes[step.node]
        for formula in node_formulas(index, node, step) if node.name in RULES else ():
            theirs = step.grad_inputs[formula.slot]
            if theirs is not None and theirs.values is not None:
                recorded = np.array(theirs.values, dtype=np.float64).reshape(theirs.shape)
                yield node.name, formula.slot, formula.numbers, formula.symbols, recorded


@cache
def _checked(expression: str, kind: str, end: str, seed: int) -> tuple[Counter[tuple[str, int]], set[tuple[str, int]]]:
    """Work out all that is shown for an expression; return how often for each slot, and what has no numbers shown."""
    index = TraceIndex(traced(expression, kind=kind, end=end, rows=2 + seed % 2, columns=2 + seed % 3, seed=seed))
    return _worked_out(index)


def _worked_out(index: TraceIndex) -> tuple[Counter[tuple[str, int]], set[tuple[str, int]]]:
    near = 2e-6 if any(node.name in SINGLE_PRECISION for node in index.trace.nodes) else 1e-9
    done: Counter[tuple[str, int]] = Counter()
    silent: set[tuple[str, int]] = set()
    for run in index.trace.backwards:
        for name, slot, text, symbols, recorded in _equations(index, run):
            if text is None:
                silent.add((name, slot))
                continue
            try:
                with np.errstate(all="ignore"):
                    left, right = equation(text, recorded.shape)
            except NotInWords:
                assert name in SENTENCES or _is_sentence(name, slot), (name, text)
                continue
            for side in (left, right):
                assert _is_near(side, recorded, near), (name, slot, symbols, text, recorded)
            done[name, slot] += 1
    return done, silent


def _is_near(side: About, recorded: Array, near: float) -> bool:
    """Whether a side is what was recorded, to the rounding of the numbers it was made of."""
    size = np.abs(np.where(np.isfinite(recorded), recorded, 0))
    with np.errstate(all="ignore"):
        fits = np.abs(side.value - recorded) <= side.off * 1.01 + near * (1 + size)
    same = (side.value == recorded) | (np.isnan(side.value) & np.isnan(recorded))
    return bool(np.all(same | fits | np.isinf(side.off)))


def _is_sentence(name: str, slot: int) -> bool:
    rules = RULES[name]
    return rules[min(slot, len(rules) - 1)].compute is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_what_is_shown_is_true(name: str, kind: str) -> None:
    if kind in ("infinite", "odd") and BOUNDED in EXPRESSIONS[name]:
        return
    _, silent = _checked(EXPRESSIONS[name], kind, ONCE, KINDS.index(kind))
    if kind in ("whole", "real"):
        assert not {met for met in silent if not _is_sentence(*met)}, silent


@pytest.mark.parametrize("expression", VARIANTS)
def test_what_is_shown_of_other_arguments_is_true(expression: str) -> None:
    for kind in KINDS[:2] if BOUNDED in expression else KINDS:
        _checked(expression, kind, ONCE, 1)


@pytest.mark.parametrize("name", sorted(SECOND))
def test_what_is_shown_of_second_derivatives_is_true(name: str) -> None:
    for kind in KINDS:
        _checked(SECOND[name], kind, TWICE, 1)


def test_every_rule_with_signs_was_worked_out() -> None:
    done: Counter[tuple[str, int]] = Counter()
    for name in EXPRESSIONS:
        done += _checked(EXPRESSIONS[name], "real", ONCE, KINDS.index("real"))[0]
    for name in SECOND:
        done += _checked(SECOND[name], "real", TWICE, 1)[0]
    for expression in VARIANTS:
        done += _checked(expression, "real", ONCE, 1)[0]
    wanted = {
        (name, slot) for name, rules in RULES.items() for slot in range(len(rules)) if not _is_sentence(name, slot)
    }
    only_on_a_gpu = {("NativeDropoutBackward0", 0)}
    assert wanted - done.keys() == only_on_a_gpu
    assert len(wanted) > 200
    # Of the sentences, those about one dimension's places.
    assert len(done.keys() - wanted) > 40
