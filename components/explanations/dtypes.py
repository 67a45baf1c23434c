"""Numbers of the wrong kind: integers that should have gradients, two precisions in one product, a device that is not there."""

from __future__ import annotations

import ast
import re

from ..source.names import words
from ..source.statements import Statement
from ..trace import Tensor
from .backward import not_reduced
from .dataflow import reads, writes
from .inplace import out_of_place
from .products import products
from .situation import Advice, Rules, Situation, argument, called, receiver, shown

rules = Rules()

_WITHOUT_GRAPH = frozenset({"detach", "item", "tolist", "numpy", "size", "dim", "numel", "argmax", "argmin", "argsort"})

_NAMES = {"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32", "bool": "bool"}
_SAME_IN_TORCH = words("exp log sqrt sin cos tan tanh abs log1p expm1 square sum mean")
_LITERALS = (ast.List, ast.Tuple, ast.Constant, ast.UnaryOp, ast.USub, ast.UAdd, ast.Load)
_FACTORIES = words(
    """
    tensor ones zeros full rand randn empty arange linspace logspace eye normal ones_like zeros_like full_like rand_like
    randn_like
    """
)


def dtype_of(word: str) -> str:
    """Return ``float64`` for PyTorch's ``Double``."""
    return _NAMES.get(word.lower(), word.lower())


def factory_call(statement: Statement | None) -> ast.Call | None:
    """Return the call that makes a new tensor, if that is all that the statement assigns."""
    assign = statement.assigned() if statement is not None else None
    call = assign.value if assign is not None else None
    return call if isinstance(call, ast.Call) and called(call) in _FACTORIES else None


def with_float_dtype(
    situation: Situation, statement: Statement, call: ast.Call, *, requires_grad: bool
) -> tuple[ast.AST, str]:
    """Return the change that makes a factory's tensor ``float32``: ``2`` becomes ``2.0``, anything else gets a dtype."""
    text = statement.text(call)
    first = call.args[0] if len(call.args) == 1 else None
    others = {given.arg for given in call.keywords}
    if (
        isinstance(first, ast.Constant)
        and type(first.value) is int
        and called(call) == "tensor"
        and "dtype" not in others
    ):
        text = text.replace(statement.text(first), f"{first.value}.0", 1)
    elif "dtype" in others:
        dtype = next(given for given in call.keywords if given.arg == "dtype")
        text = text.replace(statement.text(dtype.value), f"{situation.torch}.float32", 1)
    else:
        text = f"{text[:-1].rstrip().removesuffix(',')}, dtype={situation.torch}.float32)"
    if requires_grad and "requires_grad" not in others:
        text = f"{text[:-1]}, requires_grad=True)"
    return call, text


def is_floating(tensor: Tensor) -> bool:
    """Whether a tensor's numbers can have gradients."""
    return tensor.dtype.startswith(("float", "bfloat", "complex"))


@rules.on(r"[Oo]nly Tensors of floating point (and complex )?dtype can require gradients")
def _integers(situation: Situation, match: re.Match[str]) -> Advice:
    text = "A derivative needs numbers that can change a little: only floating point and complex tensors can require gradients."
    for node in situation.nodes:
        if isinstance(node, ast.Call) and called(node) == "Parameter" and node.args:
            return Advice(text, situation.hint((node.args[0], f"{situation.operand(node.args[0])}.float()")))
        if isinstance(node, ast.Call) and any(given.arg == "requires_grad" for given in node.keywords):
            targets = [target for part in situation.nodes if isinstance(part, ast.Assign) for target in part.targets]
            name = next((target.id for target in targets if isinstance(target, ast.Name)), None)
            return Advice(
                f"{text} {shown(name) if name else 'This tensor'} holds integers.",
                _floating(situation, situation.statement, node),
            )
        owner = None
        if isinstance(node, ast.Attribute) and node.attr in ("requires_grad", "requires_grad_"):
            owner = node.value
        tensor = situation.tensor(owner)
        if isinstance(owner, ast.Name) and tensor is not None and not is_floating(tensor):
            statement = situation.assignment(owner.id)
            call = factory_call(statement)
            made = f" on line {statement.first}" if statement is not None else ""
            return Advice(
                f"{text} {shown(owner.id)}, made{made}, holds integers ({tensor.dtype}).",
                _floating(situation, statement, call) if statement is not None and call is not None else None,
            )
    return Advice(text)


