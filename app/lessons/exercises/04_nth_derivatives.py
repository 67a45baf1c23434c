# %% [markdown]
# # Higher-order gradients
#
# A gradient that was computed with `create_graph=True` can be differentiated again, and again.
#
# Write two functions. A function `f` takes a scalar tensor and returns one; `x` is a number.
#
# - `nth_derivative(f, x, n)` returns the `n`-th derivative of `f` at `x`. For `n` = 0 that is the value itself. Where a
#   derivative no longer depends on `x`, the next ones are 0.
# - `table(functions, x, n)` returns a list with one list for each function: its value and its derivatives up to the
#   `n`-th, as numbers.
#
# The derivatives come from autograd, in any way you like. Differences are only close to them, and not always.
#
# For `cube`, $x^3$ at 2, the derivatives are $12, 12, 6, 0$: `nth_derivative(cube, 2.0, 2)` is 12, and
# `table([cube], 2.0, 3)` is `[[8.0, 12.0, 12.0, 6.0]]`.

# %% starter
import torch


def cube(x):
    return x ** 3


def nth_derivative(f, x, n):
    # Start from the value, and differentiate n times.
    ...


def table(functions, x, n):
    ...


for n in range(4):
    print("derivative number", n, "of cube:", nth_derivative(cube, 2.0, n))
print("table:", table([cube, torch.sin, torch.exp], 2.0, 3))

# %% [markdown] hint
# Make the leaf once, before the loop. In the loop, replace `y` by its derivative.

# %% [markdown] hint
# `y = torch.autograd.grad(y, leaf, create_graph=True)[0]`. Without `create_graph=True` the first derivative is a
# constant, and the second cannot be taken.

# %% [markdown] hint
# The last derivative of a polynomial may be a number without a graph: `y.requires_grad` is `False`. Then `grad` would
# raise an error, and the answer is 0.

# %% solution
import torch


def cube(x):
    return x ** 3


def nth_derivative(f, x, n):
    leaf = torch.tensor(x, requires_grad=True)
    y = f(leaf)
    for _ in range(n):
        # A constant: it has no graph to go through, and its derivative is 0.
        if not y.requires_grad:
            return 0.0
        # The derivative is itself a result with a graph, so that the next round can go through it.
        (y,) = torch.autograd.grad(y, leaf, create_graph=True)
    return y.item()


def table(functions, x, n):
    return [[nth_derivative(f, x, order) for order in range(n + 1)] for f in functions]


for n in range(4):
    print("derivative number", n, "of cube:", nth_derivative(cube, 2.0, n))
for row in table([cube, torch.sin, torch.exp], 2.0, 3):
    print([round(value, 4) for value in row])

# %% check
import math

import torch


def fourth_power(x):
    return x * x * x * x


def decay(x):
    return torch.exp(-2 * x)


def rounded_cube(x):
    # The value is rounded, the gradient passes straight through: so networks with rounded numbers are trained.
    return (x + (x.round() - x).detach()) ** 3


def as_matrix(rows):
    return torch.tensor([[float(number) for number in row] for row in rows])


fresh_x = float(torch.randint(3, 12, ()))

# The first derivative
assert nth_derivative(lambda x: x ** 3, 2.0, 1) == 12.0, "3x^2 at x = 2."

# The value itself is derivative number 0
assert nth_derivative(lambda x: x ** 3, 2.0, 0) == 8.0, "x^3 at x = 2: for n = 0 nothing is differentiated."

# The second derivative
assert nth_derivative(fourth_power, 3.0, 2) == 108.0, (
    "12x^2 at x = 3. Can the first derivative be differentiated? Is anything added up that should not be?"
)

# The fifth derivative of a sine
assert math.isclose(nth_derivative(torch.sin, 0.5, 5), math.cos(0.5), rel_tol=1e-5), (
    "It is the cosine. Does the loop go on from the derivative of the round before?"
)

# At a place that nobody saw
assert nth_derivative(fourth_power, fresh_x, 3) == 24 * fresh_x, (
    "24x. This number changes with every change of the program."
)

# The derivatives are autograd's
assert [nth_derivative(rounded_cube, 2.25, n) for n in range(5)] == [8.0, 12.0, 12.0, 6.0, 0.0], (
    "This function rounds x, and autograd passes every derivative straight through the rounding: those of x^3 at 2. "
    "Differences, also those of a first derivative, see flat steps, 0. Ask autograd each time."
)

# A derivative of a constant
assert nth_derivative(lambda x: 3 * x, 2.0, 2) == 0.0, (
    "The first derivative is 3, wherever x is. It has no graph: what is its derivative?"
)

# A table of two functions
assert torch.allclose(
    as_matrix(table([decay, fourth_power], 1.0, 3)),
    torch.tensor([[1.0, -2.0, 4.0, -8.0], [1.0, 4.0, 12.0, 24.0]]) * torch.tensor([[math.exp(-2)], [1.0]]),
), "One list for each function, each from the value to derivative number n, as numbers."
