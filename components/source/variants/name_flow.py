"""Which names may stand for tensors, and for tensors that autograd follows: a guess from the text alone.

Names are followed through assignments, loops and calls of the program's functions, everywhere alike: the order of the
statements and the scope of a name play no part.

Known limitations: a name that holds a number here and a tensor there counts as a tensor; what a name from elsewhere
gives is unknown and counts as none.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ..names import words
from ..tree import ProgramTree, dotted

_OPERATORS = ast.BinOp | ast.UnaryOp
_SEEN_THROUGH = ast.Lambda | ast.JoinedStr | ast.Constant
_GROWING = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "appendleft"})
_ANY_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


# --- names of PyTorch and Python by what comes out of them

# Attributes and methods that give numbers, texts and the like, and no tensor.
_FACTS = words(
    """
    shape dtype device ndim is_leaf requires_grad grad_fn retains_grad names layout itemsize nbytes training
    _version item tolist numpy size dim ndimension numel nelement stride storage_offset element_size is_contiguous
    is_floating_point is_complex is_cuda type get_device equal allclose is_nonzero backward zero_grad step
    next_functions name metadata register_hook remove
    """
)
# What gives a tensor that autograd does not follow.
_UNTRACKED = words("detach data zeros_like ones_like empty_like full_like rand_like randn_like randint_like")
# Python's own functions that give no tensor.
_PLAIN = words(
    "len int float str bool complex range print isinstance issubclass type repr format id hash round callable"
)
# Python's own functions that hand on what they are given.
_HANDING_ON = words(
    "list dict tuple set frozenset zip enumerate sorted reversed map filter iter next getattr super vars any all"
)
# Modules whose functions give no tensor.
_PLAIN_MODULES = words("math time random numpy warnings operator")
# Methods and functions that give what is no new tensor: containers, modules, functions, or their own object.
_NO_COMPUTATION = words(
    """
    parameters named_parameters buffers named_buffers state_dict load_state_dict modules named_modules children
    named_children keys values items append extend insert add_module pop get setdefault train eval apply_ requires_grad_
    retain_grad register_buffer register_parameter register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_post_accumulate_grad_hook tensor as_tensor asarray detach detach_
    add_param_group clip_grad_norm_ clip_grad_value_
    """
)
# Functions that give a function.
TRANSFORMS = words(
    """
    torch.func.grad torch.func.grad_and_value torch.func.vmap torch.vmap torch.func.jacrev torch.func.jacfwd
    torch.func.hessian torch.func.vjp torch.func.jvp torch.func.linearize functools.partial
    """
)
# Functions that run the engine themselves.
ENGINE = words(
    """
    torch.autograd.grad torch.autograd.backward torch.autograd.functional.hessian torch.autograd.functional.hvp
    torch.autograd.functional.jacobian torch.autograd.functional.jvp torch.autograd.functional.vhp
    torch.autograd.functional.vjp torch.autograd.gradcheck torch.autograd.gradgradcheck
    """
)
# Functions and methods that give several tensors.
_SEVERAL = words(
    """
    split chunk unbind topk sort meshgrid svd eigh eig qr slogdet aminmax kthvalue mode cummax cummin std_mean var_mean
    tensor_split hsplit vsplit dsplit broadcast_tensors lstsq vjp jvp inv_ex unpack_dual
    """
)
# Those that give several if they are told a dimension.
_SEVERAL_ALONG = words("max min median nanmedian")


# --- what names stand for


class NameFlow:
    """The names of a program that may stand for tensors; ``tracked`` are those whose tensors may require grad."""

    def __init__(self, program: ProgramTree) -> None:
        self._program = program
        # Gradients have a graph only if one was asked for.
        self._untracked = _UNTRACKED | (frozenset() if "create_graph" in program.source else {"grad"})
        self._own = {node.name for node in program.nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        found = list(_bindings(program))
        self.tensors = self._follow(found, tracked=False)
        self.tracked = self._follow(found, tracked=True)

    def holds(self, value: ast.expr, *, tracked: bool = True) -> bool:
        """Whether a tensor may come out of an expression, or be part of what comes out."""
        names = self.tracked if tracked else self.tensors
        parts = self._parts(value, tracked)
        return any(isinstance(node, ast.Name) and node.id in names for node, _ in parts) or self._is_source(
            value, tracked
        )

    def computes(self, value: ast.expr, *, tracked: bool = True) -> bool:
        """Whether an expression computes with tensors that the program made before."""
        names = self.tracked if tracked else self.tensors
        parts = self._parts(value, tracked)
        return any(inside and isinstance(node, ast.Name) and node.id in names for node, inside in parts)

    def gives_one_tensor(self, value: ast.expr, *, tracked: bool = True) -> bool:
        """Whether what comes out of an expression is the result of one computation, and one tensor."""
        if isinstance(value, ast.UnaryOp | ast.BinOp):
            sides = [value.operand] if isinstance(value, ast.UnaryOp) else [value.left, value.right]
            if any(isinstance(one, ast.List | ast.Tuple | ast.ListComp) for one in sides):
                return False
            return not isinstance(value.op, ast.Not) and self.computes(value, tracked=tracked)
        if not isinstance(value, ast.Call) or isinstance(value.func, ast.Call) or not self._computing_call(value):
            return False
        last = self._last(value.func)
        along = value.keywords or len(value.args) > (1 if self._program.full_name(value.func) else 0)
        if last in _SEVERAL or (last in _SEVERAL_ALONG and along):
            return False
        return self.computes(value, tracked=tracked)

    def _follow(self, found: list[_Binding], *, tracked: bool) -> frozenset[str]:
        known: set[str] = set()
        leads_to: dict[str, set[str]] = {}
        for binding in found:
            if binding.value is None or self._is_source(binding.value, tracked):
                known |= binding.names
            else:
                for node, _ in self._parts(binding.value, tracked):
                    if isinstance(node, ast.Name):
                        leads_to.setdefault(node.id, set()).update(binding.names)
        pending = list(known)
        while pending:
            new = leads_to.get(pending.pop(), set()) - known
            known |= new
            pending.extend(new)
        return frozenset(known)

    def _is_source(self, value: ast.expr, tracked: bool) -> bool:
        """Whether a tensor comes out of an expression whatever goes in."""
        for node, _ in self._parts(value, tracked):
            if not isinstance(node, ast.Call):
                continue
            name = self._program.full_name(node.func)
            last = self._last(node.func)
            if not tracked and name.startswith("torch.") and not name.startswith(("torch.optim.", "torch.utils.")):
                return True
            wanted = next((one.value for one in node.keywords if one.arg == "requires_grad"), None)
            asked = wanted is not None and not (isinstance(wanted, ast.Constant) and wanted.value is False)
            if asked or last == "requires_grad_" or (name.startswith("torch.nn.") and last[:1].isupper()):
                return True
        return False

    def _parts(self, value: ast.expr, tracked: bool) -> Iterator[tuple[ast.AST, bool]]:
        """Yield what may hand on a tensor to what comes out, and whether a computation stands between the two."""
        pending: list[tuple[ast.AST, bool]] = [(value, False)]
        while pending:
            node, inside = pending.pop()
            if isinstance(node, _SEEN_THROUGH) or self._ends(node, tracked):
                continue
            yield node, inside
            operator = isinstance(node, _OPERATORS) and not isinstance(getattr(node, "op", None), ast.Not)
            inside = inside or operator or (isinstance(node, ast.Call) and self._computing_call(node))
            pending.extend((child, inside) for child in ast.iter_child_nodes(node))

    def _ends(self, node: ast.AST, tracked: bool) -> bool:
        if isinstance(node, ast.Compare):
            return tracked
        if isinstance(node, ast.Attribute):
            return node.attr in _FACTS or (tracked and node.attr in self._untracked)
        if not isinstance(node, ast.Call):
            return False
        last = self._last(node.func)
        if isinstance(node.func, ast.Name) and last in _PLAIN and last not in self._own:
            return True
        name = self._program.full_name(node.func)
        if name.partition(".")[0] in _PLAIN_MODULES or name.startswith("torch.optim."):
            return True
        return last in _FACTS or (tracked and last in _UNTRACKED)

    def _computing_call(self, call: ast.Call) -> bool:
        name = self._program.full_name(call.func)
        last = self._last(call.func)
        if name in TRANSFORMS | ENGINE or last in _NO_COMPUTATION:
            return False
        if isinstance(call.func, ast.Name) and last in _HANDING_ON and last not in self._own:
            return False
        # By custom, what begins with a capital letter is a class.
        return not last[:1].isupper()

    def _last(self, called: ast.expr) -> str:
        if isinstance(called, ast.Attribute):
            return called.attr
        name = self._program.full_name(called) or dotted(called)
        return name.rpartition(".")[2]


# --- where they begin to


@dataclass(frozen=True)
class _Binding:
    """Names, and the expression that they take from; ``None`` where that may be anything."""

    names: frozenset[str]
    value: ast.expr | None


def _bindings(program: ProgramTree) -> Iterator[_Binding]:
    """Yield what the program's assignments, loops, calls and functions bind."""
    calls, used = _calls(program)
    for node in program.nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from (_Binding(_named(target), value) for target in targets)
                yield from (_Binding(_named(target), None) for target in targets if _asks_for_grad(target))
            case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                yield _Binding(_named(target), value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield _Binding(_named(target), value)
            case ast.For() | ast.AsyncFor() | ast.comprehension():
                yield _Binding(_named(node.target), node.iter)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield _Binding(_named(target), value)
            case ast.Call(func=ast.Attribute(attr=attr, value=base)) if attr in _GROWING:
                yield from (_Binding(_named(base), argument) for argument in node.args)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="requires_grad_", value=base))):
                yield _Binding(_named(base), None)
            case ast.ClassDef(name=name) if node.bases:
                yield _Binding(frozenset({name}), None)
            case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                yield from _results(program, node, value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _parameters(node, calls, used)
            case _:
                pass


def _asks_for_grad(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == "requires_grad"


def _named(target: ast.expr) -> frozenset[str]:
    """The names that a target binds, and the names of the objects that it changes."""
    found: set[str] = set()
    pending = [target]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Name):
            found.add(one.id)
        elif isinstance(one, ast.Tuple | ast.List):
            pending.extend(one.elts)
        elif isinstance(one, ast.Starred | ast.Attribute | ast.Subscript):
            pending.append(one.value)
    return frozenset(found)


def _results(program: ProgramTree, node: ast.AST, value: ast.expr) -> Iterator[_Binding]:
    function = next((one for one in program.above(node) if isinstance(one, _ANY_FUNCTION)), None)
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        yield _Binding(frozenset({function.name}), value)


def _calls(program: ProgramTree) -> tuple[dict[str, list[ast.Call]], Counter[str]]:
    """The calls of each name, and how often it is said, called or not."""
    calls: dict[str, list[ast.Call]] = {}
    used: Counter[str] = Counter()
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id] += 1
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            calls.setdefault(node.func.id, []).append(node)
    return calls, used


def _parameters(node: ast.AST, calls: dict[str, list[ast.Call]], used: Counter[str]) -> Iterator[_Binding]:
    """A function that is called by its name alone takes what it is given there; any other may take anything."""
    if not isinstance(node, _ANY_FUNCTION):
        return
    own = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
    others = [one.arg for one in (*node.args.kwonlyargs, node.args.vararg, node.args.kwarg) if one is not None]
    seen = [] if isinstance(node, ast.Lambda) else calls.get(node.name, [])
    known = isinstance(node, ast.FunctionDef) and 0 < len(seen) == used[node.name] and not node.decorator_list
    if not known or others or any(_spreads(call) for call in seen):
        yield _Binding(frozenset(own + others), None)
        return
    for call in seen:
        yield from (_Binding(frozenset({name}), value) for name, value in zip(own, call.args, strict=False))
        yield from (_Binding(frozenset({one.arg}), one.value) for one in call.keywords if one.arg in own)


def _spreads(call: ast.Call) -> bool:
    return any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords)
