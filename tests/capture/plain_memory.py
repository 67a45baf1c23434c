"""The oracle for memory: programs in plain Python, in another process, under the public ``torch.profiler.profile``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

# Each program gets a process of its own, forked from one that has PyTorch. ``deltas`` is every change of memory in
# order. ``saved`` are the sizes of the storages that saved_tensors_hooks are shown, each storage once: all are kept
# alive, so that no address is used twice.
_DRIVER = """
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
class Plain:
    """What plain Python's run of a program allocated and released, in bytes, and what its nodes saved."""

    deltas: list[int]
    saved: list[int]


def plain_memory(programs: Mapping[str, str]) -> dict[str, Plain]:
    """Run all programs; they must not need a module of ours."""
    command = [sys.executable, "-W", "ignore", "-c", _DRIVER]
    done = subprocess.run(command, input=json.dumps(programs), capture_output=True, text=True, check=True)
    return {name: Plain(*both) for name, both in json.loads(done.stdout).items()}
