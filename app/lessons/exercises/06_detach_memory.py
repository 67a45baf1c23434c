# %% [markdown]
# # Detaching, and the memory that tracking costs
#
# A tracked operation keeps tensors for its backward. What begins at a detached tensor keeps none.
#
# What is counted: the bytes of all tensors that operations save, `numel() * element_size()` of each.
# `torch.autograd.graph.saved_tensors_hooks(pack, unpack)` calls `pack` with each tensor that is saved, on the CPU as on
# a GPU. A tensor that two operations save may count once or twice: the checks have none. (On a GPU,
# `torch.cuda.memory_allocated()` shows the same tensors as long as they live.)
#
# Write three functions.
#
# - `saved_bytes(function, x)` runs `function(x)` and returns the number of bytes that were saved.
# - `compare(function, x)` returns two such numbers: for `x` as it is, and for `x` detached. `x` stays as it was.
# - `cut(first, second, x)` returns `second(first(x))`, where `first` is a constant for the gradient: parameters of
#   `second` get one, those of `first` do not.
#
# `torch.exp` saves its result. For 1,000 numbers of 4 bytes, `compare(torch.exp, x)` is `(4000, 0)`.

# %% starter
import torch
from torch.autograd.graph import saved_tensors_hooks


def saved_bytes(function, x):
    def pack(tensor):
        # Called with each tensor that is saved. What it returns is kept instead.
        return tensor

    def unpack(kept):
        return kept

    with saved_tensors_hooks(pack, unpack):
        function(x)
    ...


def compare(function, x):
    ...


def cut(first, second, x):
    ...


x = torch.linspace(0, 1, 1000, requires_grad=True)
print("saved by exp:", saved_bytes(torch.exp, x))
print("tracked and detached:", compare(torch.exp, x))

# %% [markdown] hint
# Collect in a list: `sizes = []` before `pack`, and in `pack`, before its `return`, append the bytes of `tensor`.

# %% [markdown] hint
# `x.detach()` returns a new tensor and leaves `x` alone. `x.detach_()` changes `x` itself.

# %% [markdown] hint
# In `cut`, what has to be a constant is the result of `first`, on its way to `second`.

# %% solution
import torch
from torch.autograd.graph import saved_tensors_hooks


def saved_bytes(function, x):
    sizes = []

    def pack(tensor):
        # Number of elements times bytes for each: 4 for float32, 8 for float64.
        sizes.append(tensor.numel() * tensor.element_size())
        return tensor

    def unpack(kept):
        return kept

    with saved_tensors_hooks(pack, unpack):
        function(x)
    return sum(sizes)


def compare(function, x):
    # The detached tensor has the same values (and the same memory), but nothing that is done with it is recorded.
    return saved_bytes(function, x), saved_bytes(function, x.detach())


def cut(first, second, x):
    # The gradient comes back through second and ends here.
    return second(first(x).detach())


x = torch.linspace(0, 1, 1000, requires_grad=True)
print("saved by exp:", saved_bytes(torch.exp, x))
print("tracked and detached:", compare(torch.exp, x))
print("exp(sin(x)):", compare(lambda x: torch.exp(torch.sin(x)), x))
w = torch.tensor(2.0, requires_grad=True)
y = cut(torch.exp, lambda features: (w * features).sum(), x)
y.backward()
print(f"gradient of w: {w.grad.item():.1f}, one of x: {x.grad is not None}")

# %% check
import torch

first_weight = torch.tensor([1.0, 2.0], requires_grad=True)
second_weight = torch.tensor([3.0, 4.0], requires_grad=True)
thousand = torch.linspace(0.1, 1, 1000, requires_grad=True)
fifty_doubles = torch.linspace(0.1, 1, 50, dtype=torch.float64).requires_grad_()


def first_part(x):
    return x * first_weight


def second_part(x):
    return (x * second_weight).sum()


def several_operations(x):
    return torch.sin(x) * torch.cos(x + 1)


def chain_of(sizes, kinds, x):
    # x[:size] and + 0.5 save no tensor, exp saves its result and sin its input.
    for size, kind in zip(sizes, kinds):
        x = x[:size] + 0.5
        x = torch.exp(-x) if kind == 1 else torch.sin(x) if kind == 2 else x
    return x


def requires_grad_after_compare(x):
    compare(torch.exp, x)
    return x.requires_grad


def gradients_of_cut():
    first_weight.grad = second_weight.grad = None
    cut(first_part, second_part, torch.tensor([5.0, 6.0])).backward()
    return first_weight.grad, second_weight.grad.tolist()


fresh_sizes = sorted(torch.randint(5, 500, (4,)).tolist(), reverse=True)
fresh_kinds = [1, 2, *torch.randint(0, 3, (2,)).tolist()]
fresh_input = torch.rand(500, dtype=[torch.float32, torch.float64][int(torch.randint(0, 2, ()))]).requires_grad_()
fresh_bytes = sum(size for size, kind in zip(fresh_sizes, fresh_kinds) if kind) * fresh_input.element_size()

# Bytes that exp saves
assert saved_bytes(torch.exp, thousand) == 4000, "exp saves its result, 1,000 numbers of 4 bytes."

# Numbers of 8 bytes
assert saved_bytes(torch.exp, fifty_doubles) == 400, (
    "50 numbers of float64. element_size() says how many bytes each has."
)

# Several operations
assert saved_bytes(several_operations, thousand) == 16000, (
    "sin and cos save their input, and the product saves both of its factors: four tensors."
)

# An operation that saves nothing
assert saved_bytes(lambda x: x + 1, thousand) == 0, "The gradient of a sum needs none of its parts."

# A chain that nobody saw
assert saved_bytes(lambda x: chain_of(fresh_sizes, fresh_kinds, x), fresh_input) == fresh_bytes, (
    "A chain of exp, sin and cuts, of other sizes with every change of the program. Only what is saved counts, whatever "
    "x and the result are."
)

# Tracked and detached
assert compare(several_operations, thousand) == (16000, 0), (
    "First the bytes for x as it is, then those for x detached, from which nothing is recorded."
)

# A detached input can still be saved
assert compare(first_part, torch.tensor([5.0, 6.0], requires_grad=True)) == (16, 8), (
    "x times a weight that requires a gradient: both are saved, and for x detached still x, for the weight's gradient. "
    "Is the second number measured too?"
)

# compare leaves x as it was
assert requires_grad_after_compare(torch.ones(3, requires_grad=True)) is True, (
    "x no longer requires a gradient. Which of the two, detach() and detach_(), changes the tensor itself?"
)

# The value of a cut
assert cut(torch.exp, torch.sum, torch.zeros(5)) == 5.0, "Detaching does not change values: second(first(x))."

# The gradient ends where it was cut
assert gradients_of_cut() == (None, [5.0, 12.0]), (
    "The gradient of the parameter of first, then that of second. What exactly is a constant?"
)
