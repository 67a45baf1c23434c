# %% [markdown]
# # Higher orders
#
# A derivative is a computation like any other. If autograd records it, it can be differentiated again, and again.
#
# The slope of a road is its first derivative, and how quickly the road gets steeper is the second. For $y = x^4$:
#
# | | formula | at $x = 0.5$ |
# |---|---|---|
# | value | $x^4$ | 0.0625 |
# | first | $4x^3$ | 0.5 |
# | second | $12x^2$ | 3 |
# | third | $24x$ | 12 |
#
# `create_graph=True` says: *record how you compute this gradient.* Without it the result is a bare number, and its
# history is lost.
#
# **In the picture:** the first `grad` added nodes of its own, in another shade. They compute $4x^3$, starting from the
# very same `x`. This is why `first` prints with a `grad_fn`.

# %%
import torch

x = torch.tensor(0.5, requires_grad=True)
y = x ** 4
(first,) = torch.autograd.grad(y, x, create_graph=True)
print("first:", first)

# %% [markdown] predict
# The graph of `first` is there. What does `torch.autograd.grad(first, x)` give?
#
# answer: 3
#
# The derivative of $4x^3$ is $12x^2$, and $12 \cdot 0.25 = 3$. The engine walked the nodes that the first call had
# added, as it would walk any graph. It cannot tell that they once were a gradient.

# %%
(second,) = torch.autograd.grad(first, x, create_graph=True)
print("second:", second)

# %% [markdown] predict
# The third derivative is asked for *without* `create_graph=True`. Which is true of the result?
#
# - [ ] It is wrong: a third derivative needs `create_graph=True`
# - [x] It is right, but cannot be differentiated once more
# - [ ] It is right, and can be differentiated once more
#
# To walk the graph of `second`, that graph must have been recorded, and it was. What is missing is a record of *this*
# walk: `third` is 12 and has no `grad_fn`. So the last call needs no `create_graph`, and without it the graph is freed.

# %%
(third,) = torch.autograd.grad(second, x)
print("third:", third)
print("third.requires_grad:", third.requires_grad)

# %% [markdown]
# Each order adds nodes of its own, so the graph and its memory grow. With several inputs the first derivatives are a
# vector, the *gradient*, and the second ones a matrix, the *Hessian*.
#
# **Try:** add `create_graph=True` to the third call and take a fourth derivative: 24, whatever `x` is. Remove it from
# the first, and read which line fails. The page *Derivatives* plots $f$, $f'$ and $f''$ of any function.
#
# **Goes on in** Example 5 and Example 6 (the Jacobian), in Beyond 9 (a loss with a gradient in it), and you write it
# yourself in Exercises 3, 4 and 8.
