# %% [markdown]
# # Gradient and Hessian in one function
#
# The Hessian has all second partial derivatives. It is the Jacobian of the gradient.
#
# Write `gradient_and_hessian(f, x)`. `f` takes a vector and returns a scalar. The result is a tuple of two tensors: the
# gradient, with the shape of `x`, and the Hessian, a matrix with $\partial^2 f/\partial x_i\, \partial x_j$ in row $i$,
# column $j$. `x` may or may not require a gradient; it stays as it was, and so does its `.grad`.
#
# The derivatives come from autograd, in any way you like. Differences are only close to them, and not always.
#
# For `example`, $x_1^2 x_2 + x_2^3$ at $(1, 2)$, the gradient is $(2 x_1 x_2,\ x_1^2 + 3 x_2^2) = (4, 13)$ and the
# Hessian is
# $\begin{pmatrix} 2 x_2 & 2 x_1 \\ 2 x_1 & 6 x_2 \end{pmatrix} = \begin{pmatrix} 4 & 2 \\ 2 & 12 \end{pmatrix}$.

# %% starter
import torch


def example(x):
    return x[0] ** 2 * x[1] + x[1] ** 3


def gradient_and_hessian(f, x):
    # The gradient first, so that it can be differentiated. Then one row of the Hessian for each of its elements.
    ...


print(gradient_and_hessian(example, torch.tensor([1.0, 2.0])))

# %% [markdown] hint
# Work on a leaf of your own, `x.detach().requires_grad_()`. `torch.autograd.grad(..., create_graph=True)` gives a
# gradient that can be differentiated.

# %% [markdown] hint
# Row $i$ of the Hessian is the gradient of element $i$ of the gradient:
# `torch.autograd.grad(gradient[i], leaf, retain_graph=True)`. `torch.stack` makes a matrix of the rows.

# %% [markdown] hint
# The gradient of a linear function is a constant: its `requires_grad` is `False` and there is no graph to go through.
# Then every second derivative is 0.

# %% solution
import torch


def example(x):
    return x[0] ** 2 * x[1] + x[1] ** 3


def gradient_and_hessian(f, x):
    leaf = x.detach().requires_grad_()
    # create_graph: the gradient gets a graph of its own, through which the second pass goes.
    (gradient,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
    if not gradient.requires_grad:
        # f is linear: its gradient does not depend on x.
        return gradient, torch.zeros(len(x), len(x))
    # retain_graph: all rows come from the graph of the gradient.
    rows = [torch.autograd.grad(element, leaf, retain_graph=True)[0] for element in gradient]
    return gradient.detach(), torch.stack(rows)


gradient, hessian = gradient_and_hessian(example, torch.tensor([1.0, 2.0]))
print("gradient:", gradient)
print("Hessian:", hessian.tolist())
# At a minimum the gradient is 0 and the Hessian's eigenvalues are positive.
gradient, hessian = gradient_and_hessian(lambda x: (x ** 2).sum() + x[0] * x[1], torch.zeros(2))
print("at a minimum:", gradient, torch.linalg.eigvalsh(hessian))

# %% check
import torch

curvature = torch.tensor([[2.0, 1.0, 0.0], [1.0, 4.0, -1.0], [0.0, -1.0, 6.0]])
place = torch.tensor([1.0, -2.0, 0.5])


def quadratic(x):
    return 0.5 * x @ curvature @ x


def valley(x):
    return (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2


def rounded(x):
    # The values are rounded, the gradients pass straight through: so networks with rounded numbers are trained.
    whole = x + (x.round() - x).detach()
    return whole[0] ** 2 * whole[1] + whole[1] ** 3


def state_afterwards(requires_grad):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=requires_grad)
    gradient_and_hessian(quadratic, x)
    return x.requires_grad, x.grad


fresh_half = torch.randint(-5, 6, (4, 4)).float()

# The result is a pair
assert [type(part) is torch.Tensor for part in gradient_and_hessian(quadratic, place)] == [True, True], (
    "Return the gradient and the Hessian, two tensors in a tuple."
)

# The shapes of gradient and Hessian
assert [part.shape for part in gradient_and_hessian(quadratic, place)] == [torch.Size([3]), torch.Size([3, 3])], (
    "First the gradient, a vector like x, then the Hessian, a square matrix."
)

# The gradient of a quadratic function
assert torch.allclose(gradient_and_hessian(quadratic, place)[0], curvature @ place), (
    "The first derivatives, for the function and the point that are passed in."
)

# The Hessian of a quadratic function
assert torch.allclose(gradient_and_hessian(quadratic, place)[1], curvature), (
    "It is the matrix of the quadratic function, off the diagonal too. Is each row the gradient of one element?"
)

# A function that is not quadratic
assert torch.allclose(
    gradient_and_hessian(valley, torch.tensor([2.0, 3.0]))[1], torch.tensor([[362.0, -80.0], [-80.0, 20.0]])
), "Its second derivatives depend on the point: at (2, 3) the first is 2 - 40 x2 + 120 x1^2."

# A function that nobody saw
assert torch.allclose(
    gradient_and_hessian(lambda x: x @ fresh_half @ x, torch.ones(4))[1], fresh_half + fresh_half.T
), "x A x has the Hessian A + A^T. These numbers change with every change of the program."

# The gradient is autograd's
assert torch.allclose(gradient_and_hessian(rounded, torch.tensor([2.25, 3.25]))[0], torch.tensor([12.0, 31.0])), (
    "This function rounds x, and autograd passes the gradient straight through the rounding: it is that at (2, 3). "
    "Differences of values see flat steps, 0. Ask autograd."
)

# The Hessian is autograd's
assert torch.allclose(
    gradient_and_hessian(rounded, torch.tensor([2.25, 3.25]))[1], torch.tensor([[6.0, 4.0], [4.0, 18.0]])
), "The function that rounds again: differences of its gradient see flat steps, too. Ask autograd a second time."

# A linear function
assert torch.equal(gradient_and_hessian(lambda x: 3 * x[0] - x[1], torch.ones(2))[1], torch.zeros(2, 2)), (
    "Its gradient is a constant. What does that mean for the second pass?"
)

# x is left as it was
assert [state_afterwards(False), state_afterwards(True)] == [(False, None), (True, None)], (
    "requires_grad and .grad of x after the call, for one that required no gradient and one that did."
)
