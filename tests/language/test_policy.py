"""No way out by language alone: every known door, tried from inside a program."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.language import NotAllowed
from components.language.compiler import compile_program
from components.language.runtime import program_globals
from tests.language.conftest import Run

HEAD = """
import torch, functools, contextlib, copy, warnings, itertools, operator, random, math, collections, dataclasses
import numpy as np
from torch import nn
x = torch.ones(2, requires_grad=True)
i = torch.tensor([0, 1])
y = (x * 2).sum()
a = np.ones(2)
m = nn.Linear(1, 1)
opt = torch.optim.SGD([x], lr=0.1)
s = torch.optim.lr_scheduler.LambdaLR(opt, lambda e: 1.0)
g = (v for v in [1])
class User:
    def method(self): return 1
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t):
        global context
        context = ctx
        ctx.mine = 5
        return t ** 3
    @staticmethod
    def backward(ctx, grad): return grad
u = User()
z = Cube.apply(x)
def f(): return 1
try:
    1 / 0
except ZeroDivisionError as caught:
    error = caught
try:
    len.nothing
except AttributeError as caught:
    missing = caught
"""

REFUSED = (Path(__file__).parent / "doors.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("expression", REFUSED)
def test_no_way_out(expression: str, run: Run) -> None:
    program = f"{HEAD}\nprint('reached')\nresult = {expression}\nprint('got', result)"
    printed: list[str] = []
    with pytest.raises((AttributeError, NotAllowed, ValueError, TypeError)):
        exec(compile_program(program), program_globals(printed.append))
    assert "".join(printed) in ("", "reached\n")


@pytest.mark.parametrize(
    "expression",
    [
        "context.mine, context.needs_input_grad, z.grad_fn.name()",
        "y.grad_fn.next_functions[0][0]._saved_other, x._version",
        "x.__add__(1), (3).__neg__(), u.method.__name__, User.__doc__, torch.Tensor.add(x, 1), 'a'.__len__()",
        "m.weight, m.in_features, m.training, opt.param_groups[0]['lr'], s.get_last_lr()",
        "error.args, str(missing), a.T, a.mean(), type(g).__name__, f.__name__",
    ],
)
def test_what_stands_beside_the_doors_is_open(expression: str, run: Run) -> None:
    assert run(f"{HEAD}\nprint({expression})")


BEHIND_THE_SCENES = """
    __getattr__ __getattribute__ __setattr__ __delattr__ __del__ __reduce__ __reduce_ex__ __deepcopy__ __copy__
    __init_subclass__ __class_getitem__ __set_name__ __new__ __prepare__ __instancecheck__ __subclasshook__ __get__
    __set__ __delete__ __index__ __getstate__ __setstate__ __torch_function__ __array__ __array_interface__ __dict__
    __class__ __bases__ __slots__ __match_args__ __await__ __aenter__ __buffer__ __getitems__
"""


@pytest.mark.parametrize("name", BEHIND_THE_SCENES.split())
def test_what_runs_behind_the_scenes_cannot_be_defined(name: str, run: Run) -> None:
    for member in (f"def {name}(self, *a): pass", f"{name} = 1", f"{name}: int = 1", f"class {name}: pass"):
        with pytest.raises(NotAllowed):
            run(f"class A:\n    {member}\n")
    with pytest.raises(NotAllowed):
        run(f"class A: pass\nA.{name} = 1\n")
    with pytest.raises(NotAllowed):
        run(f"class A: pass\nsetattr(A, '{name}', 1)\n")
    with pytest.raises(NotAllowed):
        run(f"class A: pass\nsetattr(A(), '{name}', 1)\n")


NAMES = ["_getattr_", "_write_", "_import_", "_import_from_", "__metaclass__", "__builtins__", "__build_class__"]
BINDINGS = [
    "{} = 1",
    "{}",
    "{}: int = 1",
    "del {}",
    "for {} in []: pass",
    "import torch as {}",
    "from math import pi as {}",
    "def {}(): pass",
    "def f({}): pass",
    "def f(*, {}=1): pass",
    "def f(*{}): pass",
    "lambda {}: 1",
    "lambda **{}: 1",
    "class {}: pass",
    "try: pass\nexcept Exception as {}: pass",
    "with 1 as {}: pass",
    "({} := 1)",
    "[{} for _ in []]",
    "[1 for {} in []]",
    "global {}",
    "def f():\n    x = 1\n    def g():\n        nonlocal {}",
    "match 1:\n    case {}: pass",
    "match 1:\n    case [*{}]: pass",
    "match 1:\n    case {{**{}}}: pass",
    "match 1:\n    case int() as {}: pass",
    "a, *{} = [1]",
    "f'{{{}}}'",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("binding", BINDINGS)
def test_the_guards_cannot_be_named(binding: str, name: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        compile_program(binding.format(name))
    assert caught.value.name == name


def test_letters_that_look_alike_are_the_same_letters() -> None:
    with pytest.raises(NotAllowed):
        compile_program("_ｇetattr_ = 1")
    with pytest.raises(NotAllowed):
        compile_program("x.__ｃode__")


def test_a_program_cannot_catch_the_interruption_of_its_run() -> None:
    class Interruption(BaseException):
        pass

    def interrupt(text: str) -> None:
        raise Interruption

    for clause in ("except:", "except BaseException:", "except Exception:", "except (BaseException, ValueError):"):
        with pytest.raises(Interruption):
            exec(compile_program(f"try:\n    print(1)\n{clause}\n    pass\n"), program_globals(interrupt))


def test_a_class_that_changes_is_looked_at_again(run: Run) -> None:
    program = """
        from torch import nn
        class Net(nn.Module):
            def forward(self, x): return x
        net = Net()
        print(hasattr(net, "share_memory"))
        Net.share_memory = lambda self: "mine"
        print(net.share_memory())
        del Net.share_memory
        print(hasattr(net, "share_memory"))
    """
    assert run(program) == "False\nmine\nFalse\n"


def test_wraps_copies_nothing_but_the_name(run: Run) -> None:
    program = """
        import functools, torch
        class Holder: pass
        holder = Holder()
        functools.wraps(torch.ones(1))(holder)
        functools.wraps(lambda: 1)(torch.nn.Linear(1, 1))
        print(hasattr(holder, "data_ptr"), hasattr(holder, "untyped_storage"))
        try:
            functools.wraps(torch.ones(1), assigned=("untyped_storage",))
        except TypeError:
            print("no such choice")
    """
    assert run(program) == "False False\nno such choice\n"


def test_numbers_of_objects_are_the_same_in_every_run_and_no_addresses(run: Run) -> None:
    program = """
        import torch
        class A: pass
        a, x = A(), torch.ones(1)
        print(id(a), id(x), id(a) == id(a), id(a) != id(x), hash(a), hash(x))
        print(a, hex(id(a))[2:] in str(a))
    """
    first, second = run(program), run(program)
    assert first == second
    assert first.startswith(f"{0x7F0000000000} {0x7F0000000040} True True {0x7F0000000000 >> 4}")
    assert "<__main__.A object at 0x7f0000000000> False" in first


def test_hash_keeps_its_meaning(run: Run) -> None:
    assert run("print(hash(1), hash((1, 2)) == hash((1, 2)), len({1: 2, 1.0: 3}))") == "1 True 1\n"
