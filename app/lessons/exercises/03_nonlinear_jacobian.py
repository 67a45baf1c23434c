# %% [markdown]
# # Jacobian of a non-linear function
#
# Near a point every smooth function is nearly linear, and its Jacobian is the matrix of that linear map.
#
# Write three functions.
#
# - `to_xy(polar)` takes a tensor $(r, \varphi)$ and returns the tensor $(r \cos\varphi,\ r \sin\varphi)$.
# - `jacobian(f, x)` returns the matrix with $\partial f_i/\partial x_j$ in row $i$, column $j$, for any `f` from a
#   vector to a vector. The two vectors may have different lengths.
# - `area_factor(polar)` returns by how much `to_xy` stretches a small area around a point: $|\det J|$.
#
# The derivatives come from autograd, in any way you like. Differences of values are only close to them, and not always.
#
# At $(2, 0)$ the Jacobian of `to_xy` is $\begin{pmatrix} 1 & 0 \\ 0 & 2 \end{pmatrix}$ and the area factor is 2.

# %% starter
import torch


def to_xy(polar):
    ...


def jacobian(f, x):
    # One backward pass gives one row: the gradient of one output.
    ...


def area_factor(polar):
    ...


polar = torch.tensor([2.0, 0.0])
print("to_xy:", to_xy(polar))
print("jacobian:", jacobian(to_xy, polar))
print("area factor:", area_factor(polar))

# %% [markdown] hint
# `torch.stack([a, b])` makes a vector of two scalar tensors and keeps their history. `torch.tensor([a, b])` copies the
# numbers and loses it.

# %% [markdown] hint
# Make a leaf, `x.detach().requires_grad_()`, compute `y = f(leaf)`, and take `torch.autograd.grad(y[i], leaf)` for each
# `i`. All rows come from the same graph, so it has to be kept for the next row.

# %% [markdown] hint
# `torch.stack(rows)` makes the matrix. `torch.det` gives the determinant. (`torch.autograd.functional.jacobian` does
# all of this; it is allowed, too.)

# %% solution
import torch


def to_xy(polar):
    r, phi = polar
    return torch.stack([r * torch.cos(phi), r * torch.sin(phi)])


def jacobian(f, x):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    # One row for each output, all from one graph: it must not be freed in between.
    rows = [torch.autograd.grad(output, leaf, retain_graph=True)[0] for output in y]
    return torch.stack(rows)


def area_factor(polar):
    # The determinant of a matrix is the factor by which it stretches areas.
    return torch.det(jacobian(to_xy, polar)).abs()


polar = torch.tensor([2.0, 0.0])
print("to_xy:", to_xy(polar))
print("jacobian:", jacobian(to_xy, polar).tolist())
print("area factor:", area_factor(polar))
print("area factor at r = 5:", area_factor(torch.tensor([5.0, 0.3])))

# %% check
import math

import torch


def three_to_two(x):
    return torch.stack([x[0] * x[1] * x[2], x[0] ** 2 + x[2]])


def rounded_map(x):
    # The values are rounded, the gradients pass straight through: so networks with rounded numbers are trained.
    whole = x + (x.round() - x).detach()
    return torch.stack([whole[0] * whole[1], whole[0] ** 2])


point = torch.tensor([1.0, 2.0, 3.0])
linear_map = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
fresh_map = torch.randint(-9, 10, (4, 5)).float()

# to_xy returns a tensor
assert torch.is_tensor(to_xy(torch.tensor([2.0, 0.0]))), "One tensor with two elements, not a tuple or a list."

# The values of to_xy
assert torch.allclose(to_xy(torch.tensor([2.0, math.pi / 2])), torch.tensor([0.0, 2.0]), atol=1e-6), (
    "r cos(phi) and r sin(phi): at r = 2 and a right angle that is (0, 2)."
)

# Autograd can see to_xy
assert torch.allclose(
    torch.autograd.functional.jacobian(to_xy, torch.tensor([3.0, 0.0])), torch.tensor([[1.0, 0.0], [0.0, 3.0]])
), "torch.stack keeps the history of its parts. torch.tensor([a, b]) copies their numbers and loses it."

# The Jacobian of to_xy
assert torch.allclose(jacobian(to_xy, torch.tensor([2.0, 0.0])), torch.tensor([[1.0, 0.0], [0.0, 2.0]]), atol=1e-6), (
    "Does to_xy keep the history of its input? Is there a row for each output?"
)

# Rows are outputs, columns are inputs
assert jacobian(three_to_two, torch.ones(3)).shape == torch.Size([2, 3]), (
    "This function has two outputs and three inputs."
)

# The Jacobian of another non-linear function
assert torch.allclose(jacobian(three_to_two, point), torch.tensor([[6.0, 3.0, 2.0], [2.0, 0.0, 1.0]])), (
    "Row by row: the gradient of one output alone, not added to those of the others."
)

# The Jacobian of a linear function is its matrix
assert torch.allclose(jacobian(lambda x: linear_map @ x, torch.tensor([0.5, -1.0])), linear_map), (
    "Compare it with its transpose, and with the sum of its rows."
)

# A linear function that nobody saw
assert torch.allclose(jacobian(lambda x: fresh_map @ x, torch.ones(5)), fresh_map), (
    "Four outputs, five inputs. These numbers change with every change of the program."
)

# The derivatives are autograd's
assert torch.allclose(jacobian(rounded_map, torch.tensor([1.75, 3.25])), torch.tensor([[3.0, 2.0], [4.0, 0.0]])), (
    "This function rounds x, and autograd passes the gradients straight through the rounding: the derivatives are those "
    "at (2, 3). Differences of values see flat steps, 0. Ask autograd."
)

# The area factor is r, whatever the angle
assert math.isclose(area_factor(torch.tensor([3.0, 0.7])), 3.0, rel_tol=1e-5), (
    "The determinant of the Jacobian of to_xy at the point that is passed in."
)

# An area is never negative
assert math.isclose(area_factor(torch.tensor([-3.0, 0.7])), 3.0, rel_tol=1e-5), (
    "For a negative r the determinant is negative."
)
