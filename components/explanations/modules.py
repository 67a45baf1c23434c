"""Errors of ``nn.Module``, of its layers and of optimizers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from ..source.names import did_you_mean
from ..source.statements import Statement
from ..trace import Tensor
from .dataflow import place
from .hints import insert_before, replace_line
from .leaves import leaf_inside
from .situation import Advice, Rules, Situation, argument, called, of_kind, receiver, shown

rules = Rules()

_OPTIMIZERS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax", "NAdam", "RAdam", "LBFGS", "Rprop")


@rules.on(
    r"cannot assign (\w+) before Module\.__init__\(\) call"
    r"|'(?P<owner>\w+)' object has no attribute '_(parameters|buffers|modules|\w*hooks\w*)'"
)
def _no_super_init(situation: Situation, match: re.Match[str]) -> Advice:
    inside = situation.program.enclosing(situation.statement, "class")
    header = situation.program.class_named(match["owner"]) if match["owner"] is not None else inside
    name = header.words[1] if header is not None else match["owner"] or "the class"
    text = (
        f"`{name}.__init__` does not call `super().__init__()`. It makes the places in which `nn.Module` keeps parameters, "
        "buffers and modules, so it has to come first."
    )
    for statement in situation.program.block(header):
        if statement.words[:2] == ("def", "__init__"):
            body = next(situation.program.block(statement), None)
            return Advice(text, insert_before(body.first, "super().__init__()") if body is not None else None)
    return Advice(text)


@rules.on(r"Module \[(\w+)\] is missing the required \"forward\" function")
def _no_forward(situation: Situation, match: re.Match[str]) -> Advice:
    header = situation.program.class_named(match[1])
    text = f"Calling a module runs its `forward` method, and `{match[1]}` has none."
    methods = {
        statement.words[1]: statement
        for statement in situation.program.block(header)
        if statement.words[:1] == ("def",) and len(statement.words) > 1
    }
    near = did_you_mean("forward", methods)
    if near is not None:
        method = methods[near]
        return Advice(
            f"{text} Did you mean `{near}` on line {method.first}?",
            replace_line(method.first, method.code.replace(near, "forward", 1)),
        )
    return Advice(text)


@rules.on(r"optimizer got an empty parameter list")
def _nothing_to_optimize(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls_of("parameters"):
        owner = receiver(call)
        name = situation.shown(owner) if owner is not None else "The model"
        value = situation.value(owner)
        header = situation.program.class_named(value if isinstance(value, str) else None)
        for statement in situation.program.block(header):
            for node in statement.find(ast.Assign):
                if isinstance(node.value, ast.List | ast.ListComp) and _on_self(node):
                    kept = statement.text(node.value)
                    return Advice(
                        f"{name} has no parameters. Line {statement.first} keeps its modules in a plain list, where "
                        "`parameters()` does not look; `nn.ModuleList` registers them.",
                        situation.hint_at(statement, (node.value, f"{_nn(situation)}.ModuleList({kept})")),
                    )
        computed = _computed_from_parameters(situation, header)
        if computed is not None:
            return computed
        return Advice(f"{name} has no parameters: nothing in it is an `nn.Parameter` or a module with some.")
    return Advice("The optimizer was given no tensors, so there is nothing that it could change.")


def _computed_from_parameters(situation: Situation, header: Statement | None) -> Advice | None:
    """``self.w = nn.Parameter(torch.randn(3)) * 0.1``: what is computed from a parameter is none."""
    for statement in situation.program.block(header):
        assign = next(statement.find(ast.Assign), None)
        if assign is None or not _on_self(assign) or not any(called(call) == "Parameter" for call in statement.calls):
            continue
        hint = leaf_inside(situation, statement)
        if hint is not None:
            return Advice(
                f"Line {statement.first} computes {shown(statement.text(assign.targets[0]))} from an `nn.Parameter`, and what is computed is "
                "none itself, so the module does not register it. Compute the numbers first and make the parameter of the result.",
                hint,
            )
    return None


def _on_self(node: ast.Assign) -> bool:
    return isinstance(node.targets[0], ast.Attribute)


def _nn(situation: Situation) -> str:
    return "nn" if "nn" in situation.program.bound else f"{situation.torch}.nn"


@rules.on(r"can't optimize a non-leaf Tensor")
def _optimizer_of_non_leaf(situation: Situation, match: re.Match[str]) -> Advice:
    text = "An optimizer changes leaves, the tensors whose `.grad` backward fills."
    for call in situation.calls_of(*_OPTIMIZERS, "add_param_group"):
        made = list(_computed(situation, call))
        if not made:
            continue
        names = " and ".join(f"{shown(name)} of line {statement.first}" for name, statement in made)
        many = len(made) > 1
        hints = [leaf_inside(situation, statement) for _, statement in made]
        if all(hints):
            return Advice(
                f"{text} {names} {'are' if many else 'is'} computed from {'leaves' if many else 'a leaf'} without a name. Compute "
                "the numbers first and make a leaf of the result.",
                "\n".join(hint for hint in hints if hint),
            )
        return Advice(
            f"{text} {names} {'are' if many else 'is'} computed from other tensors that require grad. Give the optimizer the leaf "
            "it comes from, if that is to be trained; if not, make a leaf of its own, with `.detach().requires_grad_()`, "
            "on the line that computes it."
        )
    made_inside = list(_attributes_computed(situation)) if situation.calls_of("parameters") else []
    if made_inside:
        names = " and ".join(f"{shown(name)} of line {line}" for name, line, _ in made_inside)
        many = len(made_inside) > 1
        return Advice(
            f"{text} {names} {'are' if many else 'is'} computed from {'leaves' if many else 'a leaf'} without a name. Compute "
            "the numbers first and make a leaf of the result.",
            "\n".join(hint for _, _, hint in made_inside),
        )
    return Advice(f"{text} One of these was computed from others.")


def _attributes_computed(situation: Situation) -> Iterator[tuple[str, int, str]]:
    """The attributes that the program's own ``parameters()`` may give: name, line, and the hint that makes it a leaf."""
    ran = {node.line for node in situation.trace.nodes}
    for statement in situation.program.statements:
        assign = next(statement.find(ast.Assign), None)
        if assign is None or not _on_self(assign) or not ran & set(range(statement.first, statement.last + 1)):
            continue
        hint = leaf_inside(situation, statement)
        if hint is not None:
            yield statement.text(assign.targets[0]), statement.first, hint


