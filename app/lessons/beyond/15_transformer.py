# %% [markdown]
# # A Transformer from `torch.nn`
#
# One encoder layer with two heads says which token comes next: a forward pass, a loss, a backward pass and a step.
#
# `mask` is $-\infty$ above the diagonal, so that a position attends to itself and to those before it. The gradient
# proves it: the output at position 1 has a gradient with respect to the vectors at positions 0 and 1, and exactly 0
# with respect to the later ones.
#
# Token 4 is never an input, only a target. So row 4 of the embedding is not used, and its gradient is 0.
#
# **In the graph:** the frames are the modules. In `self_attn` one projection is split into query, key and value, and
# the attention itself is one node. At the two `AddBackward0` of the layer an edge passes the rest of it by: these are
# the residual connections. Colour by module, or by bytes saved.

# %%
import torch
from torch import nn

torch.manual_seed(0)
tokens = torch.tensor([[0, 1, 2, 3, 4]])
inputs, targets = tokens[:, :-1], tokens[:, 1:]

embedding = nn.Embedding(5, 8)
layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, dropout=0.0, batch_first=True)
encoder = nn.TransformerEncoder(layer, num_layers=1, enable_nested_tensor=False)
head = nn.Linear(8, 5)
mask = torch.full((4, 4), float("-inf")).triu(1)
optimizer = torch.optim.SGD(nn.ModuleList([embedding, encoder, head]).parameters(), lr=0.5)

vectors = embedding(inputs)
hidden = encoder(vectors, mask=mask)
loss = nn.functional.cross_entropy(head(hidden)[0], targets[0])
(reach,) = torch.autograd.grad(hidden[0, 1, 0], vectors, retain_graph=True)
print("position 1 depends on:", reach[0].norm(dim=1))

loss.backward()
print("rows of the embedding:", embedding.weight.grad.norm(dim=1))

optimizer.step()
with torch.no_grad():
    after = nn.functional.cross_entropy(head(encoder(embedding(inputs), mask=mask))[0], targets[0])
print(f"loss: {loss.item():.3f}, after one step: {after.item():.3f}")

# %% [markdown]
# **Try:** leave `mask=mask` out of the first call: position 1 then depends on all four. Or ask for the gradient of
# `hidden[0, 1].sum()`: it is 0, because the layer norm at the end gives every position the same sum.
