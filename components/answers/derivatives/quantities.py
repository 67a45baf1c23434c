"""Gradient, Jacobian, Hessian, JVP, VJP, directional derivative: by two of PyTorch's interfaces, and compared."""

from __future__ import annotations

from typing import Any, Literal

import torch

from ...trace import Derivative, DerivativeAnswer, Number, Quantity, Spectrum, Spot, Way
from ..values import matrix, number, said
from .snippets import Vectors, cotangent, run_snippet, tangents
from .subject import Subject

Api = Literal["torch.autograd.functional", "torch.func"]
_APIS: tuple[Api, ...] = ("torch.autograd.functional", "torch.func")
_OF_ONE_NUMBER: tuple[Quantity, ...] = ("gradient", "hessian", "directional")
# How much two ways may differ, relative to the largest entry.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
_WARM_BELOW = 0.02


def derivative(question: Derivative, subject: Subject) -> DerivativeAnswer:
    """Answer the question; raises ``NoAnswer``."""
    quantity = question.quantity
    if quantity in _OF_ONE_NUMBER:
        subject = subject.of_one_number()
    vectors = _vectors(question, subject)
    rows, columns = _labels(quantity, subject)
    subject.fits(len(rows), len(columns))
    results: list[torch.Tensor] = []
    ways = []
    for api in _APIS:
        way, result = _computed(api, quantity, subject, vectors, (len(rows), len(columns)))
        ways.append(way)
        results += [result] if result is not None else []
    farthest = _farthest(*results) if len(results) == 2 else None
    return DerivativeAnswer(
        function=subject.record(),
        quantity=quantity,
        rows=rows,
        columns=columns,
        numbers=matrix(results[0]) if results else [],
        vector=[number(one) for one in vectors.numbers] if vectors is not None else None,
        ways=ways,
        farthest=farthest,
        agree=len(results) == 2 and _agree(results[0], results[1], subject),
        spectrum=_spectrum(results[0]) if results and quantity == "hessian" else None,
    )


def _vectors(question: Derivative, subject: Subject) -> Vectors | None:
    if question.quantity == "vjp":
        return cotangent(subject, question.vector)
    if question.quantity in ("jvp", "directional"):
        return tangents(subject, question.vector)
    return None


def _labels(quantity: Quantity, subject: Subject) -> tuple[list[str], list[str]]:
    if quantity == "hessian":
        return subject.columns, subject.columns
    if quantity == "jvp":
        return subject.rows, ["v"]
    if quantity == "directional":
        return subject.rows, ["v"]
    if quantity == "vjp":
        return ["v"], subject.columns
    return subject.rows, subject.columns


def _computed(
    api: Api, quantity: Quantity, subject: Subject, vectors: Vectors | None, shape: tuple[int, int]
) -> tuple[Way, torch.Tensor | None]:
    code = code_of(api, quantity, subject, vectors)
    names = dict(subject.names)
    try:
        seconds = run_snippet(code, names)
        if seconds < _WARM_BELOW:  # the first call in a process is not like the others
            seconds = min(seconds, run_snippet(code, dict(subject.names)))
        result = _as_matrix(names[quantity], shape)
    except Exception as error:
        return Way(api=api, code=code, seconds=0.0, problem=said(error)), None
    return Way(api=api, code=code, seconds=seconds, problem=None), result


def code_of(api: Api, quantity: Quantity, subject: Subject, vectors: Vectors | None) -> str:
    """Return the program's next lines, which compute the derivative and bind it to its own name."""
    call = _functional(quantity, subject, vectors) if api == _APIS[0] else _func(quantity, subject, vectors)
    made = f"{vectors.code}\n" if vectors is not None else ""
    return f"import torch\n\n{made}{quantity} = {call}\n"


def _functional(quantity: Quantity, subject: Subject, vectors: Vectors | None) -> str:
    api, of, at = "torch.autograd.functional", subject.code, subject.arguments
    v = vectors.arguments if vectors is not None else ""
    if quantity == "directional" and len(subject.chosen) > 1:
        return f"sum((g * v).sum() for g, v in zip({api}.vjp({of}, {at})[1], {v}))"
    return {
        "gradient": f"{api}.vjp({of}, {at})[1]",
        "jacobian": f"{api}.jacobian({of}, {at})",
        "hessian": f"{api}.hessian({of}, {at})",
        "jvp": f"{api}.jvp({of}, {at}, {v})[1]",
        "vjp": f"{api}.vjp({of}, {at}, {v})[1]",
        "directional": f"({api}.vjp({of}, {at})[1] * {v}).sum()",
    }[quantity]


def _func(quantity: Quantity, subject: Subject, vectors: Vectors | None) -> str:
    of, at = subject.code, ", ".join(subject.chosen)
    which = f", argnums={tuple(range(len(subject.chosen)))}" if len(subject.chosen) > 1 else ""
    first = vectors.names[0] if vectors is not None else ""
    points, v = f"({at}{',' * (len(subject.chosen) == 1)})", ""
    if vectors is not None:
        v = f"({', '.join(vectors.names)}{',' * (len(vectors.names) == 1)})"
    along = f"torch.func.jvp({of}, {points}, {v})[1]"
    return {
        "gradient": f"torch.func.grad({of}{which})({at})",
        "jacobian": f"torch.func.jacrev({of}{which})({at})",
        "hessian": f"torch.func.hessian({of}{which})({at})",
        "jvp": along,
        "vjp": f"torch.func.vjp({of}, {at})[1]({first})",
        "directional": along,
    }[quantity]


def _as_matrix(result: Any, shape: tuple[int, int]) -> torch.Tensor:
    """Put the tensor, or the blocks of several inputs, into one matrix in double precision."""
    if isinstance(result, torch.Tensor):
        return result.detach().to(torch.float64).reshape(shape)
    if result and isinstance(result[0], tuple):
        sizes = [round(block.numel() ** 0.5) for block in (row[i] for i, row in enumerate(result))]
        return torch.cat([_row_of_blocks(row, size) for row, size in zip(result, sizes, strict=True)]).reshape(shape)
    return _row_of_blocks(result, shape[0]).reshape(shape)


def _row_of_blocks(blocks: tuple[torch.Tensor, ...], rows: int) -> torch.Tensor:
    return torch.cat([block.detach().to(torch.float64).reshape(rows, -1) for block in blocks], dim=1)


def _farthest(first: torch.Tensor, second: torch.Tensor) -> Spot | None:
    if first.numel() == 0:
        return None
    away = torch.where(first.isnan() & second.isnan() | (first == second), 0.0, (first - second).abs())
    place = int(torch.nan_to_num(away, nan=torch.inf).argmax())
    row, column = divmod(place, first.shape[1])
    return Spot(row=row, column=column, first=number(first[row, column]), second=number(second[row, column]))


def _agree(first: torch.Tensor, second: torch.Tensor, subject: Subject) -> bool:
    tolerance = _TOLERANCE.get(subject.output.dtype, 1e-2)
    finite = first[first.isfinite()].abs()
    scale = float(finite.max()) if finite.numel() else 0.0
    return torch.allclose(first, second, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


def _spectrum(hessian: torch.Tensor) -> Spectrum | None:
    if not bool(torch.isfinite(hessian).all()) or hessian.numel() == 0:
        return None
    asymmetry: Number = number((hessian - hessian.T).abs().max())
    return Spectrum(
        asymmetry=asymmetry,
        eigenvalues=[number(one) for one in torch.linalg.eigvalsh((hessian + hessian.T) / 2).tolist()],
    )
