"""``make gpu``: on a machine with a GPU its tests, then a training step recorded there with its memory.

The trace is the sample that the app shows where there is no GPU. It holds the command, the machine and the versions.
Nothing is written where there is no GPU, where a test fails or is skipped for want of one, or where the record lacks
what the sample is for.
"""

from __future__ import annotations

import platform
import subprocess
import sys

from msgspec.structs import replace

from app.gpu_sample import FILE
from app.uploads import OpenError, opened_trace
from components.trace import Note, Program, Trace, encode_trace
from components.worker import Limits, pool_of_this_machine
from components.worker.confine.gpu import has_gpu

COMMAND = "make gpu"
TESTS = ("tests/worker/test_on_a_gpu.py", "tests/capture/test_memory_on_cuda.py")
STEP = """\
import torch

torch.manual_seed(0)
model = torch.nn.Sequential(
    torch.nn.Embedding(1000, 256),
    torch.nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, batch_first=True),
    torch.nn.Linear(256, 1000),
).cuda()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
tokens = torch.randint(1000, (8, 65), device="cuda")

for step in range(2):
    scores = model(tokens[:, :-1])
    loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), tokens[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
"""


def main() -> int:
    """Test and record; return 0 only where both were done."""
    if not has_gpu():
        print(
            f"{COMMAND}: there is no GPU that PyTorch can use here, so nothing was tested or recorded.", file=sys.stderr
        )
        return 1
    problem = _tested() or _recorded()
    print(f"{COMMAND}: {problem}" if problem else f"{COMMAND}: wrote {FILE}", file=sys.stderr)
    return 1 if problem else 0


def _tested() -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", *TESTS], stdout=subprocess.PIPE, text=True, check=False
    )
    print(ran.stdout)
    if ran.returncode:
        return "tests failed, so nothing was recorded."
    return "tests were skipped for want of a GPU, so nothing was recorded." if "no GPU here" in ran.stdout else ""


def _recorded() -> str:
    pool = pool_of_this_machine(size=1, gpu=True)
    try:
        trace = pool.run(Program(source=STEP, device="cuda"), Limits(wall_seconds=60, finish_seconds=60), memory=True)
    finally:
        pool.close()
    problem = lacking(trace)
    if problem:
        return problem
    data = encode_trace(with_origin(trace)) + b"\n"
    try:
        opened_trace(FILE.name, data)
    except OpenError as error:
        return str(error)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(data)
    return ""


def lacking(trace: Trace) -> str:
    """Say what a sample needs and this trace has not, empty where it has all."""
    memory = trace.memory
    if trace.failure is not None:
        return f"the step failed: {trace.failure.message}"
    if memory is None or memory.device != "cuda" or not memory.cuda:
        return f"the memory of the GPU was not recorded: {trace.memory_note or 'nobody knows why'}"
    known = {event.category for event in memory.events}
    missing = {"leaf", "saved", "gradient", "optimizer"} - known
    if missing:
        return f"no memory of these categories was recorded: {', '.join(sorted(missing))}"
    return "" if any(event.node for event in memory.events) else "no allocation was tied to a node"


def with_origin(trace: Trace) -> Trace:
    """Return the trace with a note of what it was recorded by, and on what."""
    about = trace.environment
    said = (
        f"Recorded by `{COMMAND}` on {about.device_name}, {platform.system()} {platform.machine()}, with PyTorch "
        f"{about.torch} and Python {about.python}."
    )
    return replace(trace, notes=[Note(observer=None, message=said, line=None), *trace.notes])


if __name__ == "__main__":
    sys.exit(main())
