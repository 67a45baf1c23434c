"""Which module's ``forward`` made a node.

Known limitations: a module that the program calls through ``module.forward(x)`` instead of ``module(x)`` is not seen,
as by every module hook.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from components.capture.marks import Marks
from components.capture.names import named_modules, variable_of


class ModuleObserver:
    """Marks the nodes made inside each module with its path: the variable's name, then PyTorch's (``model.0``).

    >>> with ModuleObserver() as modules:
    ...     y = nn.Sequential(nn.Linear(2, 1))(torch.ones(2))
    ...     modules.marks.owner_of(y.grad_fn._sequence_nr())
    'Sequential.0'
    """

    def __init__(self) -> None:
        self.marks: Marks[str | None] = Marks(None)
        self._inside: list[str] = []
        self._paths: dict[int, str] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> ModuleObserver:
        self._handles = [
            register_module_forward_pre_hook(self._entered),
            register_module_forward_hook(self._left, always_call=True),
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _entered(self, module: nn.Module, arguments: Any) -> None:
        if not self._inside:
            self._paths = named_modules(module, variable_of(module) or type(module).__name__)
        path = self._paths.get(id(module))
        if path is None:
            path = f"{self._inside[-1]}.{type(module).__name__}"
        self._inside.append(path)
        self.marks.switch(path)

    def _left(self, module: nn.Module, arguments: Any, result: Any) -> None:
        if self._inside:
            self._inside.pop()
        self.marks.switch(self._inside[-1] if self._inside else None)
