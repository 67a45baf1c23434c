"""Makes the process that runs programs ready, step by step, and says which names it has for the editor.

Whatever a program would otherwise load or initialise on its own time: PyTorch's lazy parts, the profiler, matplotlib
with its fonts and a first figure, and the modules of Python that programs use most, which are then there even where no
file can be opened.
"""

from __future__ import annotations

import builtins
import gc
import importlib
import keyword
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch

from ..source import SourceLimits
from ..trace import Caps, Program, observed_run
from .memory.profiler import Profiler
from .memory.second_run import measure_program
from .observed_run import capture_program

_LOADED = """
    abc argparse ast atexit base64 bisect calendar cmath codecs collections.abc concurrent.futures contextlib copy csv
    ctypes dataclasses datetime decimal difflib enum fractions functools gc getpass glob gzip hashlib heapq html
    importlib.metadata importlib.resources inspect io itertools json linecache locale logging logging.handlers math
    numbers operator os pathlib pickle platform pprint queue random re resource shelve shutil signal statistics string
    struct subprocess sys tempfile textwrap threading time timeit traceback types typing unittest urllib.request uuid
    warnings weakref zipfile zlib
    numpy.fft numpy.linalg numpy.random numpy.testing
    torch.distributions torch.fft torch.special torch.amp torch.utils.data torch.nn.utils.rnn
    torch.nn.utils.parametrizations torch.nn.utils.parametrize torch.nn.utils.prune torch.optim.swa_utils torch.profiler
    torch.sparse torch.testing torch.overrides torch.utils._python_dispatch torch.nested torch.jit torch.serialization
    torch.func torch.utils.checkpoint
"""
_SHOWN = """
    tqdm tqdm.auto IPython.lib.pretty IPython.display matplotlib.pyplot mpl_toolkits.mplot3d matplotlib.animation
    torch.utils.tensorboard
"""
# PyTorch's compiler: a second of processor time, in pieces.
_COMPILER = """
    sympy torch.fx.experimental.symbolic_shapes torch.distributed.tensor torch.distributed.fsdp torch._dynamo.utils
    torch._dynamo.trace_rules torch._dynamo.symbolic_convert torch._dynamo torch.nn.attention
    torch.nn.attention.flex_attention
"""
_COMPLETED = """
    torch torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.optim torch.optim.lr_scheduler torch.autograd
    torch.autograd.functional torch.autograd.graph torch.autograd.forward_ad torch.func torch.linalg torch.fft
    torch.special torch.distributions torch.utils.data torch.utils.checkpoint torch.cuda torch.amp torch.sparse
    math random numpy numpy.linalg numpy.random functools itertools collections
"""


def warm_up() -> None:
    """Load and initialise everything that a run would otherwise load on its own time."""
    for _ in warming():
        pass


def warming() -> Iterator[None]:
    """Do what ``warm_up`` does, in steps of some tenths of a second at most.

    The worker forks between them, but not before the first: in it PyTorch's profiler makes its thread, and kernels are
    chosen by what the system's files say of the processor, of which a program would find none. What else a program
    needs that is not loaded yet, it loads itself. Garbage is collected more rarely in the end: the records of a large
    graph are none, and looking through them again and again takes longer than the run.
    """
    with Profiler(lambda events: None):
        pass
    capture_program(Program(source=_FIRST))
    yield
    yield from _import_all(_LOADED)
    yield from _import_all(_COMPILER)
    _hide_from_compiler()
    yield
    program = Program(source=SOURCE)
    observed = observed_run(capture_program(program))
    yield
    measure_program(program, observed, Caps(), SourceLimits())
    yield
    yield from _import_all(_SHOWN)
    capture_program(Program(source=_PLOT))
    gc.set_threshold(100_000, 50, 1_000)


def _import_all(modules: str) -> Iterator[None]:
    for module in modules.split():
        with suppress(ImportError):
            importlib.import_module(module)
        yield


def _hide_from_compiler() -> None:
    """Keep ``torch.compile`` from compiling observers: it takes over whatever is called in what it has compiled.

    Hooks of modules cannot be left out of what it compiles; they return at once there, which it must be able to read.
    """
    import torch._dynamo.trace_rules  # takes a second

    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        if path.stem not in ("__init__", "modules"):
            module = ".".join(path.relative_to(folder).with_suffix("").parts)
            torch._dynamo.trace_rules.add(f"{__package__}.{module}")


