"""The oracle for what programs print: plain Python in another process, each program with fresh generators."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_DRIVER = """
import contextlib, io, json, linecache, sys, warnings
import torch

results = {}
for name, source in json.load(sys.stdin).items():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    out, err, error = io.StringIO(), io.StringIO(), None
    linecache.cache["<program>"] = (len(source), None, source.splitlines(keepends=True), "<program>")
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with streams[0], streams[1], warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            exec(compile(source, "<program>", "exec"), {"__name__": "__main__"})
        except Exception as problem:
            error = [type(problem).__name__, str(problem)]
    results[name] = [out.getvalue(), error, [str(one.message) for one in warned]]
json.dump(results, sys.stdout)
"""


@dataclass(frozen=True)
class Plain:
    """What a program printed, the type and message of its exception, and what it was warned of."""

    stdout: str
    error: tuple[str, str] | None
    warned: frozenset[str]


def plain_python(programs: Mapping[str, str]) -> dict[str, Plain]:
    """Run all programs; they must not need a module of ours."""
    command = [sys.executable, "-c", _DRIVER]
    done = subprocess.run(command, input=json.dumps(programs), capture_output=True, text=True, check=True)
    return {
        name: Plain(stdout, tuple(error) if error else None, frozenset(warned))
        for name, (stdout, error, warned) in json.loads(done.stdout).items()
    }
