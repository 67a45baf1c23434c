"""Where tracking stopped: results that autograd does not know, though they were computed from what it does know.

A trace does not say how such a tensor was made (autograd was not asked), so the source line is read: the names to the
right of the ``=`` that were bound to tensors with ``requires_grad`` at that moment.

Known limitations: a statement over several lines is read by its first line only, and a result that a function
returned is traced to that function's arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..trace import Step, Tensor
from .index import TraceIndex

# A name that stands alone: no attribute of something else, and not asked for its metadata only.
_NAME = re.compile(
    r"(?<![\w.])[^\W\d]\w*(?!\w)(?!\s*\.\s*(?:grad|shape|dtype|device|ndim|size|numel|item|requires_grad)\b)"
)
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"|#.*")
_UNRECORDED = re.compile(r"with\s.*\b(no_grad|inference_mode)\b")
_FLOATING = ("float", "bfloat", "complex")


@dataclass(frozen=True)
class Cut:
    """A tensor that nothing flows back from, the tensors it was computed from, and the word for how (may be empty)."""

    tensor: Tensor
    sources: tuple[Tensor, ...]
    how: str


def cuts(index: TraceIndex, most: int) -> list[Cut]:
    """Return the last ``most`` results at which tracking stopped, in order of birth."""
    candidates = {tensor.origin for tensor in index.latest.values() if _untracked(tensor)}
    if not candidates:
        return []
    bound: dict[tuple[str | None, str], Tensor] = {}
    found: dict[str, Cut] = {}
    for step in index.trace.steps:
        for name, value in step.variables.items():
            tensor = index.tensors.get(value)
            if tensor is not None and tensor.origin in candidates and tensor.origin not in found:
                cut = _cut(index, step, name, tensor, bound)
                if cut is not None:
                    found[tensor.origin] = cut
        for name, value in step.variables.items():
            if value in index.tensors:
                bound[step.function, name] = index.tensors[value]
    last_of_name = {cut.tensor.name: cut for cut in found.values()}
    return list(last_of_name.values())[-most:]


def _untracked(tensor: Tensor) -> bool:
    floating = tensor.dtype.removeprefix("torch.").startswith(_FLOATING)
    return tensor.name is not None and tensor.node is None and not tensor.requires_grad and floating


def _block(index: TraceIndex, line: int) -> str:
    """Return ``no_grad`` or ``inference_mode`` if the line stands in such a block, as its indentation says."""
    depth = index.indentation(line)
    for above in range(line - 1, 0, -1):
        code = index.code(above)
        if code and index.indentation(above) < depth:
            depth = index.indentation(above)
            if word := unrecorded_block(code):
                return word
    return ""


def unrecorded_block(code: str) -> str:
    """Return ``no_grad`` or ``inference_mode`` if a line begins such a block, else an empty text."""
    match = _UNRECORDED.match(code)
    return match[1] if match is not None else ""


def _cut(
    index: TraceIndex, step: Step, name: str, tensor: Tensor, bound: dict[tuple[str | None, str], Tensor]
) -> Cut | None:
    left, _, right = _STRING.sub("", index.code(step.line)).partition("=")
    sources: dict[str, Tensor] = {}
    for word in _NAME.findall(right) if name in _NAME.findall(left) else ():
        source = bound.get((step.function, word)) or bound.get((None, word))
        if source is not None and source.requires_grad and source.origin != tensor.origin:
            sources[source.origin] = source
    if not sources:
        return None
    # A gradient without a graph comes from what was differentiated, not from what it is taken with respect to.
    started = {
        node for run in index.trace.backwards if run.call == "grad" and run.line == step.line for node in run.outputs
    }
    outputs = tuple(source for source in sources.values() if source.node in started)
    if outputs:
        return Cut(tensor, outputs, "grad")
    how = next((word for word in ("detach", ".data", "numpy") if word in right), "") or _block(index, step.line)
    return Cut(tensor, tuple(sources.values()), how.strip("."))
