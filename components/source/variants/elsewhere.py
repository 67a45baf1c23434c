"""The same program elsewhere: its forward under autocast, all of it on the GPU, or both.

No single line changes here, as in the other variants: autocast belongs around every part of the forward and around no
backward, as PyTorch's documentation has it, and the GPU is the place of every tensor that the program makes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from ..edits import Edit, edited
from ..tree import ProgramTree, read_program
from .changes import ProgramChange, Variant, has_torch, is_recorded, wrapped
from .name_flow import NameFlow
from .options import engine_calls

_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = ("body", "orelse", "finalbody")
_UPDATES = frozenset({"step", "zero_grad", "backward"})
AUTOCAST: Final = "under autocast (bfloat16)"
CUDA: Final = "on the GPU"
_AUTOCAST_DOES = "Products, convolutions and what follows them run in bfloat16; autocast is off during backward."
_CUDA_DOES = "Every tensor is made on the GPU. Random numbers are drawn on the CPU, so that they are the same ones."
# Written for a program to read: a person sees it above the program's own lines.
ON_THE_GPU = '''\
from torch.overrides import TorchFunctionMode


class OnTheGPU(TorchFunctionMode):
    """Makes every tensor on the GPU, of the random numbers that the CPU draws."""

    DRAWN = {"rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli"}
    FILLED = {"uniform_", "normal_", "random_", "bernoulli_", "exponential_"}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, getattr(function, "__name__", "")
        given = [one for one in (*args, *kwargs.values()) if isinstance(one, torch.Tensor)]
        if given and (name in self.FILLED or getattr(function, "__module__", "") == "torch.nn.init"):
            on_cpu = {id(one): one.detach().cpu() for one in given}
            drawn = function(*(on_cpu.get(id(one), one) for one in args),
                             **{key: on_cpu.get(id(one), one) for key, one in kwargs.items()})
            with torch.no_grad():
                return given[0].copy_(drawn)
        if name in self.DRAWN:
            where = kwargs.pop("device", None) or "cuda"
            made = function(*(one.cpu() if isinstance(one, torch.Tensor) else one for one in args), **kwargs)
            return made.detach().to(where).requires_grad_(made.requires_grad)
        made = function(*args, **kwargs)
        if type(made) is torch.Tensor and not given and made.is_leaf and not made.is_cuda and "device" not in kwargs:
            return made.detach().cuda().requires_grad_(made.requires_grad)
        return made


OnTheGPU().__enter__()

'''


def on_the_gpu(source: str) -> bool:
    """Whether a program is such a one on the GPU."""
    return ON_THE_GPU.partition("\n")[2].strip() in source.replace("\r\n", "\n").replace("\r", "\n")


def elsewhere(source: str, *, gpu: bool) -> tuple[Variant, ...]:
    """Return the program under autocast and, where there is a GPU, on that; each where it can be written.

    Never raises: of a text that is no program, or that does not import ``torch`` by its name, there is none.
    """
    program = read_program(source)
    if program is None or not has_torch(program):
        return ()
    found = [_variant(program, change) for change in _under_autocast(program, "cpu")]
    if gpu:
        found += [_variant(program, change) for change in _on_the_gpu(program)]
    return tuple(one for one in found if one is not None)


def _variant(program: ProgramTree, change: ProgramChange) -> Variant | None:
    if not program.stays_python(change.edits):
        return None
    return Variant(change.switch, change.line, change.title, change.what, edited(program.source, change.edits))


def _on_the_gpu(program: ProgramTree) -> Iterator[ProgramChange]:
    place = _behind_imports(program)
    if place is None:
        return
    new_line = program.new_line(1)
    start = Edit(program.starts[place - 1], program.starts[place - 1], ON_THE_GPU.replace("\n", new_line))
    yield ProgramChange("cuda", place, CUDA, _CUDA_DOES, (start,))
    for change in _under_autocast(program, "cuda"):
        title, what = f"{CUDA}, {AUTOCAST}", f"{_CUDA_DOES} {change.what}"
        yield ProgramChange("cuda", place, title, what, (start, *change.edits))


def _behind_imports(program: ProgramTree) -> int | None:
    """The line before which the first statement stands that is neither an import nor the program's description."""
    for statement in program.tree.body:
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not text and not isinstance(statement, ast.Import | ast.ImportFrom):
            return program.first_line(statement)
    return None


