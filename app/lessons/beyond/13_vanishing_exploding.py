# %% [markdown]
# # Vanishing and exploding gradients
#
# A gradient is multiplied by something in every layer. If that is mostly below 1 it vanishes, if it is above, it
# explodes.
#
# The derivative of the sigmoid is at most $1/4$, and $(1/4)^{20}$ is about $10^{-12}$. With a ReLU, weights of standard
# deviation $\sqrt{2/n}$ for $n$ inputs (Kaiming) keep the size of what passes about the same in both directions. Four
# times that is too much in every layer: $4^{20}$ is about $10^{12}$. Then the last layer's gradient is as bad as the
# first's, because the numbers that came forward have exploded too.
#
# **In the graph:** colour by gradient norm. The button that counts vanishing and exploding gradients leads to the layer
# that is farthest from the loss, where what arrives is 10,000 times smaller, or larger, than at the layers beside the
# loss; the key I goes from one to the next.

# %%
import torch


def norms(activation, deviation):
    """Return the norm of the weight's gradient in the first and in the last of 20 layers."""
    torch.manual_seed(0)
    x = torch.randn(8, 16)
    weights = [(torch.randn(16, 16) * deviation).requires_grad_() for _ in range(20)]
    for weight in weights:
        x = activation(x @ weight)
    x.mean().backward()
    return weights[0].grad.norm().item(), weights[-1].grad.norm().item()


kaiming = (2 / 16) ** 0.5
for name, activation, deviation in [
    ("sigmoid, Kaiming", torch.sigmoid, kaiming),
    ("ReLU, 4 x Kaiming", torch.relu, 4 * kaiming),
    ("ReLU, Kaiming", torch.relu, kaiming),
]:
    first, last = norms(activation, deviation)
    print(f"{name:18} first layer {first:.0e}, last layer {last:.0e}")

# %% [markdown]
# **Try:** add the row `("tanh, Kaiming", torch.tanh, kaiming)`: its derivative is 1 at 0, and nothing vanishes. Then
# let each layer add to its input, `x = x + activation(x @ weight)`: for the sigmoid, the gradient of the first layer
# grows from $2 \cdot 10^{-11}$ to $0.08$, because it can pass the layers by.
