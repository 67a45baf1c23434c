"""The golden traces of whole programs, without torch: what a golden leaves out is filled with nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.facts import TraceIndex
from components.trace import Trace, decode_trace

_PROGRAMS = Path(__file__).parents[2] / "programs"
NAMES = sorted(path.stem for path in (_PROGRAMS / "golden").glob("*.json") if (_PROGRAMS / f"{path.stem}.py").exists())


def golden(name: str) -> Trace:
    """Return the trace of a program of ``tests/programs``."""
    parts = json.loads((_PROGRAMS / "golden" / f"{name}.json").read_text(encoding="utf-8"))
    for record in (*parts["tensors"], *_gradients(parts)):
        record["summary"] = None
    source = (_PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    for step in parts["steps"]:
        step["stdout"] = [0, 0]
    parts |= {
        "program": {"source": source},
        "environment": {"torch": "2.13.0", "python": "3.11", "device_name": "x86_64"},
        "stdout": "",
        "duration_ns": 0,
        "memory": None,
    }
    return decode_trace(json.dumps(parts))


def golden_index(name: str) -> TraceIndex:
    return TraceIndex(golden(name))


def _gradients(parts: dict[str, Any]) -> list[dict[str, Any]]:
    steps = [step for run in parts["backwards"] for step in run["steps"]]
    passed = [one for step in steps for one in (*step["grad_outputs"], *step["grad_inputs"])]
    changed = [one for change in parts["gradients"] for one in (change["added"], change["total"])]
    return [one for one in (*passed, *changed) if one is not None]
