"""Recordings as files: what was written is read, and nothing of a stranger's is unpacked beyond what it may be."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest

from components.trace import DamagedTrace, encode_trace, pack
from components.trace.recording import (
    MAGIC,
    MOST_TRACE_BYTES,
    Histogram,
    KeptTrace,
    RecordedStep,
    Recording,
    StepHistograms,
    decode_recording,
    encode_recording,
    is_recording,
)
from tests.trace.test_codec import small_trace

TRACES = [small_trace(stdout="first"), small_trace(stdout="second", training_step=3)]


def head(**changes: Any) -> Recording:
    steps = [RecordedStep(step=step, seconds=0.5, losses=[1.5], gradients=["nan", None]) for step in (0, 1, 3)]
    kept = [KeptTrace(step=step, packed=0, size=0) for step in (0, 3)]
    made = Recording(file="train.py", every=1, seen=4, parameters=["w", "b"], steps=steps, traces=kept)
    return msgspec.structs.replace(made, **changes)


COUNTED = [StepHistograms(step=0, gradients=[Histogram(lowest=-3, counts=[1, 0, 2], nan=1), None], weights=[])]


def counted(one: Histogram) -> list[StepHistograms]:
    return [StepHistograms(step=0, gradients=[one, None], weights=[])]


def with_state(step: int, **state: list[Any]) -> RecordedStep:
    return RecordedStep(step=step, seconds=0.0, state=state)


def written(recording: Recording) -> bytes:
    return encode_recording(recording, [pack(encode_trace(trace)) for trace in TRACES[: len(recording.traces)]])


def by_hand(head_bytes: bytes, size: int, rest: bytes = b"") -> bytes:
    packed = zlib.compress(head_bytes)
    return MAGIC + len(packed).to_bytes(8, "big") + size.to_bytes(8, "big") + packed + rest


def test_what_was_written_is_read() -> None:
    data = written(head())
    file = decode_recording(data)
    assert is_recording(data)
    assert file.steps == [0, 3]
    assert file.head.steps == head().steps
    assert [file.trace(step, 1_000) for step in (0, 3)] == TRACES


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"steps": [RecordedStep(step=step, seconds=0.0) for step in (0, 3, 1)]}, "not in order"),
        ({"steps": [RecordedStep(step=-1, seconds=0.0)]}, "not in order"),
        ({"steps": [RecordedStep(step=0, seconds=0.0)]}, "do not fit together"),
        ({"every": 0}, "do not fit together"),
        ({"every": 10**30}, "Expected `int` <= 9007199254740992"),
        ({"steps": [RecordedStep(step=step, seconds=0.0, losses=[10**400]) for step in (0, 3)]}, "out of range"),
        ({"parameters": ["w"]}, "as many numbers as parameters"),
        ({"steps": [RecordedStep(step=step, seconds=-1.0) for step in (0, 3)]}, "no time that there is"),
        ({"steps": [with_state(0, exp_avg=[1.0]), with_state(3)]}, "as many numbers as parameters"),
        (
            {"steps": [with_state(0, **{key: [] for key in "abcdefghi"}), with_state(3)]},
            "keeps more than is recorded",
        ),
        ({"histograms": COUNTED * 2}, "histograms are too many or not in order"),
        ({"histograms": [StepHistograms(step=0, gradients=[None], weights=[])]}, "as many histograms as parameters"),
        ({"histograms": counted(Histogram(lowest=127, counts=[1, 1]))}, "goes further than numbers do"),
        ({"histograms": counted(Histogram(lowest=-128))}, "Expected `int` >= -127"),
        ({"histograms": counted(Histogram(counts=[-1]))}, "Expected `int` >= 0"),
        ({"histograms": counted(Histogram(counts=[1] * 256))}, "Expected `array` of length <= 255"),
        ({"parameters": ["w"] * 20_001, "steps": [RecordedStep(step=s, seconds=0.0) for s in (0, 3)]}, "holds more"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DamagedTrace, match=says):
        decode_recording(written(head(**changes)))


def test_histograms_and_what_an_optimizer_keeps_are_read_and_older_files_have_none() -> None:
    steps = [with_state(0, exp_avg=[1.0, "inf"]), with_state(3)]
    file = decode_recording(written(head(steps=steps, histograms=COUNTED)))
    assert file.head.histograms == COUNTED
    assert file.head.steps[0].state == {"exp_avg": [1.0, "inf"]}
    older = msgspec.json.encode(head())
    assert b"histograms" not in older
    assert b"state" not in older
    assert decode_recording(written(head())).head.histograms is msgspec.UNSET


def test_more_histograms_than_a_recording_may_have_are_refused() -> None:
    many = StepHistograms(step=0, gradients=[Histogram(counts=[1] * 100)] * 20_000, weights=[])
    large = head(
        parameters=["w"] * 20_000, steps=[RecordedStep(step=s, seconds=0.0) for s in (0, 3)], histograms=[many]
    )
    with pytest.raises(DamagedTrace, match="histograms hold too many numbers"):
        decode_recording(written(large))


def test_no_part_is_unpacked_further_than_it_says() -> None:
    large = b" " * (1 << 20)
    for size in (10, len(large) + 1):
        with pytest.raises(DamagedTrace, match="not the size that it says"):
            decode_recording(by_hand(large, size))
    with pytest.raises(DamagedTrace, match="its head is too large"):
        decode_recording(by_hand(large, 1 << 40))
    kept = KeptTrace(step=0, packed=len(zlib.compress(large)), size=100)
    one = msgspec.json.encode(head(traces=[kept]))
    with pytest.raises(DamagedTrace, match="not the size that it says"):
        decode_recording(by_hand(one, len(one), zlib.compress(large))).trace(0, 1_000)
    huge = msgspec.json.encode(head(traces=[msgspec.structs.replace(kept, size=MOST_TRACE_BYTES + 1)]))
    with pytest.raises(DamagedTrace, match="a trace in it is too large"):
        decode_recording(by_hand(huge, len(huge), zlib.compress(large)))


def test_damaged_files_are_refused() -> None:
    data = written(head())
    for wrong in (b"", b"{}", MAGIC, data[:-1], data + b"x", by_hand(b"[]", 2), by_hand(b"\xff", 1)):
        with pytest.raises(DamagedTrace):
            decode_recording(wrong)
    with pytest.raises(DamagedTrace, match="cannot be unpacked"):
        decode_recording(MAGIC + (5).to_bytes(8, "big") * 2 + b"wrong")
    with pytest.raises(DamagedTrace, match=r"recordings of up to \d+ MiB"):
        decode_recording(data, most_bytes=len(data) - 1)
    length = len(TRACES[0].program.source)
    assert decode_recording(data).trace(0, length) == TRACES[0]
    with pytest.raises(DamagedTrace, match="characters that a program may have"):
        decode_recording(data).trace(0, length - 1)
