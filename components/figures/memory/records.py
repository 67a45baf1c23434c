"""What the figures and tables of the Memory page say, as plain records: bytes are integers, lines count from 1.

``moment`` is the number of the happening that the player is led to, ``None`` where its story does not tell it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Axis = Literal["step", "time"]


@dataclass(frozen=True)
class Column:
    """One event that is drawn: where, the bytes in all and of each layer at that very event.

    ``count`` is how many events it stands for, itself included; ``text`` is what a hover says of it, safe to draw.
    """

    event: int
    x: float
    total: int
    parts: tuple[int, ...]
    count: int
    text: str
    moment: int | None


@dataclass(frozen=True)
class Mark:
    """A place on the x axis and the line that begins there."""

    x: float
    line: int | None


@dataclass(frozen=True)
class Span:
    """From where to where a call of the engine ran; ``label`` is like ``backward 2``."""

    first: float
    last: float
    label: str
    line: int | None


@dataclass(frozen=True)
class CudaPoint:
    """What CUDA's allocator said at the end of a step."""

    x: float
    allocated: int
    reserved: int
    peak: int


@dataclass(frozen=True)
class Timeline:
    """Bytes over the run. ``layers`` are from the bottom up, as are the ``parts`` of a column.

    ``unit`` is that of ``x`` (``step``, ``µs``, ``ms`` or ``s``), ``base`` the bytes before the first event,
    ``start`` and ``end`` the ends of the axis. ``peak`` is the place of the peak among the columns.
    """

    axis: Axis
    unit: str
    layers: tuple[str, ...]
    columns: tuple[Column, ...]
    base: int
    start: float
    end: float
    peak: int | None
    lines: tuple[Mark, ...]
    spans: tuple[Span, ...]
    cuda: tuple[CudaPoint, ...]
    events: int


@dataclass(frozen=True)
class Holder:
    """A block that was alive at a moment: what it was, which line allocated it, and why it was still held."""

    block: int
    category: str
    bytes: int
    name: str
    line: int | None
    code: str
    node: str
    operation: str
    why: str
    moment: int | None


@dataclass(frozen=True)
class Alive:
    """All that was alive at one event: bytes by category (largest first), and the blocks, the largest first.

    ``base`` are the bytes that no block of the record accounts for, as those from before the first line.
    """

    event: int
    total: int
    line: int | None
    code: str
    during: str
    categories: tuple[tuple[str, int], ...]
    base: int
    holders: tuple[Holder, ...]
    moment: int | None


@dataclass(frozen=True)
class Saver:
    """What some nodes, or those of a module, saved for backward; ``extra`` of it are blocks of category ``saved``."""

    label: str
    module: str
    line: int | None
    code: str
    nodes: int
    bytes: int
    extra: int
    moment: int | None


@dataclass(frozen=True)
class Saved:
    """Bytes saved by node and by module, and their sum, in which a storage that several nodes saved counts once.

    Nodes of one name, line and module are one row. ``extra`` of ``total`` are of category ``saved``, and ``most`` is
    the largest sum of that category at one moment. ``shared`` is by how much the nodes, each by itself, add up to
    more than ``total``.
    """

    nodes: tuple[Saver, ...]
    modules: tuple[Saver, ...]
    total: int
    extra: int
    shared: int
    most: int


@dataclass(frozen=True)
class EngineMemory:
    """What one call of ``backward()`` or ``grad()`` did to memory.

    ``before``, ``top`` and ``after`` are totals. ``nodes`` are those it passed that had saved something,
    ``freed_nodes`` those of them that it freed. ``released`` are bytes that were saved by the nodes it freed, or kept
    by a checkpoint, and that it released; ``still`` those that a variable (or another node) held on to. ``kept`` is
    what ``retain_graph`` kept of the nodes it passed, and ``kept_until`` says when that was released.
    """

    number: int
    label: str
    line: int | None
    code: str
    before: int
    top: int
    after: int
    freed_nodes: int
    nodes: int
    released: int
    still: int
    kept: int
    kept_until: str
    gradients: int
    moment: int | None


@dataclass(frozen=True)
class Leak:
    """A graph that is kept from iteration to iteration: the line that keeps it, and the line that would not.

    ``iterations`` are those whose nodes are still reached at the end, ``nodes`` how many nodes these are, ``bytes``
    what those have saved that is still held.
    """

    kind: Literal["sum", "list", "retained"]
    name: str
    line: int
    code: str
    fix: str
    iterations: int
    nodes: int
    bytes: int


@dataclass(frozen=True)
class Outcome:
    """A variant beside the program it was made from: bytes before and after, and whether its results are the same.

    All bytes are ``None`` where the variant's memory is not known. ``results`` is a short text; ``same`` whether the
    numbers are, ``None`` where it failed.
    """

    title: str
    line: int | None
    what: str
    peak: tuple[int, int] | None
    final: tuple[int, int] | None
    saved: tuple[int, int] | None
    same: bool | None
    results: str
