"""The trace format, version 1, as frozen types.

These classes are the format: the JSON Schema is made from them, and reading a file checks it against them. Equal
programs give equal traces apart from clock times, so nothing here is an address or an ``id()``: ids are ``t0``, ``n0``,
``b0``, ... in order of birth. Lines count from 1, bytes are integers, unknown is ``None``, and the floats that JSON
cannot say are the strings ``"nan"``, ``"inf"`` and ``"-inf"``.

Longer than usual because the format is read as a whole.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, UnsetType, field

from .base import Number, Record, Values
from .modules import ModuleCosts
from .questions import Answered, Asked

VERSION: Literal[1] = 1

Device = Literal["cpu", "cuda"]
FailureKind = Literal["syntax", "not_allowed", "raised", "timeout", "out_of_memory", "crashed", "too_large"]
GradientCause = Literal["backward", "zero", "none", "assigned"]
Observer = Literal[
    "steps", "tensors", "values", "nodes", "backwards", "gradients", "torchviz", "warnings", "memory", "displays"
]
Category = Literal["leaf", "saved", "gradient", "optimizer", "temporary", "other"]


class Program(Record, frozen=True, kw_only=True):
    """What a person makes: source text, the device it runs on and the seed given to PyTorch before its first line.

    ``question`` is what is asked of it beyond its trace, absent where that is nothing.
    """

    source: str
    device: Device = "cpu"
    seed: int = 0
    question: Asked | UnsetType = UNSET


class Environment(Record, frozen=True, kw_only=True):
    """Where the program ran; ``device_name`` is the GPU's name, or the processor's architecture on the CPU."""

    torch: str
    python: str
    device_name: str


class Failure(Record, frozen=True, kw_only=True):
    """Why a run did not reach its end.

    ``message`` is PyTorch's or Python's own. ``explanation`` says what it means in this program and ``hint`` the line
    that would fix it. ``node`` and ``backward`` are the ids of the node and engine run in which it stopped.
    """

    kind: FailureKind
    message: str
    error_type: str | None = None
    line: int | None = None
    explanation: str | None = None
    hint: str | None = None
    node: str | None = None
    backward: str | None = None


class Summary(Record, frozen=True, kw_only=True):
    """A tensor in seven numbers, over its finite elements; ``nan``, ``inf`` and ``zero`` count elements."""

    min: Number | None
    max: Number | None
    mean: Number | None
    std: Number | None
    nan: int
    inf: int
    zero: int


class Step(Record, frozen=True, kw_only=True):
    """One executed line: what it changed and the half-open range of ``stdout`` that it printed.

    ``variables`` maps each name that was bound or changed to a tensor id, or to a short text for anything else.
    ``function`` is the function the line belongs to, ``None`` at the top level. ``last`` is the index of the last step
    that had begun when this one was complete: its own, unless the line called functions of the program.
    """

    index: int
    line: int
    last: int | None = None
    variables: dict[str, str] = field(default_factory=dict)
    stdout: tuple[int, int]
    function: str | None = None


class Tensor(Record, frozen=True, kw_only=True):
    """A tensor as it was at one moment; an in-place change makes a new record with the same ``origin``.

    ``origin`` is the id of the first record of the same tensor object. ``node`` is its ``grad_fn``. ``name`` is the
    variable it was first seen in. ``values`` is ``None`` where the tensor is larger than the cap or has no plain
    numbers to show (complex, sparse, a ``vmap`` batch). ``shares`` is the record that was seen first in the same
    storage, absent for that record itself.
    """

    id: str
    origin: str
    name: str | None
    shape: list[int]
    dtype: str
    device: str
    requires_grad: bool
    is_leaf: bool
    node: str | None
    version: int | None
    view_of: str | None
    nbytes: int
    values: Values
    summary: Summary | None
    shares: str | UnsetType = UNSET


class SavedTensor(Record, frozen=True, kw_only=True):
    """What a node keeps for its backward. ``tensor`` is the id of the program's tensor that shares its memory.

    ``shape`` is ``None`` for a saved number (an exponent, a dimension), whose text is in ``value``. ``values`` are the
    tensor's own where it is small and is none of the program's: the others have theirs in the record of ``tensor``.
    ``storage`` is the number of the storage that it lies in, by order of first sight, and that storage's bytes; a
    sparse tensor has none.
    """

    name: str
    shape: list[int] | None = None
    dtype: str | None = None
    nbytes: int = 0
    tensor: str | None = None
    value: str | None = None
    values: Values = None
    storage: tuple[int, int] | UnsetType = UNSET


class Cast(Record, frozen=True, kw_only=True):
    """A copy in another dtype; ``autocast`` is whether that was on when the line began that made it."""

    source: str
    target: str
    autocast: bool


class Node(Record, frozen=True, kw_only=True):
    """An autograd node (``grad_fn``), named as PyTorch names it.

    ``leaf`` is the variable's name and ``tensor`` its record for ``AccumulateGrad``. ``order`` is 1 for the forward's
    graph and n + 1 for what a ``create_graph`` pass over a graph of order n built; ``created_by`` is that pass.
    ``formula`` is PyTorch's own derivative. ``saved_bytes`` counts each saved storage once. ``step`` is the step that
    made the node; for ``AccumulateGrad`` the one that first bound its leaf to a variable. ``number`` is PyTorch's own
    count of nodes, from the program's first line on; ``None`` for ``AccumulateGrad``. ``cast`` is there where the node
    is of a copy in another dtype.
    """

    id: str
    name: str
    line: int | None
    step: int | None = None
    module: str | None
    order: int
    leaf: str | None
    tensor: str | None
    saved: list[SavedTensor]
    saved_bytes: int
    formula: str | None
    created_by: str | None
    number: int | None = None
    cast: Cast | UnsetType = UNSET


class Edge(Record, frozen=True, kw_only=True):
    """Gradient flows from ``source`` to ``target``, where it is output number ``input`` of the forward operation.

    ``slot`` is the place of this edge among the source's ``next_functions``: the index of its ``grad_inputs``.
    """

    source: str
    target: str
    input: int
    slot: int


class Grid(Record, frozen=True, kw_only=True):
    """A large gradient as a picture: the means of at most 10 by 10 blocks of it.

    It is seen as a matrix, of which all dimensions but the last are the rows. ``largest`` is the largest magnitude of a
    mean; ``cells`` are the means in thousandths of it, rounded, ``None`` where a mean is infinite or no number.
    """

    largest: float
    cells: list[list[int | None]]


class Sizes(Record, frozen=True, kw_only=True):
    """How large the elements of a gradient are: of the magnitudes of the finite ones, and their Euclidean norm."""

    min: float
    mean: float
    max: float
    norm: Number


class Gradient(Record, frozen=True, kw_only=True):
    """One gradient that travelled along an edge or was added up in a ``.grad``.

    Where ``values`` has all numbers, ``grid`` is ``None`` and ``sizes`` absent, because they can be counted out.
    """

    shape: list[int]
    values: Values
    summary: Summary | None
    grid: Grid | None = None
    sizes: Sizes | UnsetType = UNSET


class BackwardStep(Record, frozen=True, kw_only=True):
    """One node run by the engine: what came in (one per output of the forward operation) and what went out.

    ``step`` is the last step that had begun when the node was done, which tells the order of nodes and of the lines
    that run inside an engine run (hooks, ``Function.backward``).
    """

    node: str
    grad_outputs: list[Gradient | None]
    grad_inputs: list[Gradient | None]
    step: int | None = None


class EngineFailure(Record, frozen=True, kw_only=True):
    """Where an engine run stopped; ``freed_by`` is the run that had released what this one needed."""

    node: str | None
    message: str
    freed_by: str | None


class Backward(Record, frozen=True, kw_only=True):
    """One run of the autograd engine.

    ``outputs`` are the nodes it started from. ``internal`` marks runs that PyTorch's own Python code makes for the
    program, such as those of ``autograd.functional``. ``freed`` lists the nodes whose saved tensors it released.
    ``step`` is the step in which it began, ``after`` the last that had begun by then (another, if that line had called
    functions before), ``inside`` the engine run during which it began.
    """

    id: str
    line: int | None
    step: int | None = None
    after: int | None = None
    inside: str | None = None
    call: Literal["backward", "grad"]
    outputs: list[str]
    retain_graph: bool
    create_graph: bool
    steps: list[BackwardStep]
    freed: list[str]
    failure: EngineFailure | None
    internal: bool


class GradientChange(Record, frozen=True, kw_only=True):
    """One change of a leaf's ``.grad``; ``step`` is the index of the step in which it happened."""

    variable: str
    tensor: str | None
    step: int | None
    line: int | None
    cause: GradientCause
    backward: str | None
    added: Gradient | None
    total: Gradient | None


