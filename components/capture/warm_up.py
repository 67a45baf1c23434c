"""Makes the process that runs programs ready, once, before it forks.

Whatever a program would otherwise load or initialise on its own time: PyTorch's lazy parts, the profiler, matplotlib
with its fonts and a first figure, and the modules of Python that programs use most, which are then there even where no
file can be opened.
"""

from __future__ import annotations

import gc
import importlib
from contextlib import suppress
from pathlib import Path

import torch._dynamo.trace_rules

from ..source import SourceLimits
from ..trace import Caps, Program, observed_run
from .memory import measure_program
from .run import capture_program
from .warm_up_program import SOURCE

_MODULES = """
    abc argparse ast atexit base64 bisect calendar cmath codecs collections.abc concurrent.futures contextlib copy csv
    ctypes dataclasses datetime decimal difflib enum fractions functools gc getpass glob gzip hashlib heapq html
    importlib.metadata importlib.resources inspect io itertools json linecache locale logging logging.handlers math
    numbers operator os pathlib pickle platform pprint queue random re resource shelve shutil signal statistics string
    struct subprocess sys tempfile textwrap threading time timeit traceback types typing unittest urllib.request uuid
    warnings weakref zipfile zlib
    numpy.fft numpy.linalg numpy.random numpy.testing
    torch.distributions torch.fft torch.special torch.amp torch.utils.data torch.utils.tensorboard torch.nn.utils.rnn
    torch.nn.utils.parametrizations torch.nn.utils.parametrize torch.nn.utils.prune torch.optim.swa_utils torch.profiler
    torch.sparse torch.testing torch._dynamo torch.overrides torch.utils._python_dispatch torch.nested torch.jit
    torch.serialization torch.nn.attention torch.nn.attention.flex_attention
    tqdm tqdm.auto IPython.display IPython.lib.pretty mpl_toolkits.mplot3d matplotlib.animation
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


def warm_up() -> None:
    """Load and initialise everything that a run would otherwise load on its own time.

    The worker calls it once, before it forks. Garbage is collected more rarely from then on: the records of a large
    graph are none, and looking through them again and again takes longer than the run.
    """
    for module in _MODULES.split():
        with suppress(ImportError):
            importlib.import_module(module)
    _hide_from_compiler()
    program = Program(source=SOURCE)
    observed = observed_run(capture_program(program))
    measure_program(program, observed, Caps(), SourceLimits())
    capture_program(Program(source=_PLOT))
    gc.collect()
    gc.set_threshold(100_000, 50, 1_000)


def _hide_from_compiler() -> None:
    """Keep ``torch.compile`` from compiling observers: it takes over whatever is called in what it has compiled.

    Hooks of modules cannot be left out of what it compiles; they return at once there, which it must be able to read.
    """
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "modules"):
            torch._dynamo.trace_rules.add(f"{__package__}.{path.stem}")
