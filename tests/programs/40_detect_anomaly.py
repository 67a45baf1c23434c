import torch

x = torch.tensor(0.0, requires_grad=True)
y = torch.sqrt(x) * 0
y.backward()
print("without:", x.grad)
x.grad = None
try:
    with torch.autograd.set_detect_anomaly(True):
        z = torch.sqrt(x) * 0
        z.backward()
except RuntimeError as error:
    print("with:", error)