class MemoryEvent(Record, frozen=True, kw_only=True):
    """One allocation (positive) or release (negative), in nanoseconds since the run began.

    ``allocation`` is the index of its block in ``Memory.allocations``, whose category an allocation and its release
    share. ``line``, ``step`` and ``node`` say where it happened: of an allocation the node that the operation made (or
    that backward was running), of a release the node that backward was running. ``backward`` is the engine run.
    """

    t_ns: int
    line: int | None
    node: str | None
    delta_bytes: int
    category: Category
    total_bytes: int
    allocation: int
    step: int | None = None
    backward: str | None = None


class CallFrame(Record, frozen=True, kw_only=True):
    """A Python call that was under way when memory was allocated: its file, its line then, and its function.

    ``file`` is ``<program>``, or as Python imports it (``torch/nn/functional.py``). ``line`` is ``None`` where it is
    not known. ``outer`` is the index of the call around it in ``Memory.frames``, ``None`` for the program's first.
    """

    file: str
    line: int | None
    function: str
    outer: int | None


class Allocation(Record, frozen=True, kw_only=True):
    """One block of memory: what asked for it and what it was for.

    ``operation`` is PyTorch's innermost operation (``aten::sin``, ``MulBackward0``), ``None`` outside of any. ``name``
    is the variable, parameter, gradient or optimizer state that was seen to lie in it. ``saved_by`` are the nodes that
    kept it for backward. ``allocated`` and ``released`` are indices of ``Memory.events``; ``released`` is ``None``
    where it was still held when the program ended. ``frame`` is the index of the innermost Python call in
    ``Memory.frames``, absent where it is not known.
    """

    bytes: int
    category: Category
    operation: str | None
    name: str | None
    saved_by: list[str]
    allocated: int
    released: int | None
    frame: int | UnsetType = UNSET


