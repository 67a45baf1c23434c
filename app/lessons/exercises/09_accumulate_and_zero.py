# %% [markdown]
# # Accumulating gradients, and `.zero_()`
#
# `backward()` adds to `.grad`. Sometimes that is what you want, and sometimes `.grad` has to be cleared in between.
#
# Write two functions. `w` is a leaf, `loss(w, batch)` is a scalar, and `batches` is a list. Before the first
# `backward()`, `w.grad` may be `None`, or hold something from earlier that must not count.
#
# - `accumulated(loss, w, batches)` returns the sum of the gradients of the loss over all batches, and leaves it in
#   `w.grad`.
# - `separate(loss, w, batches)` returns a list with the gradient of each batch alone. It clears with `w.grad.zero_()`,
#   also at the end: then `w.grad` is 0. If `w.grad` was there before, it is still the same tensor.
#
# The gradients come from autograd, in any way you like. Differences of losses are only close to them, and not always.
#
# For `loss` = `w * batch` and the batches 2, 3 and 5, the gradients are 2, 3 and 5, and accumulated they are 10.

# %% starter
import torch


def accumulated(loss, w, batches):
    # Clear what was there before. Then go backward for each batch.
    ...


def separate(loss, w, batches):
    # Clear, go backward, and put the gradient away before it is cleared again.
    ...


w = torch.tensor(1.0, requires_grad=True)
print("accumulated:", accumulated(lambda w, batch: w * batch, w, [2.0, 3.0, 5.0]))
print("separate:", separate(lambda w, batch: w * batch, w, [2.0, 3.0, 5.0]))

# %% [markdown] hint
# Before the first `backward()` of a leaf, `w.grad` is `None`, and `None` has no `zero_()`.

# %% [markdown] hint
# `w.grad` is one tensor that changes in place. A list of `w.grad` after each round is a list of the same tensor, three
# times.

# %% [markdown] hint
# `w.grad.clone()` is a copy that stays as it is. In `separate`, each round is: backward, append the clone, `zero_()`.

# %% solution
import torch


def clear(w):
    # In place: whoever holds w.grad sees that it is 0.
    if w.grad is not None:
        w.grad.zero_()


def accumulated(loss, w, batches):
    clear(w)
    for batch in batches:
        # Adds to what is there.
        loss(w, batch).backward()
    return w.grad


def separate(loss, w, batches):
    clear(w)
    gradients = []
    for batch in batches:
        loss(w, batch).backward()
        # A copy: w.grad itself is about to change.
        gradients.append(w.grad.clone())
        clear(w)
    return gradients


w = torch.tensor(1.0, requires_grad=True)
print("accumulated:", accumulated(lambda w, batch: w * batch, w, [2.0, 3.0, 5.0]))
print("separate:", separate(lambda w, batch: w * batch, w, [2.0, 3.0, 5.0]))
print("w.grad at the end:", w.grad)

# %% check
import torch

three_batches = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, -1.0]), torch.tensor([0.5, 4.0])]


def squared(w, batch):
    return ((w * batch) ** 2).sum()


def rounded(w, batch):
    # The values are rounded, the gradient passes straight through: so networks with rounded numbers are trained.
    return ((w + (w.round() - w).detach()) ** 2 * batch).sum()


def fresh():
    return torch.tensor([1.0, -2.0], requires_grad=True)


def used():
    leaf = fresh()
    leaf.grad = torch.tensor([100.0, 100.0])
    return leaf


def grad_after(function, leaf):
    function(squared, leaf, three_batches)
    return leaf.grad


def keeps_its_grad_tensor(leaf):
    before = leaf.grad
    separate(squared, leaf, three_batches)
    return leaf.grad is before


def as_lists(gradients):
    return [gradient.tolist() for gradient in gradients]


fresh_batches = list(torch.randint(-9, 10, (5, 2)).float())

# accumulated returns a tensor
assert torch.is_tensor(accumulated(squared, fresh(), three_batches)), "Return the sum of the gradients."

# The sum over the batches
assert torch.equal(accumulated(squared, fresh(), three_batches), torch.tensor([20.5, -84.0])), (
    "The gradient of each batch is 2 w batch^2. All three are added."
)

# Batches that nobody saw
assert torch.equal(
    accumulated(lambda w, batch: w @ batch, fresh(), fresh_batches), torch.stack(fresh_batches).sum(dim=0)
), "The gradient of w @ batch is the batch. These numbers change with every change of the program."

# The gradients are autograd's
assert torch.equal(
    accumulated(rounded, torch.tensor([1.75, -2.75], requires_grad=True), three_batches), torch.tensor([18.0, -30.0])
), (
    "This loss rounds w, and autograd passes the gradient straight through the rounding: 2w batch at (2, -3). "
    "Differences of losses see flat steps, 0. Ask autograd."
)

# The sum is in w.grad too
assert torch.equal(grad_after(accumulated, fresh()), torch.tensor([20.5, -84.0])), (
    "What is in w.grad after the call?"
)

# What was in w.grad before does not count
assert torch.equal(accumulated(squared, used(), three_batches), torch.tensor([20.5, -84.0])), (
    "Here w.grad was 100 before the call. Clear it before the first backward()."
)

# Each gradient alone
assert as_lists(separate(squared, fresh(), three_batches)) == [[2.0, -16.0], [18.0, -4.0], [0.5, -64.0]], (
    "Each is the gradient of one batch, as it was when that batch had been. Is the list one tensor, three times?"
)

# Each gradient alone, of batches that nobody saw
assert as_lists(separate(lambda w, batch: w @ batch, fresh(), fresh_batches)) == [b.tolist() for b in fresh_batches], (
    "The gradient of w @ batch is the batch: one for each, and from the loss that is passed in."
)

# Each gradient alone, whatever was there before
assert as_lists(separate(squared, used(), three_batches)) == [[2.0, -16.0], [18.0, -4.0], [0.5, -64.0]], (
    "Here w.grad was 100 before the call: the first gradient must not have it in it."
)

# At the end w.grad is 0
assert torch.equal(grad_after(separate, fresh()), torch.tensor([0.0, 0.0])), (
    "Cleared in place after the last batch too: 0, and not None."
)

# It is cleared in place
assert keeps_its_grad_tensor(used()) is True, (
    "zero_() writes zeros into the tensor that is there. Whoever holds it would not see a new one."
)
