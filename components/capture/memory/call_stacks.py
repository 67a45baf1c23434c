"""Which Python calls were under way when memory was allocated: the program's own, and PyTorch's inside of them.

The profiler writes down each call that begins and ends, but not the lines in between: of a function that was calling
another one its line is known, of the innermost one only where it called something of C by name (``torch.mm(a, b)``, not
``a @ b``), and in the program, where the notes between its lines say it.
"""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType
from torch._C._profiler import _EventType

from ...source import PROGRAM_FILENAME
from ...trace import CallFrame

CALLS = frozenset({_EventType.PyCall, _EventType.PyCCall})
_LONGEST = 200
_PACKAGE = f"{__name__.partition('.')[0]}/"
_FOLDERS = (f"{Path(__file__).parents[2]}/", f"{sysconfig.get_path('stdlib')}/")

# The profiler's event of a call, and the call that it was made in.
Call = tuple[Any, "Call | None"]


class CallStacks:
    """The stacks of one run, as ``frames``, each once; at most ``most`` of them."""

    def __init__(self, most: int) -> None:
        self.frames: list[CallFrame] = []
        self.full = False
        self._most = most
        self._known: dict[CallFrame, int] = {}

    def at(self, call: Call | None, line: int | None) -> int | UnsetType:
        """Return the index of the innermost frame of a call; ``line`` is where the program is.

        Of what is around the program nothing is kept. ``UNSET`` where nothing of the program is under way, or where
        the frames are too many.
        """
        chain: list[tuple[str, int | None, str]] = []
        inside, program = None, 0
        while call is not None:
            event, call = call
            fields = event.extra_fields
            if event.tag == _EventType.PyCall:
                file = shown_file(fields.callsite.file_name)
                if file == PROGRAM_FILENAME:
                    inside = line if inside is None and not program else inside
                if file is not None:
                    chain.append((file, inside, fields.callsite.function_name[:_LONGEST]))
                program = len(chain) if file == PROGRAM_FILENAME else program
            inside = fields.caller.line_number
        return self._index(chain[:program])

    def _index(self, chain: list[tuple[str, int | None, str]]) -> int | UnsetType:
        outer: int | None = None
        for file, line, function in reversed(chain):
            frame = CallFrame(file=file, line=line, function=function, outer=outer)
            outer = self._known.get(frame)
            if outer is None:
                if len(self.frames) >= self._most:
                    self.full = True
                    return UNSET
                outer = self._known[frame] = len(self.frames)
                self.frames.append(frame)
        return UNSET if outer is None else outer


@cache
def shown_file(file: str) -> str | None:
    """Return a file's name as it is shown, ``torch/nn/functional.py``, ``None`` for what watches the program.

    Where the server's files are is nobody's business.
    """
    own = _FOLDERS[0]
    if file.startswith((_PACKAGE, own)):
        return None
    _, installed, inside = file.rpartition("-packages/")
    name = inside if installed else file.removeprefix(_FOLDERS[1])
    return (name.rpartition("/")[2] if name.startswith("/") else name)[:_LONGEST]
