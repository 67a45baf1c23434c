# %% [markdown]
# # Gradient checkpointing
#
# `checkpoint()` does not keep what a block saves for its backward. It runs the block once more when backward needs it.
#
# Each block saves three tensors of 1,000 numbers, the inputs of `sin`, of the square and of `cos`: 12,000 bytes. Under
# `checkpoint()` only the input of the block is kept, 4,000 bytes. The price is a second forward pass. While it goes
# backward through a block, the three tensors of this one block are there again.
#
# **In the graph:** both networks have the same nodes, but only the plain one has orange boxes. In the other one, as
# soon as backward comes to a block (to its `CosBackward0`), the lines of `block` run again.

# %%
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

calls = []


def block(x):
    calls.append("block")
    return (x.sin() ** 2).cos()


def plain(x):
    return block(block(x))


def checkpointed(x):
    for _ in range(2):
        x = checkpoint(block, x, use_reentrant=False)
    return x


x = torch.linspace(0, 1, 1000, requires_grad=True)
gradients = []
for network in (plain, checkpointed):
    calls.clear()
    y = network(x)
    print(f"{network.__name__}: block ran {len(calls)} times forward,", end=" ")
    gradients += torch.autograd.grad(y.sum(), x)
    print(f"{len(calls)} times in all")
print("same gradient:", torch.equal(gradients[0], gradients[1]))

# %% [markdown]
# The last lines count what the graphs keep: `saved_tensors_hooks` calls a function with each tensor that is saved.

# %%
for network in (plain, checkpointed):
    sizes = []
    with saved_tensors_hooks(lambda saved: sizes.append(saved.nbytes) or saved, lambda saved: saved):
        network(x)
    print(f"{network.__name__}: {sum(sizes):,} bytes kept")

# %% [markdown]
# **Try:** checkpoint both blocks as one, `return checkpoint(plain, x, use_reentrant=False)`: 4,000 bytes are kept, and
# backward has six tensors at once.
