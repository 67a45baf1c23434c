# %% [markdown]
# # Memory and the dynamic graph
#
# The graph is built while your program runs, anew each time, and it keeps tensors alive until `backward()` lets them go.
#
# Nobody draws the graph in advance. Every operation adds its node at the moment it is computed, so a `while` or an `if`
# simply decides which nodes there will be. That is what *dynamic* means.
#
# The loop squares a number until it is large. For 3 that takes three passes: 9, 81, 6561.
#
# **In the picture:** three `PowBackward0` in a row, for one line of text. The orange boxes are what they *saved*: each
# keeps the tensor that it squared, because its slope needs it. That is 1,000 numbers of 4 bytes each time, 4,000 bytes
# (the picture says 3.906 KiB).

# %%
import torch

x = torch.full((1000,), 3.0, requires_grad=True)
y = x
while y.detach().max() < 100:
    y = y ** 2
print("largest:", y.detach().max())

# %% [markdown] predict
# Next, the same loop begins with 10 in place of 3. How many `PowBackward0` nodes will that graph have?
#
# answer: 1
#
# $10^2 = 100$ is not below 100, so the loop runs once. The same lines built another graph, because the numbers were
# others. Look at the two graphs: three squares on `y`, one on `z`.

# %%
w = torch.full((1000,), 10.0, requires_grad=True)
z = w
while z.detach().max() < 100:
    z = z ** 2
print("largest:", z.detach().max())

# %% [markdown] predict
# Now `y.sum().backward()` runs, and `y` lives on. What becomes of the tensors that the graph of `y` has saved?
#
# - [ ] They stay for as long as `y` does
# - [x] Each node lets go of its tensor as soon as its slope is computed
# - [ ] They become `x.grad`
#
# A gradient is mostly wanted once, so the engine frees the graph behind itself: watch the orange boxes fade, one after
# the other. (The first of them is `x` itself. It stays, because you still have it.) So a second walk finds nothing, and
# PyTorch says so. The graph of `z` was not walked, and keeps what it saved.

# %%
y.sum().backward()
print("x.grad[0]:", x.grad[0])
try:
    y.sum().backward()
except RuntimeError as error:
    print("RuntimeError:", str(error).split(" (")[0])

# %% [markdown]
# Memory in training is mostly this: what all nodes have saved between forward and backward. It goes in three ways: by
# `backward()`, by dropping the last reference to the result, or by never recording: `torch.no_grad()` and `detach()`.
#
# **Try:** write `y.sum().backward(retain_graph=True)` the first time: nothing fades, the second call works, and `x.grad`
# doubles. Write `del z` at the end. Put the second loop under `with torch.no_grad():`. The page *Memory* shows every
# byte over time.
#
# **Goes on in** Examples 4, 8, 9 and 10, in Beyond 10 (checkpointing), and you measure it yourself in Exercises 6, 7
# and 10.
