# %% [markdown]
# # `retain_graph`, and what it does to memory
#
# `backward()` frees what the graph has saved. `retain_graph=True` keeps it, for another pass, and keeps its memory too.
#
# Write three functions.
#
# - `backward_times(y, n)` goes backward from the scalar `y` exactly `n` times over the same graph, so that the
#   gradients add up. Afterwards the graph is freed.
# - `backward_all(losses)` goes backward from each scalar in a list. The losses may share a part of their graphs.
#   Afterwards the shared part is freed.
# - `memory_story(y)` returns three numbers, the bytes that the graph of `y` holds: before any backward, after a
#   backward with `retain_graph=True`, and after one without.
#
# What is counted: the starter has `held_bytes(y)`, which walks the graph and adds up the bytes of the tensors that its
# nodes have saved. Of a node that was freed nothing can be read. A tensor that two nodes have saved may count once or
# twice: the checks have none. (On a GPU, `torch.cuda.memory_allocated()` falls when
# such a tensor is freed, unless something else holds it.)
#
# For `y = torch.exp(x).sum()` with 1,000 numbers of 4 bytes, `memory_story(y)` is `[4000, 4000, 0]`.

# %% starter
import torch


def held_bytes(y):
    """Return the bytes of the tensors that the graph of y has saved and not freed."""
    total, seen, todo = 0, set(), [y.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        todo += [parent for parent, _ in node.next_functions]
        for name in ("_saved_self", "_saved_other", "_saved_result"):
            try:
                saved = getattr(node, name)
            except (AttributeError, RuntimeError):  # this node has none, or it was freed
                continue
            if torch.is_tensor(saved):
                total += saved.numel() * saved.element_size()
    return total


def backward_times(y, n):
    ...


def backward_all(losses):
    ...


def memory_story(y):
    ...


x = torch.zeros(1000, requires_grad=True)
y = torch.exp(x).sum()
print("held before any backward:", held_bytes(y))
print("story:", memory_story(y))

# %% [markdown] hint
# Every pass but the last one needs `retain_graph=True`. The last one must not have it: it is what frees the graph.

# %% [markdown] hint
# `retain_graph=(i < n - 1)` in a loop over `range(n)` is true in every round but the last.

# %% [markdown] hint
# `backward_all` is the same loop over the losses. In `memory_story`, call `held_bytes(y)` three times, with a backward
# between the first and the second, and another between the second and the third.

# %% solution
import torch


def held_bytes(y):
    """Return the bytes of the tensors that the graph of y has saved and not freed."""
    total, seen, todo = 0, set(), [y.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        todo += [parent for parent, _ in node.next_functions]
        for name in ("_saved_self", "_saved_other", "_saved_result"):
            try:
                saved = getattr(node, name)
            except (AttributeError, RuntimeError):  # this node has none, or it was freed
                continue
            if torch.is_tensor(saved):
                total += saved.numel() * saved.element_size()
    return total


def backward_times(y, n):
    for i in range(n):
        # Keep the graph as long as another pass is to come. The last pass frees it.
        y.backward(retain_graph=i < n - 1)


def backward_all(losses):
    for i, loss in enumerate(losses):
        # The next loss needs the shared part once more.
        loss.backward(retain_graph=i < len(losses) - 1)


def memory_story(y):
    story = [held_bytes(y)]
    y.backward(retain_graph=True)
    story.append(held_bytes(y))
    y.backward()
    story.append(held_bytes(y))
    return story


x = torch.zeros(1000, requires_grad=True)
print("story of exp:", memory_story(torch.exp(x).sum()))
print("gradient after two passes:", x.grad[0])

w = torch.tensor(2.0, requires_grad=True)
shared = torch.exp(w)
backward_all([3 * shared, shared ** 2])
print(f"gradient of two losses: {w.grad.item():.3f}, held by the shared part: {held_bytes(shared)} bytes")

# %% check
import torch


def grad_after_times(n):
    leaf = torch.tensor(2.0, requires_grad=True)
    backward_times(leaf ** 3, n)
    return leaf.grad


def passes_of(n):
    arrived = []
    y = torch.tensor(2.0, requires_grad=True) ** 3
    y.register_hook(arrived.append)
    backward_times(y, n)
    return len(arrived)


def can_go_again_after_times(n):
    y = torch.tensor(2.0, requires_grad=True) ** 3
    backward_times(y, n)
    try:
        y.backward()
    except RuntimeError:
        return False
    return True


def grad_after_all():
    leaf = torch.tensor([1.0, 2.0], requires_grad=True)
    common = leaf ** 2
    backward_all([common.sum(), (common * torch.tensor([1.0, 10.0])).sum(), common.prod()])
    return leaf.grad


def shared_part_can_go_again():
    common = torch.tensor([1.0, 2.0], requires_grad=True) ** 2
    backward_all([common.sum(), common.prod()])
    try:
        common.sum().backward()
    except RuntimeError:
        return False
    return True


def story_of(size, dtype):
    leaf = torch.linspace(0.1, 1, size, dtype=dtype).requires_grad_()
    return memory_story((torch.sin(leaf) * torch.cos(leaf + 1)).sum())


def story_of_chain(sizes, kinds, dtype):
    # x[:size] and + 0.5 save no tensor, exp saves its result and sin its input.
    x = torch.linspace(0.1, 1, 500, dtype=dtype).requires_grad_()
    for size, kind in zip(sizes, kinds):
        x = x[:size] + 0.5
        x = torch.exp(-x) if kind == 1 else torch.sin(x) if kind == 2 else x
    return memory_story(x.sum())


def what_the_story_did():
    leaf = torch.linspace(0.1, 1, 20).requires_grad_()
    arrived = []
    result = torch.exp(leaf)
    result.register_hook(lambda gradient: arrived.append(node_holds(result.grad_fn)))
    memory_story(result.sum())
    twice = leaf.grad is not None and torch.allclose(leaf.grad, 2 * torch.exp(leaf))
    return arrived, node_holds(result.grad_fn), twice


def node_holds(node):
    try:
        return node._saved_result is not None
    except RuntimeError:  # freed
        return False


n = int(torch.randint(4, 9, ()))
fresh_sizes = sorted(torch.randint(5, 500, (4,)).tolist(), reverse=True)
fresh_kinds = [1, 2, *torch.randint(0, 3, (2,)).tolist()]
fresh_type = [torch.float32, torch.float64][int(torch.randint(0, 2, ()))]
fresh_bytes = sum(size for size, kind in zip(fresh_sizes, fresh_kinds) if kind) * (8 if fresh_type == torch.float64 else 4)

# Once
assert grad_after_times(1) == 12.0, "3x^2 at x = 2, once."

# Three times, added up
assert grad_after_times(3) == 36.0, "Three passes over one graph: 12 + 12 + 12."

# As often as nobody saw
assert grad_after_times(n) == 12.0 * n, "12 for each pass. Their number changes with every change of the program."

# As many passes over the same graph
assert passes_of(3) == 3, "A hook on y counts how often a gradient arrives there."

# The last pass frees the graph
assert can_go_again_after_times(2) is False, (
    "Another backward() was possible, so the graph is still held. Which pass must not retain it?"
)

# Losses that share a part of their graphs
assert torch.equal(grad_after_all(), torch.tensor([12.0, 48.0])), (
    "The gradients of all three losses, added up: (2, 4), (2, 40) and (8, 4)."
)

# The shared part is freed
assert shared_part_can_go_again() is False, "The pass of the last loss should free the part that the losses share."

# The memory story
assert story_of(1000, torch.float32) == [16000, 16000, 0], (
    "sin and cos save their input, the product both factors. Before, after retaining, after freeing."
)

# The memory story of other numbers
assert story_of(10, torch.float64) == [320, 320, 0], "The same graph with 10 numbers of 8 bytes: the bytes are counted."

# The memory story of a graph that nobody saw
assert story_of_chain(fresh_sizes, fresh_kinds, fresh_type) == [fresh_bytes, fresh_bytes, 0], (
    "A chain of exp, sin and cuts, other ones with every change of the program. What its nodes have saved has to be "
    "counted: neither x nor y says how much that is."
)

# The story happens
assert what_the_story_did() == ([True, True], False, True), (
    "Two backward passes go through the graph, which is still held when each of them begins. Afterwards it is freed, and "
    "the leaf's gradient is that of both passes."
)
