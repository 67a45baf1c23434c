import torch


class CheckpointError(RuntimeError):
    pass


def load(path):
    try:
        return torch.load(path)
    except FileNotFoundError as e:
        raise CheckpointError(f"could not resume from {path!r}") from e


w = torch.zeros(2, requires_grad=True)
w.sum().backward()
print("start", w.grad)
try:
    load("missing.pt")
except CheckpointError as e:
    print("caught:", e, "| cause:", type(e.__cause__).__name__)
load("best.pt")
