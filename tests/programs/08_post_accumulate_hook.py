import torch

parameters = [torch.tensor(float(k), requires_grad=True) for k in (1, 2, 3)]


def step(parameter):
    with torch.no_grad():
        parameter.sub_(0.1 * parameter.grad)
    parameter.grad = None


for parameter in parameters:
    parameter.register_post_accumulate_grad_hook(step)
loss = sum(p**2 for p in parameters)
loss.backward()
print([round(p.item(), 3) for p in parameters])
print("gradients kept:", [p.grad for p in parameters])
