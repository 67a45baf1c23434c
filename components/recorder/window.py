"""One recorded step: the observers go on before it begins and come off at its end, and leave the training as it was.

Its trace is made when somebody wants it: most steps are let go before. The observers are those that watch programs in
the Lab. Nothing is seeded, no stream is exchanged; whatever fails here steps aside.

Known limitations: lines are seen of the file that asked, in the thread that asked. Text that is written past
``sys.stdout.write`` is not seen. Under a debugger, or what measures coverage, there are no lines.
"""

from __future__ import annotations

import gc
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from msgspec import UNSET
from msgspec.structs import replace
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from ..capture.engine import Reached
from ..capture.failures import Asides, failure_of
from ..capture.module_meter import ModuleMeter
from ..capture.module_meter import Norms as NormsOfOne
from ..capture.modules import ABOUT_HOOKS
from ..capture.names import Namespace, current_namespaces, named_tensors, program_line
from ..capture.observers import Observers, is_older
from ..capture.output import Addresses, Stdout
from ..capture.own_code import in_own_thread, program_is
from ..capture.quiet import is_quiet, quiet
from ..capture.torch_nodes import GraphNode, next_node_number
from ..capture.updates import number
from ..trace import Caps, Failure, ModuleCosts, Program, Trace, Warned
from ..trace.recording import Amount
from .norms import Norms
from .place import Place
from .unseen import unseen

_MOST_LOSSES = 256
_LONGEST_WARNING = 2_000
_TRACED = "Another tool (a debugger, or what measures coverage) follows the lines, so the recording does not."


class Window(Observers):
    """Watches one step, between ``begin`` and ``end``; then ``trace`` makes its trace, or ``forget`` lets it go.

    ``models`` are what the names lead to, by variable; ``room`` is for how many bytes of tensors' numbers may wait.
    """

    def __init__(self, place: Place, step: int, models: Mapping[str, nn.Module], caps: Caps, room: int = 0) -> None:
        with quiet():  # a mode of the program's would be told
            on_gpu = any(each.is_cuda for model in models.values() for each in model.parameters())
        device: Any = "cuda" if on_gpu else "cpu"
        asides = Asides(caps.notes)
        super().__init__(Program(source=place.text, device=device), caps, asides, place.weak, room)
        self.step = step
        self.losses: list[Amount] = []
        self.norms = Norms(self._name_of)
        self._meter = ModuleMeter(asides, alone=False, observer=self._modules)
        self._place = place
        self._models = dict(models)
        self._names: dict[int, str] = {}
        self._optimizers: list[torch.optim.Optimizer] = []
        self._threads = set(threading.enumerate())
        self._stdout = Stdout(caps.stdout_chars, lambda text: None, self._steps.printed, Addresses())
        self._active = ExitStack()
        self._started = 0
        self._duration = 0
        self._costs: ModuleCosts | None = None
        self._made: Trace | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return (time.perf_counter_ns() - self._started) / 1e9

    @property
    def started(self) -> float:
        """When it began, by ``time.perf_counter``."""
        return self._started / 1e9

    @property
    def holds_something(self) -> bool:
        """Whether a graph was built or used."""
        return bool(self._engine.drafts or self._nodes.drafts)

    @property
    def held(self) -> int:
        """How many bytes of tensors' numbers wait for its trace."""
        return self._values.held

    @property
    def records(self) -> int:
        """How much else was written down, in nodes, tensors, and steps of the engine."""
        steps = sum(len(run.steps) for run in self._engine.drafts)
        return len(self._nodes.drafts) + len(self._tensors.drafts) + steps

    def namespaces(self) -> Sequence[Namespace]:
        """Return the variables of the functions that run and those of their file; the models, if they are not there."""
        found = list(current_namespaces())
        found += [frame.f_globals for frame, _ in self._place.frames()[:1] if frame.f_globals is not frame.f_locals]
        hidden = {name: model for name, model in self._models.items() if all(ns.get(name) is not model for ns in found)}
        return [*found, hidden] if hidden else found

    def _is_older(self, node: GraphNode) -> bool:
        return is_older(node, self._first_number)

    def begin(self, takes: Callable[[torch.optim.Optimizer], bool]) -> None:
        """Put all observers on; ``takes`` says of an optimizer whether it trains what is recorded."""
        self._active.enter_context(_collector_looks_at_new_objects())
        self._active.enter_context(program_is(self._place.file))
        self._first_number = self._nodes.first_number = next_node_number()
        self._active.enter_context(self._modules)
        self._active.enter_context(self._meter)
        self._active.enter_context(self._engine)
        self._active.enter_context(_heard(self._stdout.write))
        self._active.enter_context(_warned(self._on_warning))

        def optimizer_begins(optimizer: torch.optim.Optimizer, *_: object) -> None:
            if takes(optimizer):
                with self._asides.aside("gradients", "what the optimizer changed"):
                    self._optimizers.append(optimizer)
                    self.norms.begin(optimizer)

        self._active.callback(register_optimizer_step_pre_hook(optimizer_begins).remove)
        self._started = time.perf_counter_ns()
        if sys.gettrace() is not None:
            self._asides.note("steps", _TRACED, None)
            return
        self._active.push(self._steps)  # first: Ctrl+C that comes as they go on must find them here
        self._steps.__enter__()
        self._active.callback(self._leave)
        # While names are looked up nothing may be traced, and it is: Python calls the new trace function from here on.
        with quiet(), self._asides.aside("steps", "the lines of this step"):
            self._steps.join(self._place.frames())

    def _leave(self) -> None:
        with quiet(), self._asides.aside("steps", "the last line of this step"):
            self._steps.leave()

    def updated(self) -> None:
        """The optimizer has done its step."""
        with self._asides.aside("gradients", "what the optimizer changed"):
            self.norms.end()

    def end(self, error: BaseException | None = None) -> None:
        """Take everything off; ``error`` is what ended the training."""
        self._duration = time.perf_counter_ns() - self._started
        failure = failure_of(error) if error is not None else None
        try:
            self._leave()
            with quiet(), self._asides.aside("nodes", "what was left at the end"):
                if self._engine.drafts:  # looking for names takes long, and those in the graph are known
                    self._gradients.compare(None, None)
                else:
                    self._look_at_the_end(self.namespaces())
        finally:
            self.stop()
        self._numbered = next_node_number() - self._first_number
        started = {each.name for each in threading.enumerate() if each not in self._threads}
        names = (node.name for node in self._nodes.drafts)
        for sentence in unseen(names, self._models.values(), self._optimizers, started):
            self._asides.note(None, sentence, None)
        self._costs = self._meter.costs(self._program.device, self._norms_of, len(self._optimizers))
        self._forget_tensors()
        for held in (self._models, self._optimizers, self._threads):
            held.clear()
        if failure is not None:  # where it arose is known only with the exception, which keeps all variables alive
            self._made = self._trace_of(failure, error)

    def trace(self) -> Trace:
        """Return the trace of the step that has ended."""
        if self._made is None:
            self._made = self._trace_of(None, None)
        return self._made

    def _trace_of(self, failure: Failure | None, error: BaseException | None) -> Trace:
        said, cut = self._stdout.text, self._stdout.truncated
        trace = self._trace(failure, error, self._duration, stdout=said, cut=cut, displays=[])
        self.forget()  # all is in the trace
        modules = self._costs if self._costs is not None and self._costs.modules else UNSET
        return replace(trace, notes=self._asides.notes, training_step=self.step, modules=modules)

    def forget(self) -> None:
        """Let go of what was written down, whose parts lead to each other: Python's collector looks through none."""
        self._values.forget()
        for node in self._nodes.drafts:
            node.forget()

    def stop(self) -> None:
        """Take everything off."""
        self._active.close()
        self.norms.forget()

    def _before_engine_run(self, outputs: Sequence[torch.Tensor], reached: Reached) -> None:
        first = outputs[0] if outputs else None
        is_loss = first is not None and first.numel() == 1 and self._engine.drafts[-1].call == "backward"
        if first is not None and is_loss and len(self.losses) < _MOST_LOSSES:
            value = first.detach().reshape(()).item()
            self.losses.append(number(float(value)))
        super()._before_engine_run(outputs, reached)

    def _name_of(self, parameter: torch.Tensor) -> str:
        if not self._names:
            for name, model in self._models.items():
                self._names.update({id(held): path for path, held in model.named_parameters(prefix=name)})
        if id(parameter) not in self._names:
            names = named_tensors(self.namespaces(), self._weak)
            self._names = {key: name for key, (name, _) in names.items()} | self._names
        return self._names.setdefault(id(parameter), f"parameter {len(self._names)}")

    def _norms_of(self, parameter: torch.Tensor) -> NormsOfOne:
        name = self._names.get(id(parameter), "")
        return self.norms.gradients.get(name), self.norms.weights.get(name), self.norms.updates.get(name)

    def _on_warning(self, message: Any, category: type[Warning]) -> bool:
        """Note a warning; say whether it is the training's own, and not about what an observer does."""
        text = str(message)
        if is_quiet() or text.startswith(ABOUT_HOOKS):
            return False
        if in_own_thread() and self._warnings_left.take():
            line = program_line()
            self._warned.append(Warned(line=line, category=category.__name__, message=text[:_LONGEST_WARNING]))
        return True