def _floating(situation: Situation, statement: Statement | None, call: ast.Call) -> str | None:
    """Write the numbers with a decimal point, or name a dtype."""
    if statement is None:
        return None
    first = call.args[0] if call.args else None
    literal = (
        called(call) == "tensor" and first is not None and all(isinstance(part, _LITERALS) for part in ast.walk(first))
    )
    if literal and first is not None and not any(given.arg == "dtype" for given in call.keywords):
        numbers = [part for part in ast.walk(first) if isinstance(part, ast.Constant) and type(part.value) is int]
        return situation.hint_at(statement, *((part, f"{statement.text(part)}.0") for part in numbers))
    return situation.hint_at(statement, with_float_dtype(situation, statement, call, requires_grad=False))


@rules.on(
    r"mat1 and mat2 must have the same dtype, but got (?P<a>\w+) and (?P<b>\w+)"
    r"|expected m1 and m2 to have the same dtype, but got: (?P<c>\w+) != (?P<d>\w+)"
    r"|input tensors must have the same dtype, but got (?P<e>\w+), (?P<f>\w+)"
    r"|(?:dot : )?expected both vectors to have same dtype, but found (?P<g>\w+) and (?P<h>\w+)"
    r"|expected scalar type (?P<i>\w+) but found (?P<j>\w+)"
)
def _mixed(situation: Situation, match: re.Match[str]) -> Advice:
    first, second = [dtype_of(word) for word in match.groups() if word is not None][:2]
    for left, right, one, other in products(situation):
        if one.dtype != other.dtype:
            change = right if one.dtype == "float32" or not is_floating(other) else left
            keep = one if change is right else other
            return Advice(
                f"{situation.shown(left)} is {one.dtype} and {situation.shown(right)} is {other.dtype}. A matrix product "
                "does not convert its operands.",
                situation.hint((change, f"{situation.operand(change)}.to({situation.torch}.{keep.dtype})")),
            )
    for call in situation.calls:
        for given in call.args:
            tensor = situation.tensor(given)
            if tensor is not None and tensor.dtype == first and tensor.dtype != "float32":
                return Advice(
                    f"{situation.shown(given)} is {tensor.dtype}; the weights it meets in {situation.shown(call.func)} are {second}. "
                    "A layer does not convert its input.",
                    situation.hint((given, f"{situation.operand(given)}.to({situation.torch}.{second})")),
                )
    return Advice(
        f"One operand is {first} and the other {second}; this operation does not convert them. Use `.to(dtype)`."
    )


@rules.on(r"result type (\w+) can't be cast to the desired output type (\w+)")
def _cast(situation: Situation, match: re.Match[str]) -> Advice | None:
    if situation.calls_of("binary_cross_entropy_with_logits", "BCEWithLogitsLoss"):
        return None
    return Advice(
        f"The result is {dtype_of(match[1])}, but an in-place operation must write it into a tensor of {dtype_of(match[2])}. "
        "Make a new tensor instead.",
        out_of_place(situation.statement),
    )


