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

# %% [markdown] without gpu
# A tensor's bytes are those of its *storage*, on either device. The first line is what this lesson's program would
# print: it makes no tensor. The others are those of **Try**, one after the other.
#
# ```python
# import torch
#
#
# def allocated(*tensors):
#     # Tensors may share a storage (views do): each storage counts once.
#     storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage() for tensor in tensors}
#     return sum(storage.nbytes() for storage in storages.values())
#
#
# print(f"no tensor:           {allocated():>9,} bytes")
# x = torch.ones(1000, 1000)
# print(f"x = ones(1000, 1000) {allocated(x):>9,} bytes")
# row = x[0]
# print(f"row = x[0], a view   {allocated(x, row):>9,} bytes")
# y = x * 2
# print(f"y = x * 2            {allocated(x, row, y):>9,} bytes")
# del y
# print(f"del y                {allocated(x, row):>9,} bytes")
# ```
#
# A GPU rounds each storage up to a multiple of 512: it would say 4,000,256 in place of 4,000,000.

# %% [markdown]
# **Try:** on a GPU, put `x = torch.ones(1000, 1000, device="cuda")` before the `print`: $10^6$ numbers of 4 bytes are
# 4,000,000 bytes, rounded up to a multiple of 512.
