"""What a person may ask of a program beyond its trace, and what comes back: derivatives of its function, an exercise.

A question travels with the program, so that the same program with the same question is the same run. The function that
most questions are about is the program's own: ``def f(x, w)``, with ``x`` and ``w`` bound to the point at which it is
looked at. In answers, matrices are lists of rows of numbers with a label for each row and column: ``y[0]``,
``x[1, 2]``, counted as PyTorch counts; ``problem`` says, in words for the person, why something is missing.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from .base import Number, Record, Values
from .modules import MeasureModules

MOST_DERIVATIVES = 8
MOST_POINTS = 401
MOST_ACROSS = 61
MOST_STEPS = 500
LONGEST_VALUE = 200_000
LONGEST_WORDS = 1_000
MOST_FINDINGS = 1_000

Quantity = Literal["gradient", "jacobian", "hessian", "jvp", "vjp", "directional"]
Finite = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]


class Question(Record, frozen=True, kw_only=True, tag_field="ask"):
    """What questions about a function share.

    ``function`` is its name, ``None`` the last one whose parameters are all bound to tensors. ``inputs`` are the
    parameters by which it is differentiated, ``None`` all that hold floating-point numbers. ``element`` picks one
    number of an output of several, where a question needs one; ``None`` takes an output of one element as it is.
    """

    function: str | None = None
    inputs: tuple[str, ...] | None = None
    element: tuple[int, ...] | None = None


class NthDerivatives(Question, frozen=True, kw_only=True, tag="nth_derivatives"):
    """The first to n-th derivative; of several inputs, along ``direction`` (``None``: one in every element)."""

    order: Annotated[int, msgspec.Meta(ge=1, le=MOST_DERIVATIVES)] = 3
    direction: tuple[Finite, ...] | None = None


class Derivative(Question, frozen=True, kw_only=True, tag="derivative"):
    """One kind of derivative, by ``torch.autograd.functional`` and by ``torch.func``.

    ``vector`` is the tangent of a JVP and of a directional derivative, or the cotangent of a VJP, all elements in a
    row; ``None`` is one in every element.
    """

    quantity: Quantity
    vector: tuple[Finite, ...] | None = None


class Draw(Record, frozen=True, kw_only=True, tag="draw", tag_field="ask"):
    """One of torchviz's drawings of the program, by its number from 0, with torchviz's two switches.

    The answer is a trace that holds this one drawing and nothing else.
    """

    number: Annotated[int, msgspec.Meta(ge=0)]
    show_attrs: bool = False
    show_saved: bool = False


class Curve(Question, frozen=True, kw_only=True, tag="curve"):
    """f, f' and f'' of one number over a range."""

    low: Finite
    high: Finite
    points: Annotated[int, msgspec.Meta(ge=2, le=MOST_POINTS)] = 161


class Surface(Question, frozen=True, kw_only=True, tag="surface"):
    """f of two numbers over a rectangle, with gradients, and steps of gradient descent from the point."""

    low: tuple[Finite, Finite]
    high: tuple[Finite, Finite]
    across: Annotated[int, msgspec.Meta(ge=2, le=MOST_ACROSS)] = 41
    rate: Finite = 0.1
    steps: Annotated[int, msgspec.Meta(ge=0, le=MOST_STEPS)] = 20


class Checks(Question, frozen=True, kw_only=True, tag="checks"):
    """The derivative by autograd beside finite differences and beside SymPy."""


class Exercise(Record, frozen=True, kw_only=True, tag_field="ask", tag="exercise"):
    """Whether the program solves an exercise; ``checks`` is the text of the exercise's check cells.

    What is expected is worked out where the program is not, with what the names of ``solution`` stand for. So the
    worker asks two questions in its place: an ``Inspection`` of the program, then a ``Judgement`` of what was found.
    """

    checks: str
    solution: str = ""


class Look(Record, frozen=True, kw_only=True):
    """A step of an inspection: a statement that prepares, or an expression whose value is looked at."""

    code: str
    prepares: bool = False


class Inspection(Record, frozen=True, kw_only=True, tag_field="ask", tag="inspection"):
    """What the checks of an exercise look at, without what they expect; ``seed`` and its place seed each look."""

    looks: list[Look]
    seed: int


class Finding(Record, frozen=True, kw_only=True):
    """What one look found: a plain value as JSON text, or else ``seen`` says what there is instead.

    ``error`` is what was raised, at ``line`` of the program, and ``missing`` the name that it lacks.
    """

    value: Annotated[str, msgspec.Meta(max_length=LONGEST_VALUE)] | None = None
    seen: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""
    error: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""
    missing: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""
    line: int | None = None


class Judgement(Record, frozen=True, kw_only=True, tag_field="ask", tag="judgement"):
    """Whether what was found is what the checks expect; asked of an empty program."""

    checks: str
    solution: str
    seed: int
    findings: list[Finding]


Asked = (
    NthDerivatives | Derivative | Curve | Surface | Checks | Exercise | Inspection | Judgement | Draw | MeasureModules
)


class Answer(Record, frozen=True, kw_only=True, tag_field="answer"):
    """What all answers share: their tag."""


class Input(Record, frozen=True, kw_only=True):
    """One parameter of the function at the point; ``chosen`` when it is differentiated by it."""

    name: str
    shape: list[int]
    dtype: str
    values: Values
    chosen: bool


