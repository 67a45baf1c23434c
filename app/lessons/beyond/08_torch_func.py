# %% [markdown]
# # `torch.func`
#
# Functions in, functions out: `grad(f)` is the derivative of `f`, and `vmap(f)` is `f` for a whole batch at once.
#
# No tensor needs `requires_grad`, and nothing is stored in `.grad`. The loss $(w \cdot x - y)^2$ has the gradient
# $2 (w \cdot x - y)\, x$ with respect to $w$. `vmap` computes it for each sample; `in_dims` says that $w$ is the same
# for all of them.
#
# `jacrev` goes backward, once for each output, and `jacfwd` goes forward, once for each input; both do it as one batch.
# The matrix is the same, and its shape says which of the two costs less.
#
# **In the graph:** these are the graphs that live inside the calls. Under `vmap` an edge carries a whole batch, of
# which only the shape is shown. `jacfwd` has no graph: it needs no backward.

# %%
import warnings

import torch
from torch.func import grad, jacfwd, jacrev, vmap


def loss(w, x, y):
    return (w @ x - y) ** 2


w = torch.tensor([1.0, 2.0])
xs = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
ys = torch.tensor([0.0, 2.0, 1.0])

print("first sample:", grad(loss)(w, xs[0], ys[0]))
print("each sample:")
print(vmap(grad(loss), in_dims=(None, 0, 0))(w, xs, ys))

# %%
def f(x):
    return torch.stack([x[0] * x[1], x[0] ** 2, x[1]])


x = torch.tensor([2.0, 3.0])
print("jacrev:", jacrev(f)(x).tolist())
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # forward mode still loads a part of PyTorch that is on its way out
    print("jacfwd:", jacfwd(f)(x).tolist())

# %% [markdown]
# **Try:** `grad(grad(torch.sin))(torch.tensor(1.0))` is $-\sin 1$. Write `grad(loss, argnums=1)` to differentiate with
# respect to `x`: for the first sample that is $2 (w \cdot x - y)\, w = (2, 4)$.
