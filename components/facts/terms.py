"""What the words on the pages mean, one sentence each: tooltips, the help and the glossary say the same."""

from __future__ import annotations

# Words of the graph: its legend, the kinds of nodes, what a card names.
GRAPH: dict[str, str] = {
    "leaf": "A tensor that no recorded operation made; backward() puts its gradient into .grad.",
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
    "show_attrs": "torchviz's switch: writes into each node what it has saved besides tensors, such as an exponent.",
    "show_saved": "torchviz's switch: draws the tensors that each node has saved.",
    "requires_grad": "Tells autograd to record what is computed from this tensor, so that it can get a .grad.",
    "dtype": "The type of a tensor's numbers; only floating-point and complex tensors can require a gradient.",
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
    "value": "What is in the tensor, at the end of the run.",
    ".grad": "The gradient that the leaf holds at the end: the sum of what backward() has added since it was reset.",
    "added last": "What the last backward() added to .grad.",
    "tensor": "The variable that holds it.",
    "shape": "The size of the tensor in each dimension; [] is a single number.",
    "gradient": "The derivative of the result with respect to this tensor.",
    "note": "What else has to be known to read this row rightly.",
    "bytes": "The size of the block, as PyTorch's allocator rounds it.",
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
    "saved for backward": "The bytes of the tensors that the graph keeps for backward().",
    "peak memory": "The most bytes held at one moment of the run.",
    "memory at the end": "Bytes that are still held when the program ends.",
    "time": "How long the observed run took; it varies from run to run.",
    "name": "The variable.",
    "same?": "Whether both sides agree: =, up to rounding ≈, or not ≠.",
    "max |left − right|": "The largest difference between two numbers at the same place.",
    "only on the left": "Nodes and edges that the graph on the right does not have.",
    "only on the right": "Nodes and edges that the graph on the left does not have.",
    "in both": "Nodes of both graphs that keep something else.",
    "where": "How many there are, where they are, and what they save.",
}

# Words of the pages, as the help groups them, and all together.
PAGE_GROUPS = {"Pages": _NAMES, "Views, switches and buttons": _SWITCHES, "Columns of tables": _COLUMNS}
PAGES: dict[str, str] = {word: meaning for group in PAGE_GROUPS.values() for word, meaning in group.items()}
