# %% [markdown]
# # Hunting a NaN with `detect_anomaly`
#
# A NaN in a gradient does not say where it came from. Anomaly detection stops at the first node that returned one.
#
# `torch.where` takes 0 where `x` is 0, so the values are fine. But backward goes through both branches. The one that
# was not taken gets the gradient 0, and $\sqrt{x}$ has an infinite slope at 0: $0 \cdot \infty$ is NaN. The cure is to
# keep the bad number out of the root, not out of its result.
#
# **In the graph:** in the first `backward()` a 0 comes into `SqrtBackward0`, and a NaN goes out. The second one stops
# there with PyTorch's error. In the third, the root never saw the 0.

# %%
import warnings

import torch


def bad_root(x):
    return torch.where(x > 0, torch.sqrt(x), 0.0)


def good_root(x):
    positive = torch.where(x > 0, x, 1.0)
    return torch.where(x > 0, torch.sqrt(positive), 0.0)


x = torch.tensor([0.0, 4.0], requires_grad=True)
y = bad_root(x)
y.sum().backward()
print("values:", y.detach())
print("x.grad:", x.grad)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        with torch.autograd.detect_anomaly():
            bad_root(x).sum().backward()
    except RuntimeError as error:
        print("RuntimeError:", error)

x.grad = None
good_root(x).sum().backward()
print("x.grad:", x.grad)

# %% [markdown]
# **Try:** remove the line with `simplefilter`: PyTorch then warns, too, and its warning has the line that made the
# node. Anomaly detection looks at every gradient, which is slow: use it to search, then take it out.
