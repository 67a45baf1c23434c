# %% [markdown]
# # `requires_grad`, `backward()`, `autograd.grad()`
#
# Three words run autograd: the first says what to watch, the other two ask for the slope and differ in where it goes.
#
# | you write | it means | the gradient |
# |---|---|---|
# | `requires_grad=True` | watch this tensor | none yet |
# | `y.backward()` | find the slopes of everything watched | is *added* to `.grad` of each leaf |
# | `torch.autograd.grad(y, x)` | find the slope for `x` alone | is *returned*; no `.grad` changes |
#
# Watching spreads: what is computed from a watched tensor is watched, too. That is why `y.requires_grad` is `True`
# although nobody set it.
#
# **In the picture:** `x` has a blue box, since it is a leaf that is watched. `c` is not, so no edge leads to a box of
# its own. The product still keeps its value: the slope for `x` needs it.

# %%
import torch

x = torch.tensor(3.0, requires_grad=True)
c = torch.tensor(2.0)
y = c * x ** 2
print("y.requires_grad:", y.requires_grad)

# %% [markdown] predict
# `y` depends on `c` as much as on `x`: $\partial y/\partial c = x^2 = 9$. After `y.backward()`, what is `c.grad`?
#
# - [ ] `tensor(9.)`
# - [x] `None`
# - [ ] `tensor(0.)`
#
# `c` was made without `requires_grad=True`, so nobody watched it, and no gradient was computed for it. `None` means
# "not asked for". A 0 would say that `y` does not react to `c`, which is wrong. `x.grad` is $2cx = 12$.

# %%
y.backward(retain_graph=True)
print("x.grad:", x.grad)
print("c.grad:", c.grad)

# %% [markdown] predict
# The same graph is walked once more, by `torch.autograd.grad(y, x)`. What is `x.grad` afterwards?
#
# - [x] 12, as before
# - [ ] 24, because gradients add up
# - [ ] `None`, because it was handed out
#
# `autograd.grad` computes the same 12, and *returns* it as a tuple with one entry for each input. It leaves `.grad`
# alone. `backward()` in its place would have added: 24.

# %%
(slope,) = torch.autograd.grad(y, x)
print("returned:", slope)
print("x.grad:", x.grad)

# %% [markdown]
# **Which one?** `backward()` is made for training: the optimizer reads `.grad` of every parameter. `autograd.grad()` is
# made for mathematics: you ask for one slope and go on computing with it.
#
# **Try:** give `c` `requires_grad=True` and run it again: a second blue box, and `c.grad` is 9. Remove
# `retain_graph=True` and read the error. Ask for both slopes at once with `torch.autograd.grad(y, (x, c))`.
#
# **Goes on in** Examples 1, 3, 7 and 8, in Beyond 1 (who is a leaf), and you choose between them in Exercises 2, 5
# and 9.
