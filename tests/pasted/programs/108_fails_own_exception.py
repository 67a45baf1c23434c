import math

import torch


class TrainingDiverged(Exception):
    """raised when the loss is nan or inf"""

    def __init__(self, step, loss):
        self.step, self.loss = step, loss
        super().__init__(f"loss became {loss} at step {step}")


w = torch.tensor(1.0, requires_grad=True)
for step in range(1000):
    loss = w**4
    if not math.isfinite(loss.item()):
        raise TrainingDiverged(step, loss.item())
    loss.backward()
    with torch.no_grad():
        w += 10 * w.grad
    w.grad = None
    print("step", step, "ok")