def _computed(situation: Situation, call: ast.Call) -> Iterator[tuple[str, Statement]]:
    """The tensors given to an optimizer that are no leaves, with the statements that made them; containers likewise."""
    functions = {id(inner) for node in ast.walk(call) if isinstance(node, ast.Call) for inner in ast.walk(node.func)}
    methods = {
        id(inner)
        for node in ast.walk(call)
        if isinstance(node, ast.Call)
        for inner in ast.walk(node.func)
        if called(node) in ("values", "items")
    }
    for node in ast.walk(call):
        name = place(node)
        if name is None or (id(node) in functions and id(node) not in methods):
            continue
        value = situation.value(node)
        whole = isinstance(value, str) and value.startswith(("list of", "tuple of", "dict of"))
        inside = [tensor for tensor in situation.trace.tensors if whole and (tensor.name or "").startswith(f"{name}[")]
        if isinstance(value, Tensor) and not value.is_leaf:
            statement = _made_by(situation, name, value)
        elif whole and any(not tensor.is_leaf for tensor in inside):
            statement = situation.assignment(name)
        else:
            statement = _attribute(situation, node) if isinstance(node, ast.Attribute) and value is None else None
        if statement is not None:
            yield name, statement


def _made_by(situation: Situation, name: str, tensor: Tensor) -> Statement | None:
    """The statement that bound a tensor, or, where that calls a function of the program, the one that computed it."""
    bound = situation.assignment(name)
    node = situation.graph.get(tensor.node or "")
    computed = situation.program.at(node.line) if node is not None else None
    inner = bound is not None and any(situation.program.functions_named(called(call) or "?") for call in bound.calls)
    return computed if (inner or bound is None) and computed is not None else bound


