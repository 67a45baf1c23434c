"""Traces from strangers: how large they may be, in bytes, values and every list that a view relies on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from components.trace import Caps, DamagedTrace, Failure, Note, Trace, count_values, encode_trace, oversized
from components.trace.caps import MOST_UPLOADED_BYTES, decode_uploaded
from tests.trace.test_codec import small_trace

EXACT = small_trace(stdout="1234")
CHARS = len(EXACT.program.source)


def caps(**changes: Any) -> Caps:
    return msgspec.structs.replace(Caps(), **changes)


@pytest.mark.parametrize("text", ["[]", "[1,2,3]", '{"a":[1,{"b":2}],"c":[[],[]]}', '["a,b,[{"]', "1"])
def test_no_text_holds_more_values_than_are_counted(text: str) -> None:
    def values(thing: object) -> int:
        inner = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ()
        return 1 + sum(map(values, inner))

    assert values(msgspec.json.decode(text)) <= 1 + count_values(text.encode())


def test_an_honest_trace_is_not_oversized() -> None:
    assert oversized(EXACT, Caps()) is None
    assert decode_uploaded(encode_trace(EXACT), 1_000) == EXACT


@pytest.mark.parametrize(
    ("changed", "trace", "says"),
    [
        ({"stdout_chars": 3}, EXACT, "printed text"),
        ({"steps": 0}, EXACT, "steps"),
        ({"tensors": 0}, EXACT, "tensors"),
        ({"nodes": 0}, EXACT, "nodes"),
        ({"backwards": 0}, EXACT, "backward passes"),
        ({"engine_steps": 0}, EXACT, "steps of backward passes"),
        ({}, small_trace(memory_note="x" * 20_001), "words"),
        ({}, small_trace(failure=Failure(kind="raised", message="x" * 20_001)), "words"),
        ({}, small_trace(notes=[Note(observer=None, message="x", line=None)] * 201), "notes"),
    ],
)
def test_what_is_more_than_observers_record_is_named(changed: dict[str, int], trace: Trace, says: str) -> None:
    assert oversized(trace, caps(**changed)) == f"It holds more than a trace may: {says}."


def test_a_file_that_is_too_large_is_not_even_parsed() -> None:
    with pytest.raises(DamagedTrace, match=r"This file has 8\.0 MiB; traces of up to 8 MiB"):
        decode_uploaded(b"x" * (MOST_UPLOADED_BYTES + 1), 1_000)
    with pytest.raises(DamagedTrace, match="more than 3,000,000 values"):
        decode_uploaded(b"," * 3_000_001, 1_000)


def test_a_file_with_a_long_program_or_an_oversized_trace_is_refused() -> None:
    with pytest.raises(DamagedTrace, match=f"more than the {CHARS - 1:,} characters that a program may have"):
        decode_uploaded(encode_trace(EXACT), CHARS - 1)
    with pytest.raises(DamagedTrace, match="It holds more than a trace may: printed text"):
        decode_uploaded(encode_trace(EXACT), 1_000, caps(stdout_chars=3))
