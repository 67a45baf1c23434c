"""What the words on the pages mean, one sentence each: tooltips, the help and the glossary say the same."""

from __future__ import annotations

import re

# Words of the graph: its legend, the kinds of nodes, what a card names.
GRAPH: dict[str, str] = {
    # The legend of both views.
    "output": "A result that the program holds on to, or that a backward() began at.",
    "function": "A node of the graph: it turns the gradient of an operation's result into those of its inputs.",
    "leaf": "A tensor that no recorded operation made; backward() puts its gradient into .grad.",
    "copy of a leaf": "The same leaf, drawn once more beside another use of it; one box alone has its value and .grad.",
    "saved tensor": "A tensor that a node keeps in memory, because its derivative needs the numbers.",
    "freed": "What a node had saved, given back by a backward() without retain_graph: it cannot run backward again.",
    "built by create_graph": "A node that a backward() with create_graph recorded, so that gradients have derivatives.",
    "not tracked": "A tensor that autograd knows nothing about: no gradient flows through it.",
    "folded": "Several nodes in one box; a double click, or O, opens it in place.",
    "stopped here": "The node at which a backward() ended with an error.",
    "only on this side": "The graph beside this one has nothing like it.",
    "base of a view": "The tensor whose memory another one, a view of it, shares.",
    # What the functions can be coloured by.
    "colour: kind": "Each kind of box has its colour, as the legend says.",
    "colour: order": "The darker, the later the last backward() came to the node; its number stands at the corner.",
    "colour: bytes saved": "The darker, the more bytes the node saved for backward.",
    "colour: gradient norm": "The darker, the larger the norm of the gradient that came in last.",
    "colour: module": "Nodes of one nn.Module have one colour.",
    # Kinds of nodes.
    "AccumulateGrad": "Adds the gradient that arrives to the leaf's .grad.",
    "CopyBackwards": "Passes the gradient of a copy on to the tensor that was copied.",
    "CopySlices": "The node of a tensor that was changed in place through a view: it sends each part its own gradient.",
    "AddBackward0": "Passes the gradient on to both terms as it is; a term that was broadcast gets the sum.",
    "SubBackward0": "Passes the gradient on to the first term, and its negative to the second.",
    "MulBackward0": "Sends each factor the gradient times the other factor.",
    "DivBackward0": "Sends gradients to numerator and denominator, by the quotient rule.",
    "NegBackward0": "Turns the sign of the gradient.",
    "PowBackward0": "Multiplies the gradient by exponent times base to the power of exponent - 1.",
    "SinBackward0": "Multiplies the gradient by the cosine of the input.",
    "CosBackward0": "Multiplies the gradient by minus the sine of the input.",
    "ExpBackward0": "Multiplies the gradient by the result, since exp is its own derivative.",
    "LogBackward0": "Divides the gradient by the input.",
    "SqrtBackward0": "Divides the gradient by twice the result.",
    "TanhBackward0": "Multiplies the gradient by 1 minus the square of the result.",
    "SigmoidBackward0": "Multiplies the gradient by result times 1 minus result.",
    "ReluBackward0": "Lets the gradient through where the result is above zero, and gives zero elsewhere.",
    "SumBackward0": "Sends every summed element the same gradient.",
    "MeanBackward0": "Sends every element its share: the gradient divided by the number of elements.",
    "MmBackward0": "Sends each matrix of a product the gradient times the other matrix, transposed.",
    "AddmmBackward0": "The node of a linear layer: it sends gradients to bias, input and weight.",
    "TBackward0": "Transposes the gradient back.",
    "ViewBackward0": "Gives the gradient the shape that the input had.",
    "ReshapeAliasBackward0": "Gives the gradient the shape that the input had.",
    "ExpandBackward0": "Sums the gradient over what was expanded.",
    "SelectBackward0": "Puts the gradient where the element was taken from, and zeros elsewhere.",
    "SliceBackward0": "Puts the gradient where the slice was taken from, and zeros elsewhere.",
    "CloneBackward0": "Passes the gradient on as it is.",
    # What a card names.
    "gradient in": "The gradient of what backward() began at, with respect to this node's result: what arrives here.",
    "gradient out": "What this node sends on: the gradient with respect to one of its inputs.",
    "result": "The tensor that the operation made, and its value; also PyTorch's name for it in derivatives.",
    "PyTorch's derivative": "The formula in PyTorch's own list of derivatives, with PyTorch's names.",
    "value": "The tensor's numbers now, or their kind where they are many.",
    "shape": "The tensor's size in each dimension; () is a single number.",
    "dtype": "The kind of number that each element is, and how many bits it has.",
    "requires_grad": "Whether autograd records what is computed from this tensor.",
    "bytes": "The memory that the tensor's numbers take.",
    "version": "How often the tensor was changed in place; autograd compares it before it uses what it saved.",
    "view of": "The tensor whose memory this one shares.",
    "grad_fn": "The node that made the tensor, where its way back begins.",
    "min": "The smallest of the numbers.",
    "max": "The largest of the numbers.",
    "mean": "The average of the numbers.",
    "saved for backward": "What the nodes keep in memory until backward has used it.",
    "of that, freed": "How much of it a backward() without retain_graph has given back.",
    "other kinds": "Nodes of further kinds, too few of each to be named here.",
    "backward": "A backward() added this to .grad; behind = is what .grad came to.",
    "zeroed": "zero_grad(), or zero_(), set every number of .grad to 0.",
    "set to None": "zero_grad() took .grad away; the next backward() begins with a new one.",
    "assigned": "The program itself put something into .grad.",
    "saved value": "A number or a flag that the node keeps for its derivative, under PyTorch's own name.",
    "self": "PyTorch's name, in its derivatives, for the first input of an operation.",
    "other": "PyTorch's name, in its derivatives, for the second input of an operation.",
    "exponent": "What the base was raised to.",
    "alpha": "What the second term was multiplied by before it was added.",
    "dim": "The dimension that the operation went along.",
    "mat1": "PyTorch's name for the first matrix of a product.",
    "mat2": "PyTorch's name for the second matrix of a product.",
    "weight": "The weight of the layer or loss that this node belongs to.",
    "input": "PyTorch's name for what a layer or a loss was given.",
}

# Words of the pages: switches, buttons, heads of columns, names of pages.
PAGES: dict[str, str] = {
    "retain_graph": "Keeps what the graph has saved, so that another backward() can go through it.",
}


def about_node(name: str) -> str:
    """Return what a node of the graph does, told by its name: ``CoshBackward0`` is the backward of cosh."""
    if name in GRAPH:
        return GRAPH[name]
    built_in = re.fullmatch(r"(\w+)Backward\d+", name)
    if built_in is not None:
        operation = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", built_in[1]).lower()
        return f"Turns the gradient of the result of {operation} into the gradients of what {operation} was given."
    if re.fullmatch(r"\w+Backward", name):
        return (
            f"Calls the backward() of {name.removesuffix('Backward')}, an autograd.Function that is not PyTorch's own."
        )
    return GRAPH["function"]


def word_in(row: str) -> str | None:
    """Return the word of ``GRAPH`` that a row of a card is about: of ``gradient out to x`` that is ``gradient out``."""
    parts = re.sub(r"^[\d,]+ ", "", row.rpartition(": ")[2]).split(" ")
    tried = (" ".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((word for word in tried if word in GRAPH), None)