def _attribute(situation: Situation, node: ast.Attribute) -> Statement | None:
    """The one line that gives an attribute of this name something computed from a leaf without a name."""
    found = [
        statement
        for statement in situation.program.statements
        for assign in statement.find(ast.Assign)
        if isinstance(assign.targets[0], ast.Attribute) and assign.targets[0].attr == node.attr
    ]
    return found[0] if len(found) == 1 and leaf_inside(situation, found[0]) is not None else None


@rules.on(
    r"params argument given to the optimizer should be an iterable of Tensors or dicts"
    r"|optimizer can only optimize Tensors, but one of the params is (\w+)"
    r"|TypeError: '\w+' object is not iterable"
    r"|unsupported operand type\(s\) for \+: 'generator' and 'generator'"
)
def _optimizer_arguments(situation: Situation, match: re.Match[str]) -> Advice | None:
    for call in situation.calls_of(*_OPTIMIZERS):
        given = argument(call, 0, "params")
        if given is None:
            continue
        text = "An optimizer is given a list of tensors, or the parameters of a module."
        if situation.tensor(given) is not None:
            return Advice(
                f"{text} {situation.shown(given)} is one tensor.", situation.hint((given, f"[{situation.text(given)}]"))
            )
        whole = _parameters(situation, given)
        if whole is not None:
            return Advice(f"{text} {situation.shown(given)} is neither.", situation.hint((given, whole)))
        if isinstance(given, ast.Name) and not isinstance(given.ctx, ast.Store) and "iterable" in match[0]:
            changed = situation.hint((given, f"{situation.text(given)}.parameters()"))
            return Advice(f"{text} {situation.shown(given)} is a module, and a module is no list.", changed)
        return Advice(text)
    return None


def _parameters(situation: Situation, given: ast.expr) -> str | None:
    """What was meant by ``net.parameters``, ``net.state_dict()``, ``[a.parameters(), b.parameters()]`` and their sum."""
    if isinstance(given, ast.Attribute) and given.attr == "parameters":
        return f"{situation.text(given)}()"
    owner = receiver(given) if isinstance(given, ast.Call) and called(given) == "state_dict" else None
    if owner is not None:
        return f"{situation.text(owner)}.parameters()"
    parts = given.elts if isinstance(given, ast.List | ast.Tuple) else _summands(given)
    if len(parts) > 1 and all(isinstance(part, ast.Call) and called(part) == "parameters" for part in parts):
        return f"[{', '.join(f'*{situation.text(part)}' for part in parts)}]"
    return None


def _summands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_summands(node.left), *_summands(node.right)]
    return [node]


