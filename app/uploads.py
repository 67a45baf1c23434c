"""Files that people open: programs (Python, notebooks) and saved traces, each bounded before anything reads it.

A notebook becomes one program in which ``# %%`` marks its code cells. Its own commands (``%matplotlib``, ``!pip``) stay
where they are: whoever runs the program leaves them out and says so.
"""

from __future__ import annotations

import msgspec

from components.explanations import explain
from components.source import SourceLimits
from components.trace import MOST_UPLOADED_BYTES, DamagedTrace, Trace, decode_uploaded
from components.trace.recording import RecordingFile, decode_recording

_MOST_CHARS = SourceLimits().max_chars


class OpenError(ValueError):
    """The file cannot be opened; the message says why."""


def opened_source(name: str, data: bytes) -> str:
    """Return the program in a ``.py`` or ``.ipynb`` file. Raises ``OpenError``."""
    if len(data) > MOST_UPLOADED_BYTES:
        size, most = len(data) / 2**20, MOST_UPLOADED_BYTES >> 20
        raise OpenError(f"{name} has {size:.1f} MiB; files of up to {most} MiB can be opened.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OpenError(f"{name} is not a text file in UTF-8.") from None
    source = _notebook(name, text) if name.endswith(".ipynb") else text.replace("\r\n", "\n")
    if len(source) > _MOST_CHARS:
        raise OpenError(f"The program in {name} has {len(source):,} characters; {_MOST_CHARS:,} are allowed.")
    return source


def opened_trace(name: str, data: bytes) -> Trace:
    """Return the trace in a ``.json`` file. Raises ``OpenError``."""
    try:
        return decode_uploaded(data, _MOST_CHARS)
    except DamagedTrace as error:
        raise OpenError(f"{name} could not be opened. {error}") from None


def opened_recording(name: str, data: bytes) -> RecordingFile:
    """Return the recording in a ``.trace`` file. Raises ``OpenError``."""
    try:
        file = decode_recording(data)
    except DamagedTrace as error:
        raise OpenError(f"{name} could not be opened. {error}") from None
    if not file.steps:
        raise OpenError(f"{name} holds no trace: no step of the training was recorded.")
    return file


def recorded_step(name: str, file: RecordingFile, step: int) -> Trace:
    """Return the trace of a step, with what a failure means. Raises ``OpenError``."""
    try:
        return explain(file.trace(step, _MOST_CHARS))
    except DamagedTrace as error:
        raise OpenError(f"Step {step} of {name} could not be opened. {error}") from None


class _Cell(msgspec.Struct):
    """What is read of a notebook's cell; outputs, which may hold anything of any size, are not."""

    cell_type: str
    source: str | list[str] = ""


class _Notebook(msgspec.Struct):
    cells: list[_Cell]


_decoder = msgspec.json.Decoder(_Notebook)


def _notebook(name: str, text: str) -> str:
    try:
        cells = _decoder.decode(text).cells
    except (msgspec.DecodeError, RecursionError):
        raise OpenError(f"{name} is not a Jupyter notebook.") from None
    return "\n\n".join(f"# %%\n{_code(cell.source)}" for cell in cells if cell.cell_type == "code")


def _code(source: str | list[str]) -> str:
    return ("".join(source) if isinstance(source, list) else source).replace("\r\n", "\n").rstrip()
