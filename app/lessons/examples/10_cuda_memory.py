# %% [markdown]
# # CUDA memory
#
# `torch.cuda.memory_allocated()` is the number of bytes that tensors occupy on the GPU now.
#
# On a machine with a GPU this prints a number of bytes: 0 as long as no tensor was put there. Without a GPU it prints
# nothing.
#
# **What to know:** PyTorch takes memory from the driver in larger blocks and keeps them.
# `torch.cuda.memory_reserved()` counts those, and so it is never smaller; `torch.cuda.max_memory_allocated()` is the
# largest number so far.

# %%
import torch

if torch.cuda.is_available():
    print("Allocated bytes:", torch.cuda.memory_allocated())

# %% [markdown]
# **Try:** on a GPU, put `x = torch.ones(1000, 1000, device="cuda")` before the `print`: $10^6$ numbers of 4 bytes are
# 4,000,000 bytes, rounded up to a multiple of 512.
