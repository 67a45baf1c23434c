import torch

x = torch.linspace(-1, 1, 5).unsqueeze(1)
y = 3 * x + 0.5
model = torch.nn.Linear(1, 1)
with torch.no_grad():
    model.weight.fill_(0.0)
    model.bias.fill_(0.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.5)
for epoch in range(6):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    print(f"epoch {epoch}: loss {loss.item():.4f}")
print(f"weight {model.weight.item():.3f} bias {model.bias.item():.3f}")