class Function(Record, frozen=True, kw_only=True):
    """The function that was asked about, and what it gave at the point."""

    name: str
    inputs: list[Input]
    output_shape: list[int]
    output_dtype: str
    output: Values


class Formula(Record, frozen=True, kw_only=True):
    """A symbolic result and its number: as LaTeX, or as plain text where that would be too long to read."""

    latex: str | None
    text: str
    value: Number


class NthDerivative(Record, frozen=True, kw_only=True):
    """One derivative: PyTorch's number, what its graph added, and two independent numbers beside it.

    ``nodes`` counts the nodes that a ``create_graph`` pass for it added to the graph. ``finite`` is the central
    difference of the derivative before it, in double precision.
    """

    order: int
    value: Number
    nodes: int
    finite: Number | None
    formula: Formula | None


class NthDerivativesAnswer(Answer, frozen=True, kw_only=True, tag="nth_derivatives"):
    """f and its derivatives, by order from 0. ``no_formula`` says why there is no formula, ``problem`` why they end."""

    function: Function
    direction: list[Number] | None
    derivatives: list[NthDerivative]
    no_formula: str | None
    notes: list[str]
    problem: str | None
    code: str


class Way(Record, frozen=True, kw_only=True):
    """One way to compute a derivative: the code, how long PyTorch took, and why it could not."""

    api: Literal["torch.autograd.functional", "torch.func"]
    code: str
    seconds: float
    problem: str | None


class Spot(Record, frozen=True, kw_only=True):
    """One entry of a matrix, by row and column, in which two numbers were compared."""

    row: int
    column: int
    first: Number
    second: Number


class Spectrum(Record, frozen=True, kw_only=True):
    """What a Hessian is like: its largest ``|H - H^T|`` and its eigenvalues, ascending, in double precision."""

    asymmetry: Number
    eigenvalues: list[Number]


class DerivativeAnswer(Answer, frozen=True, kw_only=True, tag="derivative"):
    """A derivative as a matrix of ``rows`` by ``columns``, computed in two ways.

    ``numbers`` are those of the first way that worked. ``farthest`` is the entry in which the two differ the most,
    ``None`` where one of them failed.
    """

    function: Function
    quantity: Quantity
    rows: list[str]
    columns: list[str]
    numbers: list[list[Number]]
    vector: list[Number] | None
    ways: list[Way]
    farthest: Spot | None
    agree: bool
    spectrum: Spectrum | None


class CurveAnswer(Answer, frozen=True, kw_only=True, tag="curve"):
    """f, f' and f'' at ``x``, and at the point itself, which is the last of each list. ``None`` is a failed call."""

    function: Function
    x: list[Number]
    values: list[list[Number | None]]
    problem: str | None


class SurfaceAnswer(Answer, frozen=True, kw_only=True, tag="surface"):
    """f over a rectangle: ``values[j][i]`` at ``(x[i], y[j])``; arrows ``(x, y, df/dx, df/dy)``; the path of descent.

    ``path`` has ``(x, y, f)`` for the point and after each step; ``problem`` says why it ends early.
    """

    function: Function
    names: tuple[str, str]
    x: list[Number]
    y: list[Number]
    values: list[list[Number | None]]
    arrows: list[tuple[Number, Number, Number, Number]]
    path: list[tuple[Number, Number, Number]]
    problem: str | None


class Entry(Record, frozen=True, kw_only=True):
    """One entry of the derivative, three times: by autograd, by central differences, by SymPy."""

    row: int
    column: int
    autograd: Number
    finite: Number
    formula: Formula | None


class ChecksAnswer(Answer, frozen=True, kw_only=True, tag="checks"):
    """The derivative held against two others, in double precision.

    ``gradcheck`` is the verdict of ``torch.autograd.gradcheck`` (``None`` where it could not run), ``message`` what it
    said. ``worst`` is the entry farthest from finite differences, measured in the tolerance ``atol + rtol * |finite|``,
    of which it is off by ``off``. ``entries`` has the worst first, up to a cap.
    """

    function: Function
    rows: list[str]
    columns: list[str]
    gradcheck: bool | None
    gradgradcheck: bool | None
    message: str | None
    atol: float
    rtol: float
    worst: Entry | None
    off: Number | None
    entries: list[Entry]
    no_formula: str | None
    symbolic_agrees: bool | None
    notes: list[str]
    problem: str | None


class Findings(Answer, frozen=True, kw_only=True, tag="findings"):
    """What the looks of an inspection found, in order."""

    findings: Annotated[list[Finding], msgspec.Meta(max_length=MOST_FINDINGS)]


class Check(Record, frozen=True, kw_only=True):
    """One check of an exercise: what was expected, what came, where to look; ``line`` is the student's, if known."""

    title: str
    passed: bool
    expected: str
    came: str
    look_at: str
    line: int | None = None


class Verdict(Answer, frozen=True, kw_only=True, tag="verdict"):
    """What an exercise's checks found; it is solved when all of them passed."""

    checks: list[Check]

    @property
    def solved(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)


class Unanswered(Answer, frozen=True, kw_only=True, tag="unanswered"):
    """The question has no answer; ``problem`` says why and what to do, of ``function`` if it was found."""

    problem: str
    function: Function | None = None


Answered = (
    NthDerivativesAnswer
    | DerivativeAnswer
    | CurveAnswer
    | SurfaceAnswer
    | ChecksAnswer
    | Findings
    | Verdict
    | Unanswered
)
