import torch


def mean_error(prediction, target):
    return ((prediction - target) ** 2).mean()


prediction = torch.zeros(4, requires_grad=True)
print(mean_error(prediction, torch.ones(4)).item())
print(mean_error(prediction, torch.ones(3)).item())
