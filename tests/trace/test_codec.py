"""Reading and writing traces: what is valid survives, everything else is refused with its reason."""

from __future__ import annotations

import contextlib
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.trace import (
    Backward,
    BackwardStep,
    DamagedTrace,
    Edge,
    Environment,
    Failure,
    Gradient,
    Node,
    Program,
    Step,
    Tensor,
    Trace,
    decode_trace,
    encode_trace,
    trace_schema,
)

ONE = Gradient(shape=[], values=1.0, summary=None)


def small_trace(**changes: Any) -> Trace:
    node = Node(
        id="n0", name="PowBackward0", line=1, module=None, order=1, leaf=None, tensor=None, saved=[], saved_bytes=0,
        formula=None, created_by=None,
    )  # fmt: skip
    tensor = Tensor(
        id="t0", origin="t0", name="y", shape=[2], dtype="float32", device="cpu", requires_grad=True, is_leaf=False,
        node="n0", version=0, view_of=None, nbytes=8, values=["nan", -0.5], summary=None,
    )  # fmt: skip
    backward = Backward(
        id="b0", line=1, call="backward", outputs=["n0"], retain_graph=False, create_graph=False,
        steps=[BackwardStep(node="n0", grad_outputs=[ONE], grad_inputs=[None])], freed=["n0"], failure=None,
        internal=False,
    )  # fmt: skip
    trace = Trace(
        program=Program(source="y"),
        environment=Environment(torch="2", python="3", device_name="x"),
        stdout="out\n",
        stdout_truncated=False,
        failure=None,
        steps=[Step(index=0, line=1, variables={"y": "t0"}, stdout=(0, 4))],
        steps_truncated=False,
        tensors=[tensor],
        nodes=[node],
        edges=[Edge(source="n0", target="n0", input=0, slot=0)],
        backwards=[backward],
        gradients=[],
        memory=None,
        torchviz=[],
        warnings=[],
        truncations=[],
        duration_ns=5,
    )
    return msgspec.structs.replace(trace, **changes)


def test_a_trace_survives_and_fits_its_schema() -> None:
    trace = small_trace(failure=Failure(kind="raised", message="m", node="n0", backward="b0"))
    data = encode_trace(trace)
    assert decode_trace(data) == trace
    jsonschema.validate(msgspec.json.decode(data), trace_schema())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "damaged or is not JSON"),
        (b"{", "damaged or is not JSON"),
        (b"\xff\xfe", "damaged or is not JSON"),
        (b"[1]", "not a trace file"),
        (b'{"version": 1}', "missing required field"),
        (b'{"version": 2}', "version 2; this program reads version 1"),
        (b"[" * 100_000, "nested too deeply|not a trace file|damaged"),
    ],
)
def test_foreign_files_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(DamagedTrace, match=words):
        decode_trace(data)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("tensors", 0, "node"), "n9", "mentions the node 'n9'"),
        (("edges", 0, "target"), "n9", "mentions the node 'n9'"),
        (("backwards", 0, "freed"), ["n7"], "mentions the node 'n7'"),
        (("tensors", 0, "view_of"), "t5", "mentions the tensor 't5'"),
        (("tensors", 0, "values"), ["much"], "values of t0 are not numbers"),
        (("backwards", 0, "steps", 0, "grad_outputs", 0, "values"), {}, "a gradient of n0 are not numbers"),
        (("steps", 0, "stdout"), [0, 5], "did not print"),
        (("steps", 0, "index"), 1, "step 0 says that it is step 1"),
        (("nodes", 0, "step"), 10**9, "mentions a step that it does not hold"),
        (("backwards", 0, "steps", 0, "step"), -1, "mentions a step that it does not hold"),
        (("tensors", 0, "shape"), [-2], "a size that is none"),
        (("backwards", 0, "steps", 0, "grad_outputs", 0, "shape"), [2, -8], "a size that is none"),
        (("program", "device"), "tpu", "tpu"),
        (("nodes", 0, "extra"), 1, "unknown field"),
        (("duration_ns",), "5", "Expected `int`"),
    ],
)
def test_damage_is_named(path: tuple[Any, ...], value: Any, words: str) -> None:
    document = msgspec.json.decode(encode_trace(small_trace()))
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    with pytest.raises(DamagedTrace, match=words):
        decode_trace(msgspec.json.encode(document))


def test_an_id_that_is_there_twice_is_refused() -> None:
    trace = small_trace()
    with pytest.raises(DamagedTrace, match="'n0' is there twice"):
        decode_trace(encode_trace(msgspec.structs.replace(trace, nodes=trace.nodes * 2)))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_trace_or_a_damaged_trace(data: bytes) -> None:
    with pytest.raises(DamagedTrace):
        decode_trace(data)


@given(st.data())
def test_a_trace_with_a_byte_changed_never_raises_anything_else(data: st.DataObject) -> None:
    original = encode_trace(small_trace())
    place = data.draw(st.integers(0, len(original) - 1))
    changed = original[:place] + bytes([data.draw(st.integers(0, 255))]) + original[place + 1 :]
    with contextlib.suppress(DamagedTrace):
        decode_trace(changed)
