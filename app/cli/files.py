"""Reading programs and traces from files or standard input, and writing results, with errors a person can act on."""

from __future__ import annotations

import io
import sys
import tokenize
from pathlib import Path

from components.source import SourceLimits
from components.trace import DamagedTrace, Trace, decode_trace
from components.trace.recording import decode_recording, is_recording

STANDARD = "-"


class Unusable(Exception):
    """A file, or a mixture of options, that cannot be worked with; the message says why in one line."""


def read_program(name: str) -> str:
    """Return the source text in a file, or on standard input for ``-``, decoded as Python would.

    Raises:
        Unusable: it cannot be read, or is not text in the encoding that it declares.
    """
    return _decode(name, _read(name))


def read_program_or_trace(name: str, step: int | None = None) -> str | Trace:
    """Return a trace if the name ends in ``.json``, or if standard input holds an object; otherwise source text.

    Of a recorded training it is the trace of ``step``, by default of the last that is kept.

    Raises:
        Unusable: it cannot be read, or is a damaged trace; there is no such step.
    """
    data = _read(name)
    if is_recording(data):
        return _recorded(name, data, step)
    if step is not None:
        raise Unusable(f"{_shown(name)} is no recorded training, which has steps")
    if not (Path(name).suffix.lower() == ".json" or (name == STANDARD and data.lstrip().startswith(b"{"))):
        return _decode(name, data)
    try:
        return decode_trace(data)
    except DamagedTrace as error:
        raise Unusable(f"{_shown(name)}: {error}") from None


def _recorded(name: str, data: bytes, step: int | None) -> Trace:
    try:
        file = decode_recording(data)
        if step is None and file.steps:
            step = file.steps[-1]
        if step not in file.steps:
            kept = ", ".join(map(str, file.steps)) or "none"
            raise Unusable(f"{_shown(name)} has no trace of step {step}; it has: {kept}")
        return file.trace(step, SourceLimits().max_chars)
    except DamagedTrace as error:
        raise Unusable(f"{_shown(name)}: {error}") from None


def write(name: str | None, data: bytes) -> None:
    """Write to a file, or to standard output for ``None`` and ``-``.

    Raises:
        Unusable: the file cannot be written.
    """
    if name is None or name == STANDARD:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        Path(name).write_bytes(data)
    except OSError as error:
        raise Unusable(f"cannot write {name}: {error.strerror}") from None


def _read(name: str) -> bytes:
    if name == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Unusable(f"cannot read {name}: {error.strerror}") from None


def _decode(name: str, data: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding).read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise Unusable(f"{_shown(name)} is not Python source text: {error}") from None


def _shown(name: str) -> str:
    return "standard input" if name == STANDARD else name
