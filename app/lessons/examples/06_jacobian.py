# %% [markdown]
# # Jacobian
#
# `torch.autograd.functional.jacobian` gives all partial derivatives of a function from vectors to vectors.
#
# Row $i$, column $j$ is $\partial f_i/\partial x_j$. Here $f_i = x_i^2$ depends on $x_i$ alone, so everything off the
# diagonal is 0 and the diagonal is $2x_i$: 2, 4, 6.
#
# **In the graph:** one backward pass gives one *row*, a vector-Jacobian product. PyTorch makes three of them here, one
# for each output.

# %%
import torch

x = torch.tensor([1.0, 2.0, 3.0])
jacobian = torch.autograd.functional.jacobian(lambda x: x ** 2, x)
print("Jacobian:")
print(jacobian)

# %% [markdown]
# **Try:** use `lambda x: x.cumsum(0)`: output $i$ depends on the first $i$ inputs, and the matrix is lower triangular.
# Use `lambda x: x.sum()`: a function with one output has a Jacobian with one row.