class CudaSample(Record, frozen=True, kw_only=True):
    """What CUDA's allocator said at the end of a step."""

    step: int
    allocated_bytes: int
    reserved_bytes: int
    peak_bytes: int


class Memory(Record, frozen=True, kw_only=True):
    """Bytes over time, of a second run of the program that nothing but ``torch.profiler`` watches.

    ``source`` says where they were measured. ``baseline_bytes`` were allocated before the first line; totals, the peak
    and the final count include them. ``peak_event`` is the index of the first event that reached the peak, ``None``
    where nothing was allocated or that event was cut. ``duration_ns`` is the clock time of that run.

    Categories: ``leaf`` tensors that require gradients, ``gradient`` (a ``.grad``), ``optimizer`` state, ``saved`` for
    backward, ``temporary`` (released in the step, or the run of the engine, that allocated it), ``other`` (held
    by variables: data, buffers, results). A block that is several of these is the first one that fits.
    ``cuda_snapshot`` is what ``torch.cuda.memory._snapshot()`` returned, as JSON: a pickle in a file could do anything.
    ``frames`` are the Python calls that allocated, outer ones first, absent where nobody asked for them.
    """

    source: str
    device: str
    baseline_bytes: int
    peak_bytes: int
    peak_line: int | None
    peak_event: int | None
    final_bytes: int
    duration_ns: int
    events: list[MemoryEvent]
    allocations: list[Allocation]
    cuda: list[CudaSample] | None
    cuda_snapshot: str | None = None
    frames: list[CallFrame] | UnsetType = UNSET


class Drawing(Record, frozen=True, kw_only=True):
    """What torchviz draws for variable ``of`` after step ``step``, with ids renumbered.

    Function boxes are named after the trace's nodes. ``dot`` is absent where nobody has asked for the drawing yet
    (``Draw`` does), and ``None`` where the graph was too large to draw; ``nodes`` says how large it is.
    """

    of: str
    step: int | None
    show_attrs: bool
    show_saved: bool
    nodes: int
    dot: str | UnsetType | None = UNSET


