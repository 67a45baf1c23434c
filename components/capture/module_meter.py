"""What a program's modules cost: parameters, activations, updates, and the time of their forward and backward.

The program is run once more, and nothing reads its numbers or follows its lines: hooks around each module's forward
and around each node of ``backward()`` read the clock, and what the hooks themselves take is left out of every time.
On a GPU the device is waited for at each of these places, so that its work counts where it was asked for.

Known limitations: a module that is called through ``module.forward(x)``, in another thread, or inside of what
``torch.compile`` has compiled is not seen. What checkpointing computes again during ``backward()`` counts as forward.
An input that was given by keyword counts as an activation where the module gives it back: hooks that are told keywords
leave a trace in PyTorch when they are removed.
"""

from __future__ import annotations

import time
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

import torch
from msgspec import UNSET
from msgspec.structs import replace
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ..source import SourceLimits
from ..source.compiler import VALUE, compile_program
from ..trace import Caps, Failure, ModuleCost, ModuleCosts, ModuleParameter, Note, Number, Program, Trace, empty_trace
from ..trace.modules import LONGEST_NAME, MOST_MODULES, MOST_PARAMETERS
from .failures import Asides, failure_of, forget_to_stop, stop_if_asked
from .main_module import MainModule, as_python_collects, seed
from .modules import ModuleObserver
from .names import class_name, named_modules
from .observers import environment
from .own_code import in_own_thread
from .quiet import quiet
from .torch_nodes import GraphNode, NodeHooks, is_numbered, roots_of, set_engine_door
from .updates import Update, norms

Clock = Callable[[], int]
Norms = tuple[Number | None, Number | None, Number | None]
"""Of a parameter's gradient, of its values, and of what a step changed."""
_MOST_HELD = 200
_DEEPEST = 4
_STORAGES_OF_A_CALL = 20_000
_MOST_INSIDE = 40_000
_MISSING = "what some modules cost"


@dataclass
class _Call:
    """One forward under way; ``own`` is what the hooks had taken when it began, ``storages`` have their bytes.

    These are by address, which PyTorch gives to no other while the weak reference is held.
    """

    module: nn.Module
    path: str
    began: int = 0
    own: int = 0
    storages: dict[int, tuple[StorageWeakRef, int]] = field(default_factory=dict)


@dataclass
class _Visit:
    """One node that the engine is at; ``calls`` were under way then, ``nested`` is the time of others inside of it."""

    began: int
    own: int
    calls: int
    nested: int = 0


@dataclass
class _Sums:
    """What is added up of the calls of a module; ``backward`` is of the nodes that it made itself, no module inside."""

    kind: str
    parameters: dict[int, None]
    calls: int = 0
    bytes: int = 0
    forward: int = 0
    backward: int = 0


@dataclass
class _Known:
    """A parameter: what it is, and the norms of the last step that changed it."""

    tensor: weakref.ref[torch.Tensor]
    record: ModuleParameter
    path: str
    norms: Norms = (None, None, None)


