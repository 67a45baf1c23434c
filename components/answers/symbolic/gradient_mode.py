"""Whether the program wants gradients: PyTorch itself switches them off inside of a custom ``autograd.Function``."""

from __future__ import annotations

import torch


class GradientMode:
    """Tells the program's own switches, such as ``torch.no_grad()``, from the one around a custom forward.

    The former are calls that can be seen. The latter is noticed by its effect, a mode that nobody has set; what the
    program switches in there ends with it.
    """

    def __init__(self) -> None:
        self.wanted = True
        self._expected = True
        self._depth = 0

    @property
    def inside_function(self) -> bool:
        """Whether a custom ``autograd.Function`` is running."""
        return self._depth > 0

    def look(self) -> None:
        """Notice what has changed unseen. To be called before anything else happens."""
        actual = torch.is_grad_enabled()
        if actual != self._expected and not torch.is_inference_mode_enabled():
            self._depth += -1 if actual else 1
            self._expected = actual

    def switch(self, on: bool) -> None:
        """The program switches gradients on or off."""
        self._expected = on
        if not self.inside_function:
            self.wanted = on
