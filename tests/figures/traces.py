"""Traces written by hand, so that tests of pictures need no torch and can say exactly what went in."""

from __future__ import annotations

from typing import Any

from components.trace import (
    Backward,
    BackwardStep,
    Edge,
    Environment,
    Failure,
    Gradient,
    GradientChange,
    Node,
    Program,
    SavedTensor,
    Step,
    Tensor,
    Trace,
)


def make_trace(source: str = "", failure: Failure | None = None, **parts: list[Any]) -> Trace:
    """Return a trace with the given ``tensors``, ``nodes``, ``edges``, ``backwards``, ``gradients`` and ``steps``."""
    empty: dict[str, Any] = {
        name: [] for name in ("steps", "tensors", "nodes", "edges", "backwards", "gradients", "torchviz")
    }
    return Trace(
        program=Program(source=source),
        environment=Environment(torch="2.13.0", python="3.11", device_name="x86_64"),
        stdout="",
        stdout_truncated=False,
        failure=failure,
        steps_truncated=False,
        memory=None,
        warnings=[],
        truncations=[],
        duration_ns=0,
        **(empty | parts),
    )


def tensor(ident: str, name: str | None, values: Any, node: str | None = None, **fields: Any) -> Tensor:
    """Return a tensor: a leaf that requires a gradient without ``node``, a result with it."""
    shape = [len(values)] if isinstance(values, list) else []
    known: dict[str, Any] = {
        "origin": ident,
        "shape": shape,
        "dtype": "float32",
        "device": "cpu",
        "requires_grad": True,
        "is_leaf": node is None,
        "version": 0,
        "view_of": None,
        "nbytes": 4 * max(1, *shape, 1),
        "summary": None,
    }
    return Tensor(id=ident, name=name, node=node, values=values, **(known | fields))


def node(ident: str, name: str, line: int | None = 1, saved: list[SavedTensor] | None = None, **fields: Any) -> Node:
    """Return a function node; with ``leaf`` and ``tensor`` an ``AccumulateGrad``."""
    known: dict[str, Any] = {
        "module": None,
        "order": 1,
        "leaf": None,
        "tensor": None,
        "formula": None,
        "created_by": None,
        "saved_bytes": sum(one.nbytes for one in saved or []),
    }
    return Node(id=ident, name=name, line=line, saved=saved or [], **(known | fields))


def leaf(ident: str, name: str, of: str | None = None) -> Node:
    """Return the ``AccumulateGrad`` of the leaf ``name``, whose record is ``of``."""
    return node(ident, "AccumulateGrad", leaf=name, tensor=of)


def saved(name: str, shape: list[int], of: str | None = None, nbytes: int = 4) -> SavedTensor:
    return SavedTensor(name=name, shape=shape, dtype="float32", nbytes=nbytes, tensor=of)


def edges(*pairs: str) -> list[Edge]:
    """Return edges written ``"n2 n1"``; the edges of one source get its slots 0, 1, … in turn."""
    slots: dict[str, int] = {}
    made = []
    for pair in pairs:
        source, target = pair.split()
        made.append(Edge(source=source, target=target, input=0, slot=slots.get(source, 0)))
        slots[source] = slots.get(source, 0) + 1
    return made


def gradient(values: Any) -> Gradient:
    return Gradient(shape=[len(values)] if isinstance(values, list) else [], values=values, summary=None)


def passed(ident: str, came: Any, *went: Any) -> BackwardStep:
    """Return what happened at a node: the gradient that came in, those that went out."""
    outs = [gradient(one) for one in went]
    return BackwardStep(node=ident, grad_outputs=[gradient(came)], grad_inputs=list(outs))


def backward(ident: str, outputs: list[str], steps: list[BackwardStep] | None = None, **fields: Any) -> Backward:
    known: dict[str, Any] = {
        "line": 9,
        "call": "backward",
        "retain_graph": False,
        "create_graph": False,
        "freed": [],
        "failure": None,
        "internal": False,
    }
    return Backward(id=ident, outputs=outputs, steps=steps or [], **(known | fields))


def change(variable: str, of: str, added: Any, total: Any, **fields: Any) -> GradientChange:
    known: dict[str, Any] = {"step": None, "line": 9, "cause": "backward", "backward": "b0"}
    return GradientChange(
        variable=variable,
        tensor=of,
        added=None if added is None else gradient(added),
        total=None if total is None else gradient(total),
        **(known | fields),
    )


def step(line: int, function: str | None = None, **variables: str) -> Step:
    return Step(index=0, line=line, variables=variables, stdout=(0, 0), function=function)


def chain(length: int, line: int = 1, leaf_name: str = "x") -> Trace:
    """Return ``length`` nodes in a row above one leaf, all made by ``line``, with an output ``y``."""
    nodes = [leaf("n0", leaf_name, "t0"), *(node(f"n{i}", "AddBackward0", line) for i in range(1, length + 1))]
    return make_trace(
        "y = y + 1\n" * line,
        tensors=[tensor("t0", leaf_name, 0.5), tensor("t1", "y", 1.5, f"n{length}")],
        nodes=nodes,
        edges=edges(*(f"n{i} n{i - 1}" for i in range(1, length + 1))),
    )
