import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, StepLR

w = torch.tensor(1.0, requires_grad=True)


def rates(make):
    optimizer = torch.optim.SGD([w], lr=0.1)
    scheduler = make(optimizer)
    found = []
    for _ in range(4):
        found.append(round(optimizer.param_groups[0]["lr"], 5))
        optimizer.step()
        scheduler.step()
    return found


print("step", rates(lambda o: StepLR(o, step_size=2, gamma=0.5)))
print("exponential", rates(lambda o: ExponentialLR(o, gamma=0.9)))
print("warm-up", rates(lambda o: LambdaLR(o, lambda epoch: min(1.0, (epoch + 1) / 3))))