class Display(Record, frozen=True, kw_only=True):
    """What a program shows beside what it prints, in the order in which it came.

    A figure (``image/png`` in base64, ``image/svg+xml`` as text, in ``data``), an object given to ``display()`` or the
    value of a cell's last expression (``text/plain``), or what was written to standard error
    (``application/vnd.jupyter.stderr``); ``text`` says it in words. ``line`` is the line that made it, ``step`` the
    step in which it came, ``at`` how many characters of ``stdout`` had been printed by then.
    """

    step: int | None
    line: int | None
    mime: Literal["image/png", "image/svg+xml", "text/plain", "application/vnd.jupyter.stderr"]
    data: str
    text: str
    at: int


class Note(Record, frozen=True, kw_only=True):
    """What a reader should know of this trace: an observer that stepped aside, lines that were left out.

    ``observer`` is ``None`` where nothing went wrong; ``line`` is the line that ran.
    """

    observer: Observer | None
    message: str
    line: int | None


class Warned(Record, frozen=True, kw_only=True):
    """A warning that PyTorch or Python issued while the program ran."""

    line: int | None
    category: str
    message: str


class Truncation(Record, frozen=True, kw_only=True):
    """An observer that stepped aside: which one, the cap that it reached, and what is missing because of it."""

    observer: Observer
    cap: int
    missing: str


class ModuleCall(Record, frozen=True, kw_only=True):
    """A call of a module that autograd recorded nothing of, or that an error ended.

    ``path`` is as in ``Node.module``, ``kind`` the module's class, ``line`` the program's line that called it.
    ``inputs`` and ``outputs`` are the shapes of the tensors that it got by position and returned, ``parent`` is the
    place in ``Trace.calls`` of the call that it happened in.
    """

    path: str
    kind: str
    line: int | None
    parent: int | None
    inputs: list[list[int]]
    outputs: list[list[int]]
    failed: bool = False


class Trace(Record, frozen=True, kw_only=True):
    """Everything about one run. ``duration_ns`` is the observed run's clock time, which varies like those of an answer.

    ``numbered`` is how many nodes PyTorch counted during the run. ``memory`` is measured when somebody asks for it, by
    a second run; ``memory_note`` says why it is ``None`` or what is missing in it, where there is something to say.
    ``calls`` are those of modules, in order, of which the graph does not tell; absent where there are none.
    ``answer`` is there when the program came with a question and got as far as being asked it, ``modules`` where what
    they cost was measured. ``training_step`` is there where this is one step of a training that was recorded where it
    ran, counted from 0: not the whole program.
    """

    version: Literal[1] = VERSION
    program: Program
    environment: Environment
    stdout: str
    stdout_truncated: bool
    failure: Failure | None
    steps: list[Step]
    steps_truncated: bool
    tensors: list[Tensor]
    nodes: list[Node]
    edges: list[Edge]
    backwards: list[Backward]
    gradients: list[GradientChange]
    memory: Memory | None
    torchviz: list[Drawing]
    warnings: list[Warned]
    truncations: list[Truncation]
    duration_ns: int
    displays: list[Display] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    numbered: int = 0
    answer: Answered | UnsetType = UNSET
    memory_note: str | UnsetType = UNSET
    calls: list[ModuleCall] | UnsetType = UNSET
    modules: ModuleCosts | UnsetType = UNSET
    training_step: int | UnsetType = UNSET


def empty_trace(program: Program, environment: Environment) -> Trace:
    """Return a trace with nothing in it; what is known of a run is put into a copy (``msgspec.structs.replace``)."""
    lists = ("steps", "tensors", "nodes", "edges", "backwards", "gradients", "torchviz", "warnings", "truncations")
    known: dict[str, Any] = {"stdout": "", "stdout_truncated": False, "steps_truncated": False, "memory": None}
    known |= {"failure": None, "duration_ns": 0} | {name: [] for name in lists}
    return Trace(program=program, environment=environment, **known)
