import torch


def counter(start):
    count = start

    def bump():
        nonlocal count
        count += 1
        return count

    return bump


def powers(x, highest):
    term = torch.ones_like(x)
    for _ in range(highest):
        term = term * x
        yield term


bump = counter(10)
x = torch.tensor(2.0, requires_grad=True)
total = sum(powers(x, 3))
total.backward()
print(bump(), bump(), x.grad.item())
squares = {n: n**2 for n in range(5) if n % 2}
print(squares, [a + b for a, b in zip("abc", "xyz")], sorted({3, 1, 2}, reverse=True))
first, *middle, last = range(5)
print(first, middle, last)