@rules.on(
    r"(mean|std|var|norm)\w*\(?\)?:? ?.*(could not infer output dtype|only support floating point|Input dtype must be)"
)
def _average_of_integers(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls_of(match[1]):
        owner = receiver(call)
        tensor = situation.tensor(owner)
        if owner is not None and tensor is not None:
            return Advice(
                f"{situation.shown(owner)} holds integers ({tensor.dtype}), and `{match[1]}` would have to round.",
                situation.hint((owner, f"{situation.text(owner)}.float()")),
            )
    return Advice(f"`{match[1]}` needs floating point numbers: convert with `.float()` first.")


def _differentiated_later(situation: Situation) -> bool:
    """Whether what the failing statement makes goes into a ``backward()`` further down, as the names say."""
    if situation.statement is None:
        return False
    names = writes(situation.statement)
    function = situation.program.enclosing(situation.statement, "def")
    for statement in situation.program.statements:
        if statement.first <= situation.statement.last or situation.program.enclosing(statement, "def") is not function:
            continue
        if not names & set(reads(statement)):
            names -= writes(statement)
            continue
        if any(called(call) in ("backward", "grad") for call in statement.calls):
            return True
        names |= writes(statement)
    return False


def _numpy_in_a_loss(situation: Situation) -> Advice:
    text = (
        "NumPy knows no gradients, and the result goes into a `backward()` further down. For a gradient to go through this line, "
        "compute it with PyTorch's own functions"
    )
    calls = [call for call in situation.calls if situation.full_name(call.func).rpartition(".")[0] == "numpy"]
    if len(calls) != 1 or called(calls[0]) not in _SAME_IN_TORCH or situation.calls_of("numpy"):
        return Advice(f"{text}; after `.detach()` none does.")
    name = f"{situation.torch}.{called(calls[0])}"
    return Advice(f"{text}, here {shown(name)}.", situation.hint((calls[0].func, name)))


@rules.on(r"Subtraction, the `-` operator, with (a|two) bool tensors? is not supported")
def _minus_of_booleans(situation: Situation, match: re.Match[str]) -> Advice:
    text = "A tensor of `True` and `False` cannot be subtracted. `~mask` turns each into the other; `.float()` makes numbers of them"
    for node in situation.find(ast.BinOp):
        tensor = situation.tensor(node.right)
        one = isinstance(node.left, ast.Constant) and node.left.value == 1
        if isinstance(node.op, ast.Sub) and one and tensor is not None and tensor.dtype == "bool":
            return Advice(f"{text}.", situation.hint((node, f"~{situation.operand(node.right)}")))
    return Advice(f"{text}.")


@rules.on(r"Can't call numpy\(\) on Tensor that requires grad")
def _numpy(situation: Situation, match: re.Match[str]) -> Advice:
    if _differentiated_later(situation):
        return _numpy_in_a_loss(situation)
    text = "NumPy knows no gradients, so PyTorch asks to leave the graph first, with `.detach()`."
    for call in situation.calls_of("numpy"):
        owner = receiver(call)
        if owner is not None:
            return Advice(
                f"{situation.shown(owner)} requires grad. {text}",
                situation.hint((call, f"{situation.owner(call)}.detach().numpy()")),
            )
    for call in situation.calls:
        graphs = [given for given in _given(call) if _has_a_graph(situation, given)]
        if graphs:
            names = list(dict.fromkeys(situation.shown(given) for given in graphs))
            return Advice(
                f"{' and '.join(names)} require{'s' * (len(names) == 1)} grad. {text}",
                situation.hint(*((given, f"{situation.operand(given)}.detach()") for given in graphs)),
            )
        for given in _given(call):
            value = situation.value(given)
            if isinstance(value, str) and value.startswith(("list of", "tuple of")) and value.endswith("tensors"):
                parts = f"[part.detach() for part in {situation.text(given)}]"
                return Advice(
                    f"{situation.shown(given)} holds tensors that require grad. {text}", situation.hint((given, parts))
                )
    return Advice(text)


def _given(call: ast.Call) -> list[ast.expr]:
    """What a call is given, in the order in which it is written."""
    return [*call.args, *(given.value for given in call.keywords)]


def _has_a_graph(situation: Situation, node: ast.expr) -> bool:
    """Whether an expression is a tensor that requires grad: a known one, or what is computed from one."""
    if isinstance(node, ast.Name | ast.Attribute) or (isinstance(node, ast.Subscript) and situation.tensor(node)):
        tensor = situation.tensor(node)
        return tensor is not None and tensor.requires_grad
    if isinstance(node, ast.BinOp):
        return _has_a_graph(situation, node.left) or _has_a_graph(situation, node.right)
    if isinstance(node, ast.UnaryOp | ast.Subscript):
        return _has_a_graph(situation, node.operand if isinstance(node, ast.UnaryOp) else node.value)
    if not isinstance(node, ast.Call) or called(node) in _WITHOUT_GRAPH:
        return False
    owner = receiver(node)
    path = situation.full_name(node.func)
    if owner is not None and not path:
        return _has_a_graph(situation, owner)
    own = isinstance(node.func, ast.Name) and node.func.id in situation.program.bound
    if not own and not path.startswith("torch."):
        return False
    return _is_a_module(situation, node.func) or any(_has_a_graph(situation, given) for given in node.args)


def _is_a_module(situation: Situation, node: ast.expr) -> bool:
    """Whether a name stands for a module of PyTorch's that the program made, or for one of its own class."""
    bound = situation.assignment(node.id) if isinstance(node, ast.Name) else None
    assign = bound.assigned() if bound is not None else None
    made = assign.value if assign is not None else None
    if not isinstance(made, ast.Call):
        return False
    header = situation.program.class_named(called(made))
    return situation.full_name(made.func).startswith("torch.nn.") or (header is not None and "Module" in header.words)


def _reckoned_with(situation: Situation, call: ast.Call) -> bool:
    """Whether the failing statement computes something with the number that a call should give."""
    for node in situation.nodes:
        parts: tuple[ast.expr, ...] = ()
        if isinstance(node, ast.BinOp):
            parts = node.left, node.right
        elif isinstance(node, ast.AugAssign):
            parts = (node.value,)
        elif isinstance(node, ast.Compare):
            parts = node.left, *node.comparators
        if call in parts:
            return True
    return False


@rules.on(
    r"a Tensor with (\d+) elements cannot be converted to Scalar|only one element tensors can be converted to Python scalars"
)
def _several_numbers(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls_of("item", "float", "int"):
        owner = receiver(call) if called(call) == "item" else argument(call, 0)
        tensor = situation.tensor(owner)
        count = f"{match[1]} numbers" if match[1] is not None else "several numbers"
        has = f"has shape {tuple(tensor.shape)}" if tensor is not None else f"holds {count}"
        if owner is None:
            continue
        text = f"A single Python number can be made of a tensor with one element; {situation.shown(owner)} {has}"
        made = not_reduced(situation, owner)
        if made is not None:
            return Advice(
                f'{text}: line {made.first} asks for one loss per element, `reduction="none"`. Their mean is one number.',
                situation.hint((call, f"{situation.operand(owner)}.mean().{called(call)}()"))
                if called(call) == "item"
                else situation.hint((owner, f"{situation.operand(owner)}.mean()")),
            )
        hint = situation.hint((call, f"{situation.operand(owner)}.tolist()"))
        return Advice(f"{text}. `.tolist()` gives all of them.", hint if not _reckoned_with(situation, call) else None)
    return Advice(
        "A single Python number can be made of a tensor with one element only; `.tolist()` gives all of them."
    )


@rules.on(
    r"Boolean value of Tensor with more than one value is ambiguous|Boolean value of Tensor with no values is ambiguous"
)
def _truth(situation: Situation, match: re.Match[str]) -> Advice:
    text = "`if`, `while`, `and`, `or` and `not` need one yes or no, and a comparison of tensors gives one for each element."
    tests = [
        node.test if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert) else node.operand
        for node in situation.nodes
        if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert)
        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
    ]
    if not tests:
        return Advice(f"{text} Use `.all()` or `.any()`, or `torch.where` to choose element by element.")
    test = tests[-1]
    name = next(
        (f"; {shown(name.id)} has shape {tuple(tensor.shape)}" for name, tensor in situation.tensors_in(test)), ""
    )
    whole = situation.operand(test)
    return Advice(
        f"{text[:-1]}{name}. Say which is meant: `.all()` of them, or `.any()`. `torch.where` chooses element by element.",
        situation.hint((test, f"{whole}.all()")) if not isinstance(test, ast.BoolOp) else None,
    )
