# %% [markdown]
# # Gradients and back-propagation
#
# A gradient says how fast a result changes with an input. Back-propagation finds it by multiplying along the chain.
#
# Think of three gears. Turn the first a little, the second turns twice as fast, and so on to the last. How fast is the
# last for one turn of the first? You multiply. That is the *chain rule*, and it is all that autograd does.
#
# Our chain has three links, and every link knows only its own slope, its *local derivative*:
#
# | link | its slope | at $x = 3$ |
# |---|---|---|
# | $u = 2x$ | $du/dx = 2$ | 2 |
# | $v = u^2$ | $dv/du = 2u$ | 12, since $u = 6$ |
# | $y = 5v$ | $dy/dv = 5$ | 5 |
#
# **In the picture:** each line of the program added one node. Read it from `x` to `y`: 3, 6, 36, 180. This is the
# *forward* pass: values travel up, and each node keeps what its own slope will need. The square keeps `u`.

# %%
import torch

x = torch.tensor(3.0, requires_grad=True)
u = 2 * x
v = u ** 2
y = 5 * v
print("forward:", x.item(), u.item(), v.item(), y.item())

# %% [markdown] predict
# Now `y.backward()` walks the chain from `y` back to `x`. What will `x.grad` be?
#
# answer: 120
#
# Going back, the gradient is multiplied by one slope after the other. It starts at `y` with 1; behind the first node it
# is $1 \cdot 5 = 5$, then $5 \cdot 12 = 60$, then $60 \cdot 2 = 120$. You see the same numbers on the edges of the
# picture: 1, 5, 60, 120. No node ever knew the whole formula.

# %%
y.backward()
print("x.grad:", x.grad)

# %% [markdown]
# **Back-propagation** is this walk. Why backward? A network has millions of inputs (its weights) and one result (its
# loss). Starting from the one result, a single walk gives the slope for all of them.
#
# And what does 120 *mean*? Push $x$ a little, and $y$ moves 120 times as much, as long as the push is small.

# %% [markdown] predict
# Let $x$ grow from 3 to 3.01. By about how much will $y$ grow? (One decimal will do.)
#
# answer: 1.2
#
# $120 \cdot 0.01 = 1.2$. The true change is 1.202: the slope itself grows a little on the way, so the prediction is good
# near 3 and gets worse further away. Following the slope downhill in small steps is how networks learn.

# %%
def chain(x):
    return 5 * (2 * x) ** 2


print(f"the true change: {chain(3.01) - chain(3.0):.3f}")

# %% [markdown]
# **Try:** press → and watch one node at a time. Click `PowBackward0`: its card shows the formula with its numbers. Then
# set `x` to `-3.0`: which slope changes its sign, and which do not? Add a link, `y = torch.sin(5 * v)`, and find the
# new number on its edge.
#
# **Goes on in** Example 1 (the shortest chain) and Example 2 (two paths to one leaf: gradients are *added*), and you
# compute gradients yourself in Exercise 1.
