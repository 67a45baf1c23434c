# %% [markdown]
# # Memory before and after operations
#
# Most operations make a new tensor. This exercise counts the bytes before an operation and after it.
#
# What is counted: for tensors on a GPU, `torch.cuda.memory_allocated()` is the number of bytes in use on it, in blocks
# of 512. PyTorch has no such counter for the CPU, so there we count the bytes of the tensors that we hold,
# `numel() * element_size()` of each.
#
# Write two functions.
#
# - `memory_in_use(tensors)` takes a list of tensors. If the first is on a GPU, it returns
#   `torch.cuda.memory_allocated()`. Otherwise it returns the bytes of all tensors in the list. A tensor that is in the
#   list twice has its memory once.
# - `history(operations, x)` applies the operations one after the other, each to the result of the one before. It holds
#   `x` and all results. It returns a list: the memory in use before the first operation, and after each of them.
#
# For 100 numbers of 4 bytes, `history([torch.exp, torch.sin], x)` is `[400, 800, 1200]` on the CPU. (A view shares the
# memory of its base: leave views out.)

# %% starter
import torch


def memory_in_use(tensors):
    if tensors[0].is_cuda:
        return torch.cuda.memory_allocated()
    ...


def history(operations, x):
    ...


x = torch.zeros(100)
print("x alone:", memory_in_use([x]))
print("history:", history([torch.exp, torch.sin], x))

# %% [markdown] hint
# A tensor has `x.numel()` elements of `x.element_size()` bytes each: 4 for `float32`, 8 for `float64`, 1 for `int8`.

# %% [markdown] hint
# An operation in place returns the tensor that it was given, so that the list of results has it twice. `set(tensors)`
# has every tensor once.

# %% [markdown] hint
# In `history`, begin with `held = [x]`. Each round appends `operation(held[-1])` to it, and what `memory_in_use(held)`
# is then to the result.

# %% solution
import torch


def memory_in_use(tensors):
    if tensors[0].is_cuda:
        return torch.cuda.memory_allocated()
    # A set has each object once, however often it is in the list.
    return sum(tensor.numel() * tensor.element_size() for tensor in set(tensors))


def history(operations, x):
    # What is in this list stays in memory: a tensor that nobody holds is freed.
    held = [x]
    in_use = [memory_in_use(held)]
    for operation in operations:
        held.append(operation(held[-1]))
        in_use.append(memory_in_use(held))
    return in_use


x = torch.zeros(100)
print("x alone:", memory_in_use([x]))
print("new tensors:", history([torch.exp, torch.sin], x))
print("in place:", history([torch.exp, lambda y: y.sin_()], x))
print("float64:", history([lambda y: y.double()], x))
if torch.cuda.is_available():
    print("on the GPU:", history([torch.exp, torch.sin], x.cuda()))

# %% check
import weakref

import torch

numbers = torch.zeros(1000)
widths = {torch.int8: 1, torch.float16: 2, torch.int32: 4, torch.float64: 8}
device = "cuda" if torch.cuda.is_available() else "cpu"


def still_alive(number_of_operations):
    made, alive = [], []

    def operation(y):
        alive.append(sum(result() is not None for result in made))
        result = y + 1
        made.append(weakref.ref(result))
        return result

    history([operation] * number_of_operations, torch.zeros(10))
    return alive


def added_by_exp(where):
    before, after = history([torch.exp], torch.zeros(1024, device=where))
    return after - before


fresh_sizes = torch.randint(1, 300, (4,)).tolist()
fresh_bytes = [size * width for size, width in zip(fresh_sizes, widths.values())]

# The bytes of one tensor
assert memory_in_use([numbers]) == 4000, "1,000 elements of 4 bytes."

# Elements of other sizes
assert memory_in_use([torch.zeros(10, dtype=torch.float64), torch.zeros(3, dtype=torch.int8)]) == 83, (
    "10 numbers of 8 bytes and 3 of one byte. Ask each tensor for the size of its elements."
)

# Tensors that nobody saw
assert memory_in_use([torch.zeros(n, dtype=kind) for n, kind in zip(fresh_sizes, widths)]) == sum(fresh_bytes), (
    "One tensor each of int8, float16, int32 and float64, of other lengths with every change of the program."
)

# A tensor that is listed twice
assert memory_in_use([numbers, numbers]) == 4000, "It is one tensor with one memory."

# Before and after one operation
assert history([torch.exp], torch.zeros(50)) == [200, 400], "The memory before the operation, then that after it."

# No operation
assert history([], torch.zeros(50)) == [200], "The list begins with the memory before the first operation."

# A chain of operations
assert history([torch.exp, torch.sum, torch.neg], torch.zeros(50)) == [200, 400, 404, 408], (
    "x and all results are held, and each operation is applied to the result of the one before."
)

# A chain that nobody saw
assert history([lambda y: y.repeat(2), lambda y: y[: fresh_sizes[1]].double()], torch.zeros(fresh_sizes[0] + 300)) == [
    4 * (fresh_sizes[0] + 300),
    12 * (fresh_sizes[0] + 300),
    12 * (fresh_sizes[0] + 300) + 8 * fresh_sizes[1],
], "Twice as many numbers, then some of them in float64: the memory is that of the results, and not guessed from x."

# All results are held
assert still_alive(4) == [0, 1, 2, 3], (
    "Before each operation: how many of the earlier results are still alive? Hold them all: a tensor that nobody holds "
    "is freed, and its memory is no longer in use."
)

# In place, and to another type
assert history([torch.exp, lambda y: y.mul_(2), lambda y: y.double()], torch.zeros(50)) == [200, 400, 400, 800], (
    "In place nothing new is made. The last operation makes 50 numbers of 8 bytes."
)

# On the GPU if there is one
assert added_by_exp(device) == 4096, "1,024 numbers of 4 bytes more than before, while x is still held."
