# %% [markdown]
# # Hooks
#
# A hook is a function that `backward()` calls with a gradient on its way: it can look at it, or return another one.
#
# The hooks of a tensor run in the order in which they were registered, once its whole gradient is there. One that
# returns `None` changes nothing. A hook registered with `register_post_accumulate_grad_hook` gets the leaf, when its
# `.grad` is complete.
#
# Here $(1, 10, 100)$ arrives at `y`. The second hook makes it $(1, 10, 10)$, and the derivative $2x$ makes it
# $(2, 40, 60)$. Without the hook the last number would be 600.
#
# **In the graph:** a hook is no node. In the first `backward()`, what `MulBackward0` sends out and what comes into
# `PowBackward0` differ, and between the two the lines of the hooks run.

# %%
import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x ** 2
handle = y.register_hook(lambda grad: print("arrives at y:", grad))
y.register_hook(lambda grad: grad.clamp(max=10))
x.register_post_accumulate_grad_hook(lambda leaf: print("x.grad is ready:", leaf.grad))

loss = (y * torch.tensor([1.0, 10.0, 100.0])).sum()
loss.backward(retain_graph=True)

# %% [markdown]
# `handle.remove()` takes away the first hook. The others stay, and the second `backward()` adds the same gradient once
# more.

# %%
handle.remove()
loss.backward()

# %% [markdown]
# **Try:** put `x.grad = None` before the second `backward()`: the two gradients are the same. Replace
# `grad.clamp(max=10)` by `grad * 0`: nothing passes `y`.