@contextmanager
def _collector_looks_at_new_objects() -> Iterator[None]:
    """Keep Python's collector from looking through all that was loaded because observers make many records."""
    if gc.get_freeze_count():  # somebody else has frozen something, and it shall stay so
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _heard(write: Callable[[str], object]) -> Iterator[None]:
    """Let ``write`` hear what goes to ``sys.stdout``, which stays the same object."""
    stream: Any = sys.stdout
    original = getattr(stream, "write", None)
    own = getattr(stream, "__dict__", None)
    if original is None or own is None:
        yield  # there is no such stream, or it cannot be listened to
        return
    before = own.get("write")  # a notebook's stream has one of its own

    def heard(text: str) -> Any:
        result = original(text)
        if in_own_thread() and not is_quiet():
            write(text)
        return result

    stream.write = heard
    try:
        yield
    finally:
        if own.get("write") is heard:
            if before is None:
                del stream.write
            else:
                stream.write = before


@contextmanager
def _warned(hears: Callable[[Any, type[Warning]], bool]) -> Iterator[None]:
    """Show warnings as before, but those that ``hears`` says no to.

    What PyTorch says of hooks is let through by no filter: where warnings are errors it would end the training. Put
    straight into the list, since ``filterwarnings`` also forgets which warnings were shown already.
    """
    original = warnings.showwarning
    ignored = ("ignore", re.compile(re.escape(ABOUT_HOOKS)), UserWarning, None, 0)
    filters: list[Any] = warnings.filters  # type: ignore[assignment]

    def shown(message: Any, category: type[Warning], *place: Any, **options: Any) -> None:
        if hears(message, category):
            original(message, category, *place, **options)

    try:
        filters.insert(0, ignored)
        warnings.showwarning = shown
        yield
    finally:
        if warnings.showwarning is shown:
            warnings.showwarning = original
        if ignored in filters:
            filters.remove(ignored)
