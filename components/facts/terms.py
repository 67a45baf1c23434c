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
    # What is to be looked at.
    "first bad number": "Where a NaN or an infinity was made first, forward or backward, from numbers that were fine.",
    "vanishing": "The gradient at the layers farthest from the loss is 10,000 times smaller than at those beside it.",
    "exploding": "The gradient at the layers farthest from the loss is 10,000 times larger than at those beside it.",
    "dead units": "Units of a ReLU that were zero for all inputs of the run: no gradient passes them.",
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
    "cast": "A copy in another dtype; autocast makes those that an operation wants, without a line that says so.",
    "requires_grad": "Whether autograd records what is computed from this tensor.",
    "bytes": "The memory that the numbers take; of a block, as PyTorch's allocator rounds it.",
    "version": "How often the tensor was changed in place; autograd compares it before it uses what it saved.",
    "view of": "The tensor whose memory this one shares.",
    "views": "Tensors that share this one's memory and know it: gradients through them reach it.",
    "shares its memory": "Other tensors in the same storage: views of the same base, or what detach() or .data gave.",
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

# Names of the pages.
_NAMES: dict[str, str] = {
    "Start": "What Autograd Lab is, in five steps and a row of examples.",
    "Playground": "Type an expression, press Backward, and see the graph, the gradients and the program that did it.",
    "Code": "Paste or open any PyTorch program, run it, and walk through what autograd did, step by step.",
    "Gradients": "The .grad of every leaf over the run: what each call added, and what it came to.",
    "Derivatives": "Gradients, Jacobians, Hessians and higher derivatives of a function, each checked another way.",
    "Memory": "What the run held in memory and why, line by line and node by node, and what would save some of it.",
    "Compare": "Two programs side by side: what differs in their graphs, numbers, gradients and memory.",
    "Lessons": "The course: chapters to read and run, and exercises that are checked by running your answer.",
}

# Views, switches and buttons.
_SWITCHES: dict[str, str] = {
    "Lab": "The view that shows the graph with names, values, lines, saved tensors, and gradients on the edges.",
    "torchviz": "The view that shows the graph exactly as torchviz's make_dot draws it.",
    "values": "Shows the value of each tensor in its box and the gradient on each edge.",
    "saved tensors": "Shows a box for each tensor that a node keeps for its backward.",
    "shapes": "Shows the shape of each tensor in its box.",
    "Modules": "Shows a table of what each nn.Module has, keeps and takes; its columns can colour the picture.",
    "show_attrs": "torchviz's switch: writes into each node what it has saved besides tensors, such as an exponent.",
    "show_saved": "torchviz's switch: draws the tensors that each node has saved.",
    "retain_graph": "Keeps what the graph has saved, so that another backward() can go through it.",
    "create_graph": "Records the computation of the gradient too, so that the gradient can itself be differentiated.",
    "no_grad": "Computes without recording: the result has no graph, and backward() cannot go through it.",
    "Backward": "Calls backward() on the result: each leaf's gradient is added to its .grad.",
    "Zero grad": "Sets every .grad to zero, so that the next backward() does not add to the last one.",
    "Undo": "Takes back the last change or call.",
    "Reset": "Takes back all calls; the expression and its values stay.",
}

# Heads of columns: of the leaves, of Gradients, of Memory, of Compare.
_COLUMNS: dict[str, str] = {
    ".grad": "The gradient that the leaf holds at the end: the sum of what backward() has added since it was reset.",
    "added last": "What the last backward() added to .grad.",
    "tensor": "The variable that holds it.",
    "gradient": "The derivative of the result with respect to this tensor.",
    "note": "What else has to be known to read this row rightly.",
    "block": "A piece of memory that PyTorch's allocator handed out, by the name of a tensor in it.",
    "category": "What the block is for: leaf, saved, gradient, optimizer, temporary or other.",
    "why it was held": "What kept the block from being released at this moment.",
    "line": "The line of the program.",
    "code": "The text of that line.",
    "node": "The node of the graph that made the block or saved it.",
    "operation": "The operation of PyTorch that allocated it.",
    "saved": "The bytes of all tensors that the node keeps for its backward.",
    "of category saved": "The part of them that would be gone if no node kept it.",
    "nodes": "How many nodes of autograd's graph there are.",
    "module": "The nn.Module in whose forward the node was recorded.",
    "in": "The module around this one.",
    "call": "The call of backward() or autograd.grad().",
    "before": "Bytes held when the call began.",
    "most": "The most bytes held at one moment of the call.",
    "after": "Bytes held when the call was done.",
    "saved, released": "Saved tensors that the call released, because nothing needs them any more.",
    "saved, still held": "Saved tensors that were still held when the call was done.",
    "kept by retain_graph": "Saved tensors that the call would have released without retain_graph=True.",
    "until": "When they were released after all.",
    "new gradients": "Bytes of the gradients that the call put into .grad.",
    "nodes freed, of those that had saved": "How many nodes gave up what they had saved.",
    "change": "The one thing that is done differently.",
    "peak": "The most bytes held at one moment of the run.",
    "saved at most": "The most bytes of saved tensors at one moment of the run.",
    "left at the end": "Bytes that are still held when the program ends.",
    "results": "Whether the changed program computes the same.",
    "Numbers": "What was counted or measured in both runs.",
    "left": "In the program on the left.",
    "right": "In the program on the right.",
    "right − left": "How much more, or less, it is on the right.",
    "backward passes": "How often the program called backward() or autograd.grad().",
    "peak memory": "The most bytes held at one moment of the run.",
    "memory at the end": "Bytes that are still held when the program ends.",
    "time": "How long the observed run took; it varies from run to run.",
    "name": "The variable.",
    "same?": "Whether both sides agree: =, up to rounding ≈, or not ≠.",
    "max |left − right|": "The largest difference between two numbers at the same place.",
    "number": "A tensor, what a module gave, or a gradient, in the order of the graph.",
    "relative": "The largest difference, beside the largest number at that place.",
    "in eps": "The relative difference in units of eps (torch.finfo) of the shortest dtype on the way.",
    "rounding explains": "What rounding comes to at most, in eps: one for each operation on the way, eight in float32 "
    "and float64; ≠ is further apart.",
    "only on the left": "Nodes and edges that the graph on the right does not have.",
    "only on the right": "Nodes and edges that the graph on the left does not have.",
    "in both": "Nodes of both graphs that keep something else.",
    "where": "How many there are, where they are, and what they save.",
    "class": "The module's class.",
    "calls": "How often the module's forward ran.",
    "parameters": "How many numbers the module's parameters have, each parameter once.",
    "activations": "Bytes of what the module's forward, and those of the modules inside it, gave back first.",
    "gradient norm": "The norm of the gradients of all parameters in the module, in one.",
    "update / weight": "The norm of what the optimizer's last step added to the parameters, beside their own norm.",
    "forward": "How long the module's forward took, with all that is inside of it.",
    "copy in": "The dtype of the copy.",
    "bytes of a copy": "The memory that one copy takes.",
    "times copied": "How often a copy was made.",
}

# Words of the pages, as the help groups them, and all together.
PAGE_GROUPS = {"Pages": _NAMES, "Views, switches and buttons": _SWITCHES, "Columns of tables": _COLUMNS}
PAGES: dict[str, str] = {word: meaning for group in PAGE_GROUPS.values() for word, meaning in group.items()}


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


def meaning_of(word: str) -> str:
    """Return the sentence that explains a word of the pages, empty for one that needs none."""
    return PAGES.get(word) or GRAPH.get(word, "")