def installed_names() -> tuple[str, ...]:
    """Return ``torch.sin``, ``torch.nn.Linear``, ``torch.Tensor.backward``, ``print``, ``while``, … in order.

    Gathered where torch is loaded: the pages, which never load it, are told.
    """
    names = {*keyword.kwlist, *(name for name in dir(builtins) if _is_public(name))}
    for module in _COMPLETED.split():
        try:
            held = importlib.import_module(module)
        except ImportError:
            continue
        names.update(f"{module}.{name}" for name in dir(held) if _is_public(name))
    names.update(f"torch.Tensor.{name}" for name in dir(torch.Tensor) if _is_public(name))
    return tuple(sorted(names))


def _is_public(name: str) -> bool:
    return name.isidentifier() and not name.startswith("_")


_FIRST = """
import torch
x = torch.randn(8, 8, requires_grad=True)
y = torch.nn.functional.conv2d((x @ x).sin().view(1, 1, 8, 8), torch.ones(1, 1, 3, 3))
y.sum().backward()
"""
# A program that uses everything which PyTorch imports or initialises only when it is first used.
SOURCE = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.autograd.forward_ad as forward_ad
from torch.func import grad, hessian, jacfwd, jacrev, vmap
from torch.utils.checkpoint import checkpoint
import numpy

x = torch.tensor([1.0, 2.0], requires_grad=True)
str(x), str((x * 2).sum()), repr(numpy.array([1.0])), x.detach().numpy()
ones = torch.ones(2)
for compute in (torch.autograd.functional.jacobian, torch.autograd.functional.hessian):
    compute(lambda v: (v ** 2).sum(), ones)
for compute in (torch.autograd.functional.vjp, torch.autograd.functional.jvp):
    compute(lambda v: v ** 2, ones, ones)
for compute in (jacrev, jacfwd, hessian, vmap):
    compute(lambda v: v.sin())(ones)
grad(lambda v: v.sin().sum())(ones)
with forward_ad.dual_level():
    forward_ad.unpack_dual(forward_ad.make_dual(ones, ones) * 2)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


Double.apply(x).sum().backward()
checkpoint(lambda v: v.sin(), x, use_reentrant=False).sum().backward()
with torch.autograd.detect_anomaly(check_nan=False):
    x.sin().sum().backward()
exact = torch.ones(2, dtype=torch.double, requires_grad=True)
torch.autograd.gradcheck(lambda t: t * t, (exact,))
optim = torch.optim
for make in (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad, optim.LBFGS):
    p = torch.zeros(2, requires_grad=True)
    optimizer = make([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
scheduler.step()
layers = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
model = nn.Sequential(*layers, nn.Linear(8, 3), nn.Dropout())
str(model)
F.cross_entropy(model(torch.randn(2, 1, 4, 4)), torch.tensor([0, 1])).backward()
nn.utils.clip_grad_norm_(model.parameters(), 1.0)
nn.LSTM(2, 3)(torch.ones(1, 1, 2))
nn.GRU(2, 3)(torch.ones(1, 1, 2))
nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(torch.ones(1, 2, 4)).sum().backward()
eye = torch.eye(2)
torch.linalg.inv(eye), torch.linalg.svd(eye), torch.linalg.eigh(eye), torch.einsum("ij,jk->ik", eye, eye)
torch.manual_seed(0)
for failing in (lambda: (x * 2).backward(), lambda: torch.ones(2) @ torch.ones(3), lambda: x.missing):
    try:
        failing()
    except Exception as error:
        str(error)
"""
_PLOT = """
import numpy as np
import torch
import matplotlib.pyplot as plt
from tqdm import tqdm

fig, axes = plt.subplots(1, 2, figsize=(8, 3))
axes[0].plot(torch.linspace(0, 1, 5), np.arange(5), "o-", label="a line")
axes[0].set_title("title"), axes[0].set_xlabel("x"), axes[0].legend(), axes[0].grid(True)
axes[1].imshow(np.eye(3)), axes[1].scatter([0, 1], [1, 0]), axes[1].hist([1.0, 2.0, 2.0]), axes[1].bar([1], [2])
plt.tight_layout()
plt.show()
for _ in tqdm(range(2)):
    pass
"""