@rules.on(r"(\w+) does not support sparse gradients")
def _sparse(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"{situation.here} steps with `{match[1]}`, which keeps averages of whole gradients, and an embedding with `sparse=True` gives only the rows that were used."
    found = [(statement, call) for statement, call in situation.calls_anywhere("Embedding", "EmbeddingBag")
             if any(given.arg == "sparse" for given in call.keywords)]  # fmt: skip
    if len(found) != 1:
        return Advice(f"{text} `torch.optim.SparseAdam` and `SGD` can work with those.")
    statement, call = found[0]
    return Advice(
        f"{text} Line {statement.first} asks for that; without it the gradients are the same numbers. `torch.optim.SparseAdam` and `SGD` can "
        "work with sparse ones.",
        situation.hint_at(statement, statement.without_keyword(call, "sparse")),
    )


@rules.on(r"TypeError: (\w+) is not an Optimizer")
def _scheduler_of_something_else(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"A scheduler changes the learning rate of an optimizer, which is its first argument. Here it is given {of_kind(match[1])}."
    )


@rules.on(r"LBFGS\.step\(\) missing 1 required positional argument: 'closure'")
def _closure(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "LBFGS evaluates the function several times in one step, so it has to be told how: a function that clears the "
        "gradients, computes the loss, calls `loss.backward()` and returns the loss, passed to `step`."
    )


@rules.on(r"IndexError: index out of range in self")
def _embedding(situation: Situation, match: re.Match[str]) -> Advice:
    sizes = [(statement, call) for statement, call in situation.calls_anywhere("Embedding") if call.args]
    text = "A table of n rows has rows 0 to n - 1, and an index here lies outside."
    if len(sizes) != 1:
        return Advice(f"{text} Compare the largest index with the first argument of `nn.Embedding`.")
    statement, call = sizes[0]
    size = call.args[0]
    text = f"The embedding on line {statement.first} has {shown(statement.text(size))} rows, counted from 0, and an index here lies outside."
    largest = [
        tensor.summary.max
        for other in situation.calls
        for _, tensor in situation.tensors_in(other)
        if tensor.dtype.startswith("int") and tensor.summary is not None and isinstance(tensor.summary.max, int | float)
    ]
    if not largest or not isinstance(size, ast.Constant) or type(size.value) is not int or max(largest) < size.value:
        return Advice(text)
    top = int(max(largest))
    return Advice(
        f"The embedding on line {statement.first} has {size.value} rows, 0 to {size.value - 1}, and the largest index here is {top}.",
        situation.hint_at(statement, (size, str(top + 1))),
    )


@rules.on(r"Expected more than 1 value per channel when training, got input size torch\.Size\(\[(.*?)\]\)")
def _batch_of_one(situation: Situation, match: re.Match[str]) -> Advice:
    calls = [call for call in situation.calls if isinstance(call.func, ast.Name | ast.Attribute) and call.args]
    text = (
        f"Batch normalization in training mode computes mean and variance over the batch, and the input of shape [{match[1]}] "
        "has one value for each channel. Use a larger batch, or `.eval()` for the stored statistics."
    )
    if not calls or situation.value(calls[0].func) is None:
        return Advice(text)
    return Advice(text, situation.before(f"{situation.text(calls[0].func)}.eval()"))


@rules.on(r"cannot assign '([\w.]+)' as parameter '(\w+)'")
def _not_a_parameter(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"`{match[2]}` is a parameter of the module, and only an `nn.Parameter` can take its place."
    for node in situation.find(ast.Assign):
        target = situation.text(node.targets[0])
        own = [read for read in ast.walk(node.value) if isinstance(read, ast.Attribute) and ast.unparse(read) == target]
        statement = situation.statement
        if own and statement is not None and statement.nodes[1] is node and "\n" not in statement.code:
            code = f"{target}.copy_({situation.text(node.value)})"
            inside = situation.program.enclosing(statement, "with")
            recorded = inside is None or not any(called(call) == "no_grad" for call in inside.calls)
            return Advice(
                f"{text} To change its numbers, and keep the parameter that an optimizer knows, copy them into it under `torch.no_grad()`.",
                replace_line(statement.first, f"with {situation.torch}.no_grad(): {code}" if recorded else code),
            )
        whole = f"{_nn(situation)}.Parameter({situation.text(node.value)})"
        return Advice(text, situation.hint((node.value, whole)))
    return Advice(text)


@rules.on(r"linalg\.(\w+): .*(singular|not positive-definite)")
def _matrix_without_inverse(situation: Situation, match: re.Match[str]) -> Advice:
    known = [
        name.id for call in situation.calls for name, tensor in situation.tensors_in(call) if len(tensor.shape) >= 2
    ]
    name = shown(known[0]) if known else "The matrix"
    what = "is singular: its rows depend on each other" if match[2] == "singular" else "is not positive definite"
    return Advice(
        f"{name} {what}, so `{match[1]}` has no answer for it. Adding a small multiple of the identity matrix often helps."
    )
