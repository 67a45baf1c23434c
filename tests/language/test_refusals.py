"""What the language refuses: with the line, the name, and what to write instead."""

from __future__ import annotations

import pytest
import torch

from components.language import NotAllowed, SourceLimits, SourceTooLarge
from components.language.compiler import compile_program
from components.language.runtime import program_globals


def run(source: str) -> str:
    printed: list[str] = []
    exec(compile_program(source), program_globals(printed.append))
    return "".join(printed)


@pytest.mark.parametrize(
    ("source", "line", "name", "advice"),
    [
        ("x = 1\nfrom torch import *", 2, "*", "Import the names you use."),
        ("x = ().__class__.__bases__", 1, "__bases__", ""),
        ("def f(): pass\nf.__globals__", 2, "__globals__", ""),
        ("class A(metaclass=type): pass", 1, "metaclass", ""),
        ("_getattr_ = 1", 1, "_getattr_", "Choose another name."),
        ("for __builtins__ in [1]: pass", 1, "__builtins__", "Choose another name."),
        ("import torch as _write_", 1, "_write_", "Choose another name."),
        ("lambda __import__: 1", 1, "__import__", "Choose another name."),
        ("\nasync def f(): pass", 2, "AsyncFunctionDef", ""),
        ("match 1:\n    case int(real=r): pass", 2, "case", "Use isinstance()."),
        ("from . import x", 1, ".", ""),
    ],
)
def test_refused_before_it_runs(source: str, line: int, name: str, advice: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        compile_program(source)
    assert (refusal.value.line, refusal.value.name, refusal.value.advice) == (line, name, advice)
    assert str(refusal.value)


@pytest.mark.parametrize(
    ("source", "name", "words"),
    [
        ("open('f')", "open", "no files"),
        ("input()", "input", "no keyboard"),
        ("eval('1')", "eval", "Write the expression"),
        ("exit()", "exit", "after its last line"),
        ("import os", "os", "no files"),
        ("import subprocess", "subprocess", "cannot start"),
        ("import matplotlib.pyplot as plt", "matplotlib.pyplot", "draws graphs"),
        ("import torch\ntorch.load('f')", "load", "no files"),
        ("import torch\ntorch.ones(1).resize_(3)", "resize_", "reshape"),
        ("import torch\ntorch.compile", "compile", "without compilation"),
        ("print(1, file=3)", "file", "Print without"),
    ],
)
def test_refused_when_it_runs(source: str, name: str, words: str) -> None:
    with pytest.raises(NotAllowed) as refusal:
        run(source)
    assert refusal.value.name == name
    assert words in str(refusal.value)


ESCAPES = [
    "getattr((), '__subclasshook__')",
    "'{0.__class__}'.format(1)",
    "'{x.__class__}'.format_map({'x': 1})",
    "str.format('{0.real}', 1)",
    "type('A', (), {})",
    "(i for i in [1]).gi_frame",
    "getattr((i for i in [1]), 'gi_frame')",
    "(lambda: 1).func_globals",
    "print.__self__",
    "getattr(print, '__globals__')",
    "setattr(torch, 'ones', 1)",
    "torch.ones = 1",
    "del torch.ones",
    "torch._C",
    "torch.hub",
    "torch.ops",
    "torch.jit",
    "torch.save",
    "torch.classes",
    "torch.nn.Linear(1, 1)._parameters",
    "torch.nn.ParameterDict",
    "torch.ones(1).untyped_storage()",
    "torch.ones(1).set_()",
    "torch.ones(1)._backward_hooks",
    "torch.ones(1).numpy().ctypes",
    "torch.ones(1).numpy().tofile('f')",
    "torch.ones(1).numpy().base",
    "torch.autograd.Function._backward_cls",
    "torch.optim.lr_scheduler.LambdaLR(torch.optim.SGD([x], 0.1), lambda e: 1).state_dict()",
    "torch.nn.Linear(1, 1).register_state_dict_pre_hook(print)",
    "list(map(getattr, [()], ['__dir__']))",
    "torch.ones(2, dtype=torch.long).data.__setstate__",
    "torch.nn.Linear(1, 1).register_parameter('weight', torch.nn.Parameter(torch.ones(9)))",
]


@pytest.mark.parametrize("expression", ESCAPES)
def test_no_way_out_by_language_alone(expression: str) -> None:
    with pytest.raises((NotAllowed, AttributeError, ValueError, TypeError)):
        run(f"import torch\nx = torch.ones(1, requires_grad=True)\n{expression}\n")


BEHIND_THE_SCENES = """
    __getattr__ __getattribute__ __setattr__ __del__ __reduce__ __deepcopy__ __init_subclass__ __class_getitem__
    __set_name__ __new__ __prepare__ __instancecheck__
"""


@pytest.mark.parametrize("method", BEHIND_THE_SCENES.split())
def test_methods_that_run_behind_the_scenes_cannot_be_defined(method: str) -> None:
    with pytest.raises(NotAllowed):
        run(f"class A:\n    def {method}(self, *a): pass\n")
    with pytest.raises(NotAllowed):
        run(f"class A:\n    {method} = 1\n")


def test_exceptions_keep_their_tracebacks_to_themselves() -> None:
    for name in ("__traceback__", "__context__", "tb_frame"):
        with pytest.raises((NotAllowed, AttributeError)):
            run(f"try:\n    1/0\nexcept Exception as error:\n    error.{name}\n")
    with pytest.raises(NotAllowed):
        run("try:\n    1/0\nexcept Exception as error:\n    error.with_traceback(None)\n")


@pytest.mark.parametrize(
    "source",
    [
        "m = torch.nn.LSTM(2, 3)\nm.weight_ih_l0 = torch.nn.Parameter(torch.ones(1))",
        "class L(torch.nn.LSTM): pass\nm = L(2, 3)\nm.weight_hh_l0 = torch.nn.Parameter(torch.ones(1))",
        "x = torch.ones(2)\nx.data = torch.ones(9)",
        "from torch.func import functional_call\nm = torch.nn.Linear(2, 3)\n"
        "functional_call(m, {'weight': torch.ones(1)}, torch.ones(1, 2))",
        "from torch.autograd.graph import saved_tensors_hooks\nx = torch.ones(4, requires_grad=True)\n"
        "with saved_tensors_hooks(lambda t: t, lambda t: torch.ones(1)):\n    y = (x ** 2).sum()\ny.backward()",
    ],
)
def test_shapes_that_kernels_trust_cannot_be_changed(source: str) -> None:
    with pytest.raises(ValueError, match="must keep shape|same shape"):
        run(f"import torch\n{source}\n")


def test_an_attribute_that_does_not_exist_gives_pytorchs_own_error() -> None:
    with pytest.raises(AttributeError) as told:
        run("import torch\ntorch.ones(1).backwrad()\n")
    with pytest.raises(AttributeError) as plain:
        torch.ones(1).backwrad()  # type: ignore[attr-defined]
    assert str(told.value) == str(plain.value)
    assert not isinstance(told.value, NotAllowed)


def test_has_attribute_says_no_instead_of_raising() -> None:
    source = "import torch\nx = torch.ones(1)\nprint(hasattr(x, 'set_'), hasattr(x, 'grad'), getattr(x, 'set_', 7))\n"
    assert run(source) == "False True 7\n"


@pytest.mark.parametrize(
    "source",
    ["x" * 50_001, "\n" * 3_001, "(" * 500 + ")" * 500, "x=" + "-" * 9_000 + "1", "x" + ".a" * 5_000, "[" * 99_999],
)
def test_texts_that_are_too_large(source: str) -> None:
    with pytest.raises((SourceTooLarge, SyntaxError)):
        compile_program(source, SourceLimits())


def test_lines_are_true_for_classes_and_functions() -> None:
    source = "import torch\n\n\nclass A:\n    def f(self):\n        return 1 / 0\n\n\nA().f()\n"
    with pytest.raises(ZeroDivisionError) as failure:
        run(source)
    assert [entry.lineno + 1 for entry in failure.traceback if str(entry.path) == "<program>"] == [9, 6]


def test_a_bare_except_does_not_catch_the_interruption_of_a_run() -> None:
    class Interruption(BaseException):
        pass

    def interrupt(text: str) -> None:
        raise Interruption

    with pytest.raises(Interruption):
        exec(compile_program("try:\n    print(1)\nexcept:\n    pass\n"), program_globals(interrupt))
