"""What stands in the Lab view's boxes and on its edges, under the switches for values and shapes."""

from __future__ import annotations

from ...facts.additions import Additions
from ...facts.casts import cast_text
from ...facts.index import EngineStop, TraceIndex, saved_tensors
from ...facts.saved_words import saved_word
from ...facts.sharing import Sharing
from ...facts.text import bytes_text, number_text, order_text, shape_text, tensor_text, values_text
from ...trace import Gradient, GradientChange, Node, Tensor
from .records import LabOptions

_MOST_NAMES = 3
_EDGE = 20
_GRAD = 28
_VALUE = 24


def tensor_words(tensor: Tensor, options: LabOptions, longest: int = 34) -> str:
    """A tensor's numbers if they are few and wanted, else its shape and type."""
    text = tensor_text(tensor, longest) if options.values else f"{shape_text(tensor.shape)} {tensor.dtype}"
    shown = values_text(tensor.values, longest) if options.values else None
    return f"{shape_text(tensor.shape)}  {text}" if options.shapes and shown is not None else text


def edge_words(gradient: Gradient | None, options: LabOptions) -> str:
    """A gradient as short as an edge can carry: its numbers, rounded if need be, or its shape."""
    if gradient is None:
        return ""
    if not options.values:
        return shape_text(gradient.shape)
    short = values_text(gradient.values, _EDGE) or values_text(gradient.values, _EDGE, digits=3)
    if short is not None:
        return f"{shape_text(gradient.shape)}  {short}" if options.shapes else short
    mean = gradient.summary.mean if gradient.summary is not None else None
    text = shape_text(gradient.shape)
    return text if mean is None else f"{text}  mean {number_text(mean, 2)}"


def leaf_value(tensor: Tensor | None, options: LabOptions) -> str:
    """Return a leaf's numbers, or its shape and type."""
    return tensor_words(tensor, options) if tensor is not None else ""


def grad_words(index: TraceIndex, change: GradientChange, options: LabOptions) -> str:
    """Return the line about a leaf's ``.grad`` after a change: ``.grad 12``, ``.grad 12 + 12 = 24``, ``.grad None``."""
    if change.total is not None and not options.values:
        return f".grad {shape_text(change.total.shape)}"
    return f".grad {index.once(Additions).total_text(change, _GRAD)}"


def function_words(index: TraceIndex, node: Node, options: LabOptions) -> str:
    """Return the line below a function's name: the source line, the module, the dtypes of a cast, the derivative that
    it computes if a ``create_graph`` made it, and the variable that it made, with its base if it is a view."""
    parts = [f"line {node.line}"] if node.line is not None else []
    if node.module:
        parts.append(node.module)
    if cast := cast_text(node):
        parts.append(cast)
    if node.order > 1:
        parts.append(order_text(node.order))
    tensor = index.produced(node.id)
    if tensor is not None and index.edges_to.get(node.id):
        parts.append(f"{tensor.name} = {tensor_words(tensor, options, _VALUE)}")
        base = index.once(Sharing).base(tensor)
        parts += [f"view of {base.name}"] if base is not None and base.name else []
    return " · ".join(parts)


def stop_words(stop: EngineStop) -> str:
    """Return ``stopped here: freed by line 4``."""
    causes = {"freed": f": freed by {stop.where}", "changed": f": changed by {stop.where}", "nan": ": it gave NaN"}
    return f"stopped here{causes.get(stop.cause, '')}"


def saved_words(index: TraceIndex, node: Node) -> tuple[str, str]:
    """Return the names of what a node saved, and its shapes and bytes."""
    tensors = saved_tensors(node)
    names = list(dict.fromkeys(saved_word(index, node, one) for one in tensors))
    more = f" +{len(names) - _MOST_NAMES}" if len(names) > _MOST_NAMES else ""
    shapes = {shape_text(saved.shape or []) for saved in tensors}
    only = f"{shapes.pop()}  " if len(shapes) == 1 else ""
    return ", ".join(names[:_MOST_NAMES]) + more, only + bytes_text(node.saved_bytes)
