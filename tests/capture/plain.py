"""More oracles beside ``tests/plain.py``: programs as files of their own, and under the public profiler."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_LAST_LINE = re.compile(r"^(\w+)(?:: (.*))?$", re.DOTALL)

# --- how programs end: each is a file that ``python program.py`` runs, with nothing to read


@dataclass(frozen=True)
class PlainRun:
    """What a program wrote, and the type and message of what ended it; a traceback is no part of ``stderr``."""

    stdout: str
    stderr: str
    error: tuple[str, str] | None


def plain_files(programs: Mapping[str, str]) -> dict[str, PlainRun]:
    """Run all programs, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(programs, pool.map(_run_file, programs.values()), strict=True))


def _run_file(source: str) -> PlainRun:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.py").write_text(source, encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-X", "utf8", "program.py"]
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, encoding="utf-8"
        )
    stderr, _, trace = done.stderr.partition("Traceback (most recent call last):")
    last = _LAST_LINE.match(trace.strip().splitlines()[-1]) if trace else None
    return PlainRun(done.stdout, stderr, (last[1], last[2] or "") if last else None)


# --- the memory that programs use, under the public ``torch.profiler.profile``

# Each program gets a process of its own, forked from one that has PyTorch. ``deltas`` is every change of memory in
# order. ``saved`` are the sizes of the storages that saved_tensors_hooks are shown, each storage once: all are kept
# alive, so that no address is used twice.
_MEMORY_DRIVER = """
import contextlib, io, json, os, sys, warnings
import torch
from torch.profiler import ProfilerActivity, profile

torch.set_num_threads(1)
with profile(activities=[ProfilerActivity.CPU], profile_memory=True):  # the first start takes seconds
    torch.ones(1)


def quietly(code):
    torch.manual_seed(0)
    variables = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(code, variables)
        except Exception as problem:
            return variables, problem
    return variables, None


def measured(code):
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        held = quietly(code)
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    return [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]


def saved(code):
    kept = []

    def pack(tensor):
        kept.append(tensor.detach())
        return kept[-1]

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        held = quietly(code)
    storages = {}
    for tensor in kept:
        while torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            tensor = torch._C._functorch.get_unwrapped(tensor)
        if tensor.layout is torch.strided:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    return sorted(size for size in storages.values() if size)


def in_a_process(work, code):
    read, write = os.pipe()
    if os.fork() == 0:
        with os.fdopen(write, "w") as pipe:
            json.dump(work(code), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.wait()
    return json.loads(text)


results = {}
for name, source in json.load(sys.stdin).items():
    code = compile(source, "<program>", "exec")
    results[name] = [in_a_process(measured, code), in_a_process(saved, code)]
json.dump(results, sys.stdout)
"""


@dataclass(frozen=True)
class PlainMemory:
    """What plain Python's run of a program allocated and released, in bytes, and what its nodes saved."""

    deltas: list[int]
    saved: list[int]


def plain_memory(programs: Mapping[str, str]) -> dict[str, PlainMemory]:
    """Run all programs; they must not need a module of ours."""
    command = [sys.executable, "-W", "ignore", "-c", _MEMORY_DRIVER]
    done = subprocess.run(command, input=json.dumps(programs), capture_output=True, text=True, check=True)
    return {name: PlainMemory(*both) for name, both in json.loads(done.stdout).items()}
