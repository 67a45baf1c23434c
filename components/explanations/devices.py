"""Devices that are not here: tensors, models and saved files that want a GPU."""

from __future__ import annotations

import ast
import re

from .edits import with_keyword
from .rule import Advice, Rules
from .situation import Situation, called, receiver
from .source import Statement

rules = Rules()

_ABSENT = (
    "Torch not compiled with (?:CUDA|XPU) enabled|No CUDA GPUs are available|Found no NVIDIA driver|"
    "Cannot get (?:CUDA|XPU|MPS) generator|from the '(?:CUDA|MPS|XPU|HIP)' backend|"
    "The MPS backend is supported on MacOS"
)
_DEVICE = re.compile(r"(?:cuda|xpu|mps|hip)(?::\d+)?")
_TEXT = "This program runs on a machine without a GPU that PyTorch can use."


@rules.on(_ABSENT)
def _no_gpu(situation: Situation, match: re.Match[str]) -> Advice:
    for node in situation.nodes:
        if isinstance(node, ast.Call) and called(node) == "cuda" and receiver(node) is not None and situation.statement:
            kept = situation.text(node.func)[: -len("cuda")].rstrip().removesuffix(".")
            return Advice(
                f"{_TEXT} Leave `.cuda()` away: tensors are on the CPU unless one says otherwise.",
                situation.hint((node, kept)),
            )
    own = () if situation.statement is None else (situation.statement,)
    for statement in (*own, *situation.source.statements):
        for node in statement.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _DEVICE.fullmatch(node.value):
                return _named(situation, statement, node, node.value)
    return Advice(f"{_TEXT} Ask `torch.cuda.is_available()` before using one.")


def _named(situation: Situation, statement: Statement, node: ast.Constant, device: str) -> Advice:
    where = "" if statement is situation.statement else f" Line {statement.first} names the device."
    if not device.startswith("cuda"):
        return Advice(f"{_TEXT}{where} Its device is the CPU.", situation.hint_at(statement, (node, '"cpu"')))
    asked = f'"{device}" if {situation.torch}.cuda.is_available() else "cpu"'
    return Advice(f"{_TEXT}{where} Ask for one only where there is one.", situation.hint_at(statement, (node, asked)))


@rules.on(r"Attempting to deserialize object on (?:a CUDA|CUDA) device")
def _saved_on_a_gpu(situation: Situation, match: re.Match[str]) -> Advice:
    text = "The file was saved on a GPU, and this machine has none. `map_location` says where its tensors go instead."
    calls = situation.calls_of("load")
    if len(calls) != 1 or situation.statement is None:
        return Advice(text)
    return Advice(text, situation.hint(with_keyword(situation.statement, calls[0], "map_location", '"cpu"')))


@rules.on(r"Cannot access accelerator device when none is available")
def _pinned(situation: Situation, match: re.Match[str]) -> Advice:
    text = "Pinned memory makes copies to a GPU faster, and this machine has none."
    for call in situation.calls_of("pin_memory"):
        owner = receiver(call)
        if owner is not None:
            return Advice(text, situation.hint((call, situation.text(owner))))
    return Advice(text)
