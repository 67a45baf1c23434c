"""What a child says is checked: anything malformed ends its run, whatever came before."""

from __future__ import annotations

import msgspec
import pytest

from components.trace import Program
from components.worker.limits import Limits
from components.worker.messages import (
    Finishing,
    Fork,
    Forked,
    Line,
    Lines,
    Message,
    Output,
    Problem,
    Request,
    Result,
    encode,
    from_child,
    from_zygote,
    request_decoder,
    to_zygote,
)
from components.worker.stream import ChildStream

SMALL = Limits(stdout_chars=10, trace_bytes=100)


def fed(*pieces: bytes) -> ChildStream:
    """Return a stream that has read these pieces."""
    stream = ChildStream(SMALL)
    for piece in pieces:
        stream.feed(piece)
    return stream


@pytest.mark.parametrize("message", [Output("1\n"), Output("é", cut=True), Line(3), Finishing(), Result(5)])
def test_messages_of_a_child_survive_the_journey(message: Message) -> None:
    assert from_child.decode(encode(message)) == message


def test_messages_of_pool_and_zygote_survive_the_journey() -> None:
    fork = Fork(7, Limits(wall_seconds=3))
    assert to_zygote.decode(encode(fork)) == fork
    assert from_zygote.decode(encode(Forked(7, 70))) == Forked(7, 70)
    request = Request(Program(source="x = 1"))
    assert request_decoder.decode(encode(request)) == request


def test_a_child_cannot_speak_as_the_zygote() -> None:
    with pytest.raises(msgspec.ValidationError):
        from_child.decode(encode(Forked(7, 70)))


def test_a_whole_conversation_in_pieces_of_one_byte() -> None:
    talk = (
        encode(Output("ab")) + encode(Line(2)) + encode(Output("c")) + encode(Finishing()) + encode(Result(3)) + b"{1}"
    )
    stream = fed(*(talk[i : i + 1] for i in range(len(talk))))
    assert (stream.stdout, stream.line, stream.finishing) == ("abc", 2, True)
    assert stream.result is not None
    assert stream.result.unpacked() == b"{1}"
    assert stream.over
    assert stream.broken is None


def test_an_unfinished_result_is_no_result() -> None:
    stream = fed(encode(Result(3)) + b"12")
    assert stream.result is None
    assert not stream.over


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"null",
        b"[]",
        b'{"type":"nonsense"}',
        b'{"text":"no type"}',
        b'{"type":"output"}',
        b'{"type":"output","text":7}',
        b'{"type":"output","text":"a","more":1}',
        b'{"type":"output","text":"\xff\xfe"}',
        b'{"type":"output","text":"' + b"a" * 4_097 + b'"}',
        b'{"type":"line","line":-1}',
        b'{"type":"line","line":"3"}',
        b'{"type":"line","line":1e400}',
        b'{"type":"result","bytes":-5}',
        b'{"type":"result","bytes":99999999999999999999}',
        b'{"type":"problem","kind":"raised","message":"not for a child to say"}',
        b'{"type":"problem","kind":"crashed","message":null}',
        b'{"type":"ended","run":0,"status":0,"cpu_seconds":0,"peak_mb":0}',
        b"[" * 60_000,
        b"\x00" * 100,
    ],
)
def test_a_malformed_line_breaks_the_stream(line: bytes) -> None:
    stream = fed(encode(Output("before")), line + b"\n", encode(Result(2)) + b"{}")
    assert stream.broken == "it sent something that is not a message"
    assert stream.stdout == "before"
    assert stream.result is None


def test_a_line_without_an_end_breaks_the_stream() -> None:
    assert fed(b"a" * 65_537).broken == "it sent a line without an end"


def test_a_long_line_breaks_the_stream() -> None:
    assert fed(b"a" * 65_537 + b"\n").broken == "it sent too long a message"


def test_endless_messages_break_the_stream() -> None:
    stream = ChildStream(SMALL)
    many = encode(Line(1)) * 10_000  # 25 bytes each: 34 * 250,000 > 8,388,608 + 60,
    for _ in range(34):
        stream.feed(many)
    assert stream.broken == "it sent too many messages"


def test_a_second_result_breaks_the_stream() -> None:
    stream = fed(encode(Result(2)) + b"{}", encode(Result(2)) + b"{}")
    assert stream.broken == "it sent more than one result"
    assert stream.result is None


def test_a_message_after_a_problem_breaks_the_stream() -> None:
    assert fed(encode(Problem("crashed", "x")), encode(Line(1))).broken == "it sent a message after its last one"


def test_a_result_over_the_limit_is_not_even_awaited() -> None:
    problem = fed(encode(Result(101))).problem
    assert problem is not None
    assert problem.kind == "too_large"
    assert "101 bytes; the limit is 100" in problem.message


def test_output_is_cut_at_the_limit() -> None:
    stream = fed(encode(Output("123456")), encode(Output("7890")))
    assert (stream.stdout, stream.stdout_truncated) == ("1234567890", False)
    stream.feed(encode(Output("x")))
    assert (stream.stdout, stream.stdout_truncated) == ("1234567890", True)


STACK = b"""Fatal Python error: Segmentation fault

Stack (most recent call first):
  File "/somewhere/torch/nn/modules.py", line 9 in forward
  File "<program>", line 7 in f
  File "<program>", line 2 in <module>
"""


@pytest.mark.parametrize("text", [STACK, STACK.partition(b"\n\n")[2], STACK.replace(b"line 7", b"line 7 in \xff")])
def test_last_words_tell_the_programs_innermost_line(text: bytes) -> None:
    stream = fed(encode(Output("a")) + encode(Line(1)), text)
    assert (stream.stdout, stream.line, stream.placed, stream.broken) == ("a", 7, True, None)


def test_nothing_is_believed_after_last_words() -> None:
    stream = fed(STACK, encode(Output("a")), encode(Line(9)), encode(Result(2)) + b"{}")
    assert (stream.stdout, stream.line, stream.result) == ("", 7, None)


def test_lines_come_out_whole() -> None:
    lines = Lines()
    assert lines.feed(b"a\nb") == [b"a"]
    assert lines.feed(b"c\n\n") == [b"bc", b""]
