# %% [markdown]
# # Double backward: a gradient penalty
#
# A loss may contain a gradient. `create_graph=True` records how that gradient was computed, so that `backward()` can go
# through it.
#
# The penalty $(\lVert \partial s/\partial x \rVert - 1)^2$ asks that a score $s$ has slope 1. For $s = w \cdot x$ the
# slope is $w$ itself, so everything can be checked by hand. At $w = (3, 4)$ its norm is 5, the penalty is
# $(5 - 1)^2 = 16$, and the gradient of the penalty is $2 (5 - 1)\, w / 5 = (4.8, 6.4)$. With steps of 0.25 the distance
# of the norm to 1 halves each time.
#
# **In the graph:** the node that `grad` added has another shade. `penalty.backward()` goes through it and reaches `w`
# by way of the slope. It never touches the score.

# %%
import torch

w = torch.tensor([3.0, 4.0], requires_grad=True)
x = torch.tensor([1.0, 1.0], requires_grad=True)

for step in range(3):
    score = w @ x
    (slope,) = torch.autograd.grad(score, x, create_graph=True)
    penalty = (slope.norm() - 1) ** 2
    penalty.backward()
    print(f"norm {slope.norm().item():.2f}, penalty {penalty.item():.2f}, w.grad {w.grad}")
    with torch.no_grad():
        w -= 0.25 * w.grad
    w.grad = None

# %% [markdown]
# **Try:** remove `create_graph=True`: the slope is then a constant, and PyTorch says that the penalty does not require
# a gradient. Write `score = torch.tanh(w @ x)`: the slope depends on `x` too, and `x.grad` is no longer `None`.
