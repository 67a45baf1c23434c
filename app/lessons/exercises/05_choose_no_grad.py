# %% [markdown]
# # `torch.no_grad()` around chosen operations
#
# What runs under `torch.no_grad()` is not recorded. The art is to choose what that should be.
#
# Write three functions.
#
# - `predict(model, x)` returns `model(x)`, computed without recording anything.
# - `with_frozen(body, head, x)` returns `head(body(x))`. Only `head` is recorded, so that its parameters get gradients,
#   and those of `body` none. `body` is not recorded at all: to detach its result would come too late.
# - `step(w, learning_rate)` changes the leaf `w` in place: it subtracts the learning rate times `w.grad`. It returns
#   nothing.
#
# Afterwards autograd records as before. For a leaf `w` = 3 and $y = w^2$, after `y.backward()` and `step(w, 0.5)`, `w`
# is $3 - 0.5 \cdot 6 = 0$, and it is still a leaf that requires a gradient.

# %% starter
import torch


def predict(model, x):
    ...


def with_frozen(body, head, x):
    ...


def step(w, learning_rate):
    ...


w = torch.tensor(3.0, requires_grad=True)
print("prediction:", predict(lambda x: w * x, torch.tensor(2.0)))
y = w ** 2
y.backward()
step(w, 0.5)
print("w after a step:", w)

# %% [markdown] hint
# `with torch.no_grad():` holds for the lines inside it, also for what the functions do that are called there. When the
# block ends, autograd records again.

# %% [markdown] hint
# In `with_frozen` the block contains the call of `body` alone. `head` gets its result, outside.

# %% [markdown] hint
# PyTorch refuses to change a leaf in place while it records. And `w = w - ...` would make a new tensor, of which the
# caller knows nothing: inside the block, use `w -= ...` or `w.sub_(...)`.

# %% solution
import torch


def predict(model, x):
    # The whole forward pass: nothing is saved for a backward that will not come.
    with torch.no_grad():
        return model(x)


def with_frozen(body, head, x):
    with torch.no_grad():
        features = body(x)
    # Outside the block: here the graph begins, with features as a constant.
    return head(features)


def step(w, learning_rate):
    # The step itself is not part of any graph, and it changes the very tensor that was passed in.
    with torch.no_grad():
        w -= learning_rate * w.grad


w = torch.tensor(3.0, requires_grad=True)
print("prediction:", predict(lambda x: w * x, torch.tensor(2.0)))
y = w ** 2
y.backward()
step(w, 0.5)
print("w after a step:", w)

# %% check
import torch
from torch.overrides import TorchFunctionMode

body_weight = torch.tensor([1.0, 2.0], requires_grad=True)
head_weight = torch.tensor([3.0, 4.0], requires_grad=True)


def body_part(x):
    return x * body_weight


def head_part(x):
    return (x * head_weight).sum()


class Recorded(TorchFunctionMode):
    """Notes which operations give a result with a grad_fn."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.grad_fn is not None:
            self.names.append(function.__name__)
        return result


def watched(part, seen):
    def run(x):
        y = part(x)
        seen.append(y.requires_grad)
        return y

    return run


def recorded_in_model():
    seen = []
    predict(watched(body_part, seen), torch.ones(2))
    return seen


def recorded_in_body_and_head():
    body, head = [], []
    with_frozen(watched(body_part, body), watched(head_part, head), torch.ones(2))
    return body, head


def recorded_in_step():
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    (leaf**2).sum().backward()
    with Recorded() as recorded:
        step(leaf, 0.25)
    return recorded.names


def recording_afterwards():
    predict(body_part, torch.ones(2))
    return (body_part(torch.ones(2))).requires_grad


def gradients_with_frozen_body():
    body_weight.grad = head_weight.grad = None
    with_frozen(body_part, head_part, torch.tensor([5.0, 6.0])).backward()
    return body_weight.grad, head_weight.grad.tolist()


def frozen_result_has_a_graph():
    result = with_frozen(body_part, head_part, torch.tensor([5.0, 6.0]))
    return type(result) is torch.Tensor and result.grad_fn is not None


def stepped(start, rate):
    leaf = torch.tensor(start, requires_grad=True)
    (leaf ** 2).sum().backward()
    step(leaf, rate)
    return leaf


rate = int(torch.randint(1, 8, ())) / 8

# Nothing is recorded while the model runs
assert recorded_in_model() == [False], (
    "Inside the model: does its result have a graph? It runs once, and autograd should not record while it does. To "
    "detach the result comes too late."
)

# predict returns what the model returns
assert torch.equal(predict(body_part, torch.tensor([5.0, 6.0])), torch.tensor([5.0, 12.0])), (
    "The values are those of model(x)."
)

# Autograd records again afterwards
assert recording_afterwards() is True, "predict switched recording off and left it off."

torch.set_grad_enabled(True)

# The result with a frozen body has a graph
assert frozen_result_has_a_graph() is True, "Return the tensor that head gives. Its call has to be recorded."

# The body is not recorded, and the head is
assert recorded_in_body_and_head() == ([False], [True]), (
    "Inside body, then inside head: does the result have a graph? Each runs once. A result that is recorded and then "
    "detached was recorded."
)

# Gradients reach the head and not the body
assert gradients_with_frozen_body() == (None, [5.0, 12.0]), (
    "First the gradient of the body's weight, then that of the head's. Which of the two calls is recorded?"
)

# A step changes the leaf
assert stepped([3.0, -1.0], 0.25).tolist() == [1.5, -0.5], (
    "3 - 0.25 * 6 and -1 + 0.25 * 2, in the very tensor that was passed in."
)

# A step at a rate that nobody saw
assert stepped([4.0, -2.0], rate).tolist() == [4.0 - 8.0 * rate, -2.0 + 4.0 * rate], (
    "w - rate * 2w. The rate changes with every change of the program."
)

# Nothing is recorded in a step
assert recorded_in_step() == [], (
    "These operations gave a result with a graph. The whole step belongs under no_grad, not only the last assignment."
)

# The leaf is still a leaf that requires a gradient
assert (stepped([3.0], 0.5).is_leaf, stepped([3.0], 0.5).requires_grad) == (True, True), (
    "is_leaf and requires_grad after a step. The step should be no part of the graph."
)
