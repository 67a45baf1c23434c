"""The memory of whole programs, beside plain Python's under ``torch.profiler``: the observers' bytes never show."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import accumulate

import pytest
import torch

from components.capture import capture_program
from components.trace import Allocation, Memory, Program
from tests.capture.memory_reading import in_portions, measured
from tests.capture.plain import PlainMemory, plain_memory
from tests.program_texts import PROGRAMS

pytestmark = pytest.mark.sets

# These compute something in the middle of a line, such as `w.norm().item()`, or fail there: a graph that no variable
# holds at the end of a line is not in the trace, so nothing in it is known to have been saved.
UNSEEN_GRAPHS = {
    "49_solve_and_inverse",
    "53_topk_and_sort",
    "56_cumulative",
    "64_simple_loop_with_decay",
    "72_fails_shapes",
    "77_fails_in_a_function",
}
# What torch.func and autograd.functional save inside of themselves is not shown to saved_tensors_hooks from outside.
INSIDE_TRANSFORMS = {"14_func_grad_vmap", "15_func_jacobians", "16_functional_call", "48_newton_many_variables"}
# checkpoint and a program's own saved_tensors_hooks are shown those tensors instead of the hooks outside.
OWN_HOOKS = {"33_checkpoint", "58_saved_tensors_hooks"}


@cache
def plain() -> dict[str, PlainMemory]:
    return plain_memory(PROGRAMS)


@cache
def memory_of(name: str) -> Memory:
    torch.set_num_threads(1)  # as in the worker; kernels take work space for each thread
    memory = measured(capture_program(Program(source=PROGRAMS[name]))).memory
    assert memory is not None
    return memory


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_allocation_and_release_is_plain_pythons(name: str) -> None:
    memory = memory_of(name)
    deltas = plain()[name].deltas
    assert in_portions(event.delta_bytes for event in memory.events) == in_portions(deltas)
    totals = list(accumulate(deltas))
    assert memory.peak_bytes == max(totals, default=0)
    assert memory.final_bytes == (totals[-1] if totals else 0)


@pytest.mark.parametrize("name", PROGRAMS)
def test_categories_add_up_to_the_total_at_every_event(name: str) -> None:
    held: Counter[str] = Counter()
    for event in memory_of(name).events:
        held[event.category] += event.delta_bytes
        assert min(held.values()) >= 0
        assert sum(held.values()) == event.total_bytes


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - UNSEEN_GRAPHS - INSIDE_TRANSFORMS - OWN_HOOKS))
def test_saved_storages_are_those_that_hooks_are_shown(name: str) -> None:
    saved = [block.bytes for block in memory_of(name).allocations if block.saved_by and not _is_a_number(block)]
    assert sorted(saved) == plain()[name].saved


@pytest.mark.parametrize("name", sorted(UNSEEN_GRAPHS))
def test_what_is_not_seen_is_never_invented(name: str) -> None:
    saved = Counter(block.bytes for block in memory_of(name).allocations if block.saved_by and not _is_a_number(block))
    assert saved < Counter(plain()[name].saved)


def test_there_are_enough_programs() -> None:
    assert len(PROGRAMS) - len(UNSEEN_GRAPHS | INSIDE_TRANSFORMS | OWN_HOOKS) > 30


def _is_a_number(block: Allocation) -> bool:
    """The 2 of ``x * 2`` becomes a tensor of one number before the operation begins; hooks are not shown those."""
    return block.bytes == 8 and not (block.operation or "").startswith("aten::")