class ModuleMeter:
    """Measures all modules that are called while it is entered; ``costs`` then says what came.

    ``alone`` says that no observers watch beside it, whose time would count: only then times are taken, and what the
    steps of optimizers change. ``clock`` gives nanoseconds; ``wait`` is called before it is read, for a device that
    works on its own. ``observer`` is one that was entered before and says what modules are called.

    >>> with ModuleMeter(Asides(most=1)) as meter:
    ...     y = nn.Sequential(nn.Linear(2, 3), nn.ReLU())(torch.ones(1, 2))
    >>> [(module.path, module.activation_bytes) for module in meter.costs("cpu").modules]
    [('Sequential', 24), ('Sequential.0', 12), ('Sequential.1', 12)]
    """

    def __init__(
        self,
        asides: Asides,
        clock: Clock = time.perf_counter_ns,
        wait: Callable[[], object] = lambda: None,
        *,
        alone: bool = True,
        observer: ModuleObserver | None = None,
    ) -> None:
        self._asides, self._clock, self._wait, self._alone = asides, clock, wait, alone
        self._entered_before = observer is not None
        self._observer = observer or ModuleObserver(asides)
        self._active = ExitStack()
        self._own = 0
        self._calls: list[_Call] = []
        self._visits: list[_Visit] = []
        self._sums: dict[str, _Sums] = {}
        self._parameters: dict[int, _Known] = {}
        self._update = Update()
        self._gradients: list[Number | None] = []
        self._seen: set[tuple[int, str]] = set()
        self._steps = 0
        self._ran = False
        self._cut = False
        self._original: Callable[..., Any] = torch.autograd.graph._engine_run_backward

    def __enter__(self) -> ModuleMeter:
        # Around the observer's hooks: the first to be called at the end, the last at the beginning.
        left = register_module_forward_hook(self._left, always_call=True)
        self._active.callback(left.remove)
        if not self._entered_before:
            self._active.enter_context(self._observer)
        handles = [register_module_forward_pre_hook(self._entered)]
        if self._alone:
            handles.append(register_optimizer_step_pre_hook(self._step_begins))
            handles.append(register_optimizer_step_post_hook(self._step_ends))
            set_engine_door(self._engine_runs)
            self._active.callback(set_engine_door, self._original)
        for handle in handles:
            self._active.callback(handle.remove)
        return self

    def __exit__(self, *error: object) -> None:
        self._active.close()
        self._calls.clear()
        self._update.forget()
        self._gradients = []

    def costs(
        self, device: str, norms_of: Callable[[torch.Tensor], Norms] | None = None, steps: int = 0
    ) -> ModuleCosts:
        """Return what was measured on ``device``.

        Where others have watched the ``steps`` of optimizers, ``norms_of`` says what they know of a parameter.
        """
        numbers = {identity: number for number, identity in enumerate(self._parameters)}
        left = _MOST_INSIDE
        modules = []
        for path, sums in self._sums.items():
            inside = [numbers[identity] for identity in sums.parameters if identity in numbers]
            left -= len(inside)
            if left < 0:
                self._cut = True
                break
            below = f"{path}."
            backward = 0
            if self._ran:  # not in a recording, where looking for what is below would take long for nothing
                within = (one for name, one in self._sums.items() if name == path or name.startswith(below))
                backward = sum(one.backward for one in within)
            modules.append(
                ModuleCost(
                    path=path,
                    kind=sums.kind,
                    calls=sums.calls,
                    parameters=inside,
                    activation_bytes=sums.bytes,
                    forward_ns=sums.forward if sums.calls and self._alone else None,
                    backward_ns=backward if sums.calls and self._ran else None,
                )
            )
        return ModuleCosts(
            modules=modules,
            parameters=[_finished(known, norms_of) for known in self._parameters.values()],
            device=device,
            steps=self._steps or steps,
            cut=self._cut,
            observed=not self._alone,
        )

    # --- forward

    def _entered(self, module: nn.Module, arguments: Any) -> None:
        if torch.compiler.is_compiling():
            return
        if not in_own_thread():
            return
        self._wait()  # for what was asked for before, which is not this module's
        began = self._clock()
        call = _Call(module, self._observer.makers.current or class_name(type(module)))
        self._calls.append(call)
        call.began = self._clock()
        self._own += call.began - began
        call.own = self._own

    def _left(self, module: nn.Module, arguments: Any, result: Any) -> None:
        if torch.compiler.is_compiling():
            return
        if not in_own_thread():
            return
        self._wait()
        ended = self._clock()
        call = None
        while self._calls and (call is None or call.module is not module):
            call = self._calls.pop()
        if call is not None and call.module is module:
            with quiet():
                try:
                    self._count(call, ended, arguments, result)
                except Exception as error:
                    self._asides.failed("nodes", _MISSING, error)
        self._own += self._clock() - ended

    def _count(self, call: _Call, ended: int, given: Any, result: Any) -> None:
        elapsed = ended - call.began - (self._own - call.own)
        if not self._calls:
            self._know(call.module, call.path)
        sums = self._sums_of(call.path, call.module)
        if sums is None:
            return
        sums.calls += 1
        if all(other.path != call.path for other in self._calls):
            sums.forward += elapsed
        if self._visits and len(self._calls) == self._visits[-1].calls:
            self._visits[-1].nested += elapsed
        came = {reference.cdata for tensor in _tensors_in(given) for reference, _ in _storages(tensor)}
        for tensor in _tensors_in(result):
            call.storages.update((ref.cdata, (ref, size)) for ref, size in _storages(tensor) if ref.cdata not in came)
        sums.bytes = max(sums.bytes, sum(size for _, size in call.storages.values()))
        if self._calls and len(self._calls[-1].storages) < _STORAGES_OF_A_CALL:
            self._calls[-1].storages.update(call.storages)

    def _sums_of(self, path: str, module: nn.Module) -> _Sums | None:
        if path not in self._sums:
            if len(self._sums) >= MOST_MODULES or len(path) > LONGEST_NAME:
                self._cut = True
                return None
            self._sums[path] = _Sums(class_name(type(module))[:LONGEST_NAME], {})
        return self._sums[path]

    def _know(self, root: nn.Module, name: str) -> None:
        """Write down the modules and parameters of one that is in no other, those around others first."""
        if (id(root), name) in self._seen:
            return
        self._seen.add((id(root), name))
        paths = named_modules(root, name)
        called = {path: self._sums.pop(path) for path in paths.values() if path in self._sums}
        own: dict[int, list[int]] = {}
        modules = list(_with_those_inside(root))
        for module in modules:
            path = paths[id(module)]
            if path in called and len(self._sums) < MOST_MODULES:
                self._sums[path] = called[path]
            if self._sums_of(path, module) is None:
                continue
            held = _parameters_of(module)
            for key, parameter in held.items():
                self._know_parameter(parameter, path, f"{path}.{key}")
            own[id(module)] = [id(one) for one in held.values()]
        for module in modules:
            sums = self._sums.get(paths[id(module)])
            if sums is not None:
                for inner in _with_those_inside(module):
                    sums.parameters.update(dict.fromkeys(own.get(id(inner), ())))

    def _know_parameter(self, parameter: torch.Tensor, path: str, name: str) -> None:
        known = self._parameters.get(id(parameter))
        if known is not None and known.tensor() is parameter:
            return
        if len(self._parameters) >= MOST_PARAMETERS or len(name) > LONGEST_NAME:
            self._cut = True
            return
        self._parameters[id(parameter)] = _Known(
            weakref.ref(parameter),
            ModuleParameter(
                name=name,
                shape=list(parameter.shape),
                dtype=str(parameter.dtype).removeprefix("torch."),
                nbytes=parameter.numel() * parameter.element_size(),
                requires_grad=parameter.requires_grad,
            ),
            path,
        )

    # --- backward

    def _engine_runs(self, outputs: Sequence[Any], *arguments: Any, **options: Any) -> Any:
        """Do what ``_engine_run_backward`` does, with hooks on the nodes that modules have made."""
        if not in_own_thread():
            return self._original(outputs, *arguments, **options)
        hooks, depth, began = NodeHooks(), len(self._visits), self._clock()
        self._ran = True
        try:
            with self._asides.aside("backwards", _MISSING), hooks.light():
                for node in _reached(outputs):
                    path = self._maker_of(node)
                    if path is not None:
                        hooks.put(node, self._visited, partial(self._done, path))
            self._own += self._clock() - began
            return self._original(outputs, *arguments, **options)
        finally:
            del self._visits[depth:]
            began = self._clock()
            hooks.remove()
            self._own += self._clock() - began

    def _maker_of(self, node: GraphNode) -> str | None:
        number = node._sequence_nr()
        if is_numbered(number):
            return self._observer.makers.owner_of(number)
        known = self._parameters.get(id(getattr(node, "variable", None)))
        return known.path if known is not None else None

    def _visited(self, grad_outputs: Any) -> None:
        stop_if_asked()
        self._wait()
        self._visits.append(_Visit(self._clock(), self._own, len(self._calls)))

    def _done(self, path: str, grad_inputs: Any, grad_outputs: Any) -> None:
        self._wait()
        ended = self._clock()
        if not self._visits:
            return
        visit = self._visits.pop()
        elapsed = ended - visit.began - (self._own - visit.own)
        if path in self._sums:
            self._sums[path].backward += elapsed - visit.nested
        if self._visits:
            self._visits[-1].nested += elapsed
        self._own += self._clock() - ended

    # --- steps of optimizers

    def _step_begins(self, optimizer: torch.optim.Optimizer, arguments: Any, options: Any) -> None:
        with quiet(), self._asides.aside("gradients", "what an optimizer's step changed"):
            self._steps += 1
            self._gradients = norms(self._update.begin(optimizer, lambda one: id(one) in self._parameters))

    def _step_ends(self, optimizer: torch.optim.Optimizer, arguments: Any, options: Any) -> None:
        with quiet(), self._asides.aside("gradients", "what an optimizer's step changed"):
            stepped = self._update.parameters
            weights, updates = self._update.end()
            for parameter, *found in zip(stepped, self._gradients, weights, updates, strict=True):
                self._parameters[id(parameter)].norms = found[0], found[1], found[2]