# --- autocast around the forward


def _under_autocast(program: ProgramTree, device: str) -> Iterator[ProgramChange]:
    if "autocast" in program.source:
        return
    by_itself = "cuda" in program.source  # the program says where it runs
    where = '"cuda" if torch.cuda.is_available() else "cpu"' if by_itself else f'"{device}"'
    head = f"with torch.autocast({where}, dtype=torch.bfloat16):"
    edits: list[Edit] = []
    for statements in _Forward(program).parts(program.tree.body, followed=False):
        edits += wrapped(program, statements, head) or []
    if edits:
        line = program.line_of(min(edit.start for edit in edits))
        yield ProgramChange("autocast", line, AUTOCAST, _AUTOCAST_DOES, tuple(edits))


class _Forward:
    """Where a program computes forward: the longest rows of statements that run no backward and change no weight.

    Where a program runs backward at all, what no backward follows is none of it.
    """

    def __init__(self, program: ProgramTree) -> None:
        self._program = program
        self._flow = NameFlow(program)
        self._calls = set(engine_calls(program))
        functions = [node for node in program.nodes if isinstance(node, _FUNCTIONS)]
        self._classes = {node.name for node in program.nodes if isinstance(node, ast.ClassDef)}
        self._training: set[str] = set()
        for _ in functions:  # a function that calls one that trains does so, too
            found = {one.name for one in functions if self._trains(one)}
            if found == self._training:
                break
            self._training = found

    def _trains(self, statement: ast.AST) -> bool:
        return any(isinstance(node, ast.Call) and self._updates(node) for node in ast.walk(statement))

    def _updates(self, call: ast.Call) -> bool:
        if call in self._calls:
            return True
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        return name in self._training or (isinstance(call.func, ast.Attribute) and name in _UPDATES)

    def parts(self, block: Sequence[ast.stmt], *, followed: bool) -> Iterator[list[ast.stmt]]:
        """Yield the rows of statements of a block, and of the blocks inside, that belong under autocast.

        ``followed``: what stands around the block runs backward after it.
        """
        row: list[ast.stmt] = []
        last = max((place for place, statement in enumerate(block) if self._trains(statement)), default=-1)
        for place, statement in enumerate(block):
            trains = self._trains(statement)
            if not trains and not isinstance(statement, _DEFINITIONS):
                row.append(statement)
                continue
            yield from self._trimmed(row)
            row = []
            if not trains:
                continue
            inside = [getattr(statement, name, None) or [] for name in _BLOCKS]
            inside += [handler.body for handler in getattr(statement, "handlers", [])]
            if any(inside):
                for statements in inside:
                    yield from self.parts(statements, followed=followed or place < last)
            else:
                yield from self._trimmed([statement])  # ``f(x).sum().backward()`` is one statement
        if followed or not self._calls:
            yield from self._trimmed(row)

    def _trimmed(self, row: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
        computing = [place for place, statement in enumerate(row) if self._computes(statement)]
        if computing:
            yield row[computing[0] : computing[-1] + 1]

    def _computes(self, statement: ast.stmt) -> bool:
        """Whether autograd records something new in a statement; ``loss.backward()`` computes nothing forward."""
        return any(
            isinstance(node, ast.Call | ast.BinOp)
            and not (isinstance(node, ast.Call) and (self._updates(node) or self._makes(node)))
            and self._flow.computes(node)
            and is_recorded(self._program, node)
            and not any(isinstance(outer, ast.Lambda) for outer in self._program.above(node))
            for node in ast.walk(statement)
        )

    def _makes(self, call: ast.Call) -> bool:
        """Whether a call makes an object of one of the program's classes: ``Net(3).to(device)``."""
        base: ast.expr = call
        while isinstance(base, ast.Call | ast.Attribute):
            base = base.func if isinstance(base, ast.Call) else base.value
        return isinstance(base, ast.Name) and base.id in self._classes and not self._is_function(call)

    def _is_function(self, call: ast.Call) -> bool:
        """``Cube.apply(x)`` computes."""
        return isinstance(call.func, ast.Attribute) and call.func.attr == "apply"
