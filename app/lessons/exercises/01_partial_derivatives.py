# %% [markdown]
# # Partial derivatives and what they mean
#
# A partial derivative says by how much the result changes, for each unit that one input changes and the others do not.
#
# Write three functions. `f` is any function of several scalar tensors with one scalar result, and `point` is a list of
# numbers, one for each input.
#
# - `partials(f, point)` returns a list of numbers: the partial derivative with respect to each input.
# - `predicted_change(f, point, steps)` returns by how much the result changes, to first order, if input $i$ changes by
#   `steps[i]`: $\sum_i \frac{\partial f}{\partial x_i}\, \mathrm{steps}_i$.
# - `most_sensitive(f, point)` returns the number (from 0) of the input to which the result reacts most, up or down.
#
# For `example`, $xz + x^2$ at $(1, 2)$: `partials(example, [1.0, 2.0])` is `[4.0, 1.0]`. If $x$ grows by 0.01 and $z$
# shrinks by 0.02, the predicted change is $4 \cdot 0.01 - 1 \cdot 0.02 = 0.02$. The most sensitive input is number 0.
#
# The derivatives come from autograd, in any way you like. Differences of values are only close to them, and not always.

# %% starter
import torch


def example(x, z):
    return x * z + x ** 2


def partials(f, point):
    # Make a leaf of each number, call f with them, go backward, and collect the gradients.
    ...


def predicted_change(f, point, steps):
    ...


def most_sensitive(f, point):
    ...


print("partial derivatives:", partials(example, [1.0, 2.0]))
print("predicted change:", predicted_change(example, [1.0, 2.0], [0.01, -0.02]))
print("most sensitive input:", most_sensitive(example, [1.0, 2.0]))

# %% [markdown] hint
# A leaf for each number: `leaves = [torch.tensor(value, requires_grad=True) for value in point]`. The star in
# `f(*leaves)` passes them as separate arguments.

# %% [markdown] hint
# After `f(*leaves).backward()` each leaf has its partial derivative in `.grad`, and `.item()` makes a number of it.
# What is in `.grad` of an input that `f` does not use?

# %% [markdown] hint
# An input that `f` does not use has `.grad` `None`, and its derivative is 0. The other two functions need `partials`
# and no backward of their own: a sum over `zip(partials(f, point), steps)`, and the place of the largest absolute
# value.

# %% solution
import torch


def example(x, z):
    return x * z + x ** 2


def partials(f, point):
    leaves = [torch.tensor(value, requires_grad=True) for value in point]
    # One backward pass gives all partial derivatives.
    f(*leaves).backward()
    # No gradient reaches an input that f does not use: the result does not react to it at all.
    return [0.0 if leaf.grad is None else leaf.grad.item() for leaf in leaves]


def predicted_change(f, point, steps):
    # Each input contributes its own change, times how strongly the result reacts to it.
    return sum(partial * step for partial, step in zip(partials(f, point), steps))


def most_sensitive(f, point):
    # A strong reaction downwards is a strong reaction.
    sizes = [abs(partial) for partial in partials(f, point)]
    return sizes.index(max(sizes))


print("partial derivatives:", partials(example, [1.0, 2.0]))
print(f"predicted change: {predicted_change(example, [1.0, 2.0], [0.01, -0.02]):.4f}")
change = example(torch.tensor(1.01), torch.tensor(1.98)) - example(torch.tensor(1.0), torch.tensor(2.0))
print(f"true change:      {change.item():.4f}")
print("most sensitive input:", most_sensitive(example, [1.0, 2.0]))

# %% check
import math

import torch


def shown_function(x, z):
    return x * z + x ** 2


def three_inputs(x, y, z):
    return x * y * z + z ** 2


def wave(x, y):
    return torch.sin(x) * torch.exp(y)


def tilted(x, y, z):
    return x + 2 * y - 5 * z


def straight_through(x):
    # The value is rounded, the gradient is that of x: so networks with rounded numbers are trained.
    return x + (x.round() - x).detach()


def rounded(x, y):
    return straight_through(x) ** 2 * straight_through(y)


x0, y0, z0 = [float(number) for number in torch.randint(2, 9, (3,))]
wave_change = math.sin(0.501) * math.exp(0.998) - math.sin(0.5) * math.exp(1.0)

# The function of the task
assert partials(shown_function, [1.0, 2.0]) == [4.0, 1.0], (
    "z + 2x and x, at x = 1 and z = 2. Does partials return a number for each input?"
)

# A function of three inputs
assert partials(three_inputs, [2.0, 3.0, -1.0]) == [-3.0, -2.0, 4.0], (
    "The derivatives have to come from the function that is passed in, at the point that is passed in."
)

# At a point that nobody saw
assert partials(three_inputs, [x0, y0, z0]) == [y0 * z0, x0 * z0, x0 * y0 + 2 * z0], (
    "yz, xz and xy + 2z. These numbers change with every change of the program: only f and point say what they are."
)

# An input that the function does not use
assert partials(lambda x, y: 3 * x, [1.0, 1.0]) == [3.0, 0.0], (
    "The result does not react to the second input. What is in .grad of a leaf that no gradient reached?"
)

# The derivatives are autograd's
assert partials(rounded, [1.75, 3.25]) == [12.0, 4.0], (
    "This function rounds its inputs, and autograd passes the gradient straight through the rounding: 2xy and x^2 at "
    "(2, 3). Differences of values see flat steps, 0. Ask autograd."
)

# The predicted change
assert math.isclose(predicted_change(three_inputs, [2.0, 3.0, -1.0], [0.5, 0.25, -0.5]), -4.0, abs_tol=1e-5), (
    "Each step counts as often as the result reacts to that input: here -3, -2 and 4 times."
)

# The prediction is close to the true change
assert math.isclose(predicted_change(wave, [0.5, 1.0], [0.001, -0.002]), wave_change, rel_tol=0.02), (
    "For small steps the first-order change is nearly the true one. Are the derivatives taken at the old point?"
)

# The prediction uses autograd's derivatives
assert math.isclose(predicted_change(rounded, [1.75, 3.25], [0.5, -0.5]), 4.0, abs_tol=1e-5), (
    "12 times 0.5 minus 4 times 0.5, for the function that rounds. The change of its value would be 0 or a jump."
)

# The input to which the result reacts most
assert most_sensitive(shown_function, [1.0, 2.0]) == 0, "Compare 4 and 1, and count inputs from 0."

# A reaction downwards counts too
assert most_sensitive(tilted, [1.0, 1.0, 1.0]) == 2, "The derivatives are 1, 2 and -5. Which change is the largest?"
