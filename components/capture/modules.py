"""Which module's ``forward`` made a node.

Known limitations: a module that the program calls through ``module.forward(x)`` instead of ``module(x)`` is not seen,
as by every module hook. What ``torch.compile`` has compiled knows no modules any more.

Apart from the other observers because ``torch.compile`` must be able to read it: see ``warm_up``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from .failures import Asides
from .names import named_modules, variable_of
from .own_code import in_own_thread
from .torch_nodes import Marks

# PyTorch's word to whoever uses such hooks; the program does not.
ABOUT_HOOKS = "Using `torch.compile(module)` when there are global hooks on modules"


class ModuleObserver:
    """Marks the nodes made inside each module with its path: the variable's name, then PyTorch's (``model.0``).

    >>> with ModuleObserver(Asides(most=1)) as modules:
    ...     y = nn.Sequential(nn.Linear(2, 1))(torch.ones(2))
    ...     modules.makers.owner_of(y.grad_fn._sequence_nr())
    'Sequential.0'
    """

    def __init__(self, asides: Asides) -> None:
        self._asides = asides
        self.makers: Marks[str | None] = Marks(None)
        self._inside: list[str] = []
        self._paths: dict[int, str] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> ModuleObserver:
        self._handles = [
            register_module_forward_pre_hook(self._entered),
            register_module_forward_hook(self._left, always_call=True),
        ]
        return self

    def __exit__(self, *error: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _entered(self, module: nn.Module, arguments: Any) -> None:
        if torch.compiler.is_compiling():  # its compiler reads this, too: see `warm_up`
            return
        if not in_own_thread():
            return  # its nodes have numbers of their own
        try:
            self._enter(module)
        except Exception as error:
            self._asides.failed("nodes", "which module made some nodes", error)

    def _enter(self, module: nn.Module) -> None:
        if not self._inside:
            self._paths = named_modules(module, variable_of(module) or type(module).__name__)
        path = self._paths.get(id(module))
        if path is None:
            path = f"{self._inside[-1]}.{type(module).__name__}"
        self._inside.append(path)
        self.makers.switch(path)

    def _left(self, module: nn.Module, arguments: Any, result: Any) -> None:
        if torch.compiler.is_compiling():
            return
        if not in_own_thread():
            return
        try:
            if self._inside:
                self._inside.pop()
            self.makers.switch(self._inside[-1] if self._inside else None)
        except Exception as error:
            self._asides.failed("nodes", "which module made some nodes", error)
