import torch

torch.manual_seed(0)
lstm = torch.nn.LSTM(input_size=2, hidden_size=2, batch_first=True)
x = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])
out, (h, c) = lstm(x)
print(tuple(out.shape), tuple(h.shape), tuple(c.shape))
print("last output is h:", torch.allclose(out[:, -1], h[0]))
out[:, -1].sum().backward()
print({name: f"{p.grad.norm().item():.3f}" for name, p in lstm.named_parameters()})
