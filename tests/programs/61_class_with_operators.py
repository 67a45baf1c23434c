import torch


class Polynomial:
    def __init__(self, *coefficients):
        self.coefficients = coefficients

    def __call__(self, x):
        result = torch.zeros_like(x)
        for c in reversed(self.coefficients):
            result = result * x + c
        return result

    def __add__(self, other):
        return Polynomial(*(a + b for a, b in zip(self.coefficients, other.coefficients)))

    def __repr__(self):
        return " + ".join(f"{c}x^{k}" for k, c in enumerate(self.coefficients))

    @property
    def degree(self):
        return len(self.coefficients) - 1


p = Polynomial(1, 2, 3) + Polynomial(0, 1, 1)
x = torch.tensor(2.0, requires_grad=True)
p(x).backward()
print(p, p.degree, x.grad.item())