def _finished(known: _Known, norms_of: Callable[[torch.Tensor], Norms] | None) -> ModuleParameter:
    tensor = known.tensor()
    gradient, weight, update = known.norms if norms_of is None or tensor is None else norms_of(tensor)
    record = known.record
    return ModuleParameter(
        name=record.name,
        shape=record.shape,
        dtype=record.dtype,
        nbytes=record.nbytes,
        requires_grad=record.requires_grad,
        gradient_norm=gradient,
        weight_norm=weight,
        update_norm=update,
    )


def _with_those_inside(root: nn.Module) -> Iterator[nn.Module]:
    """Yield a module and those inside of it, each once, in the order of ``modules()``."""
    pending, seen = [root], set[int]()
    while pending:
        module = pending.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        yield module
        children = list(module.__dict__.get("_modules", {}).values())
        pending += [child for child in reversed(children) if child is not None]


def _parameters_of(module: nn.Module) -> dict[str, torch.Tensor]:
    held = module.__dict__.get("_parameters", {})
    return {key: one for key, one in held.items() if isinstance(one, torch.Tensor)}


def _tensors_in(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """Yield the tensors that a module was given or gave back, also in lists, tuples and dictionaries."""
    kind = type(value)
    if issubclass(kind, torch.Tensor):
        yield value
    elif depth < _DEEPEST and issubclass(kind, tuple | list):
        for held in value[:_MOST_HELD]:
            yield from _tensors_in(held, depth + 1)
    elif depth < _DEEPEST and issubclass(kind, dict):
        for held in islice(dict.values(value), _MOST_HELD):
            yield from _tensors_in(held, depth + 1)


def _storages(tensor: torch.Tensor) -> Iterator[tuple[StorageWeakRef, int]]:
    """Yield the storage of a tensor and its bytes; a sparse one, or one that only stands for others, has none."""
    try:
        storage = tensor.untyped_storage()
        size = storage.nbytes()
    except (RuntimeError, NotImplementedError, TypeError):
        return
    yield StorageWeakRef(storage), size  # type: ignore[no-untyped-call]


def _reached(outputs: Sequence[Any]) -> Iterator[GraphNode]:
    pending, seen = list(roots_of(outputs)), set[GraphNode]()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        pending += [below for below, _ in node.next_functions if below is not None]


# --- a program


def measure_modules(program: Program, caps: Caps, source_limits: SourceLimits) -> Trace:
    """Run a program and return a trace that holds what its modules cost, and how the run ended where it failed."""
    asides = Asides(caps.notes)
    on_gpu = program.device == "cuda"
    meter = ModuleMeter(asides, wait=torch.cuda.synchronize if on_gpu else lambda: None)
    started = time.perf_counter_ns()
    try:
        compiled = compile_program(program.source, source_limits)
    except Exception as problem:
        return _trace(program, None, failure_of(problem), asides.notes, 0)
    with ExitStack() as active:
        active.enter_context(as_python_collects())
        active.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        main = MainModule(compiled.text, _unseen, _unseen, {"display": _unseen, VALUE: _unseen})
        active.enter_context(main)
        seed(program.seed)
        with meter:
            error = main.run(compiled.code)
        costs = meter.costs(program.device)
    forget_to_stop()
    failure = failure_of(error) if error is not None else None
    return _trace(program, costs, failure, asides.notes, time.perf_counter_ns() - started)


def _unseen(*values: object, **options: object) -> None:
    """Where everything goes that the program prints or shows."""


def _trace(
    program: Program, costs: ModuleCosts | None, failure: Failure | None, notes: list[Note], duration: int
) -> Trace:
    found = costs if costs is not None else UNSET
    nothing = empty_trace(program, environment(program.device))
    return replace(nothing, failure=failure, duration_ns=duration, notes=notes, modules=found)
