import torch


def evaluate(loader):
    def average(values):
        def safe(n):
            return sum(values) / n

        return safe(len(values))

    losses = [((x - 1) ** 2).item() for x in loader]
    return average(losses)


x = torch.tensor(3.0, requires_grad=True)
(x * x).backward()
print("train grad:", x.grad.item())
print("one batch:", evaluate([x]))
try:
    print("no batches:", evaluate([]))
finally:
    print("cleaning up")
