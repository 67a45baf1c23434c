"""Tensor subclasses via __torch_function__"""

import functools

import torch

HANDLED_FUNCTIONS = {}


def implements(torch_function):
    @functools.wraps(torch_function)
    def decorator(func):
        HANDLED_FUNCTIONS[torch_function] = func
        return func

    return decorator


class ScalarTensor:
    """an N x N diagonal with one value: not a Tensor at all, just duck typed"""

    def __init__(self, N, value):
        self._N = N
        self._value = value

    def __repr__(self):
        return f"ScalarTensor(N={self._N}, value={self._value})"

    def tensor(self):
        return self._value * torch.eye(self._N)

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if kwargs is None:
            kwargs = {}
        if func not in HANDLED_FUNCTIONS or not all(issubclass(t, (torch.Tensor, ScalarTensor)) for t in types):
            return NotImplemented
        return HANDLED_FUNCTIONS[func](*args, **kwargs)


@implements(torch.mean)
def mean(input):
    return float(input._value) / input._N


@implements(torch.add)
def add(input, other):
    return input.tensor() + other if isinstance(input, ScalarTensor) else input + other.tensor()


d = ScalarTensor(5, 2)
print(d, torch.mean(d))
print(torch.add(ScalarTensor(2, 2), torch.ones(2, 2)))
try:
    torch.mul(d, 2)
except TypeError as e:
    print("TypeError:", str(e).split(":")[0][:40])


class LoggingTensor(torch.Tensor):
    log = []

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.log.append(getattr(func, "__name__", "?"))
        return super().__torch_function__(func, types, args, kwargs or {})


class MetadataTensor(torch.Tensor):
    @staticmethod
    def __new__(cls, data, unit="m"):
        t = torch.as_tensor(data, dtype=torch.float32).as_subclass(cls)
        t.unit = unit
        return t

    def __repr__(self):
        return f"<{self.tolist()} {getattr(self, 'unit', '?')}>"


x = torch.tensor([1.0, 2.0]).as_subclass(LoggingTensor).requires_grad_()
LoggingTensor.log.clear()
y = (x * 3).sin().sum()
print(LoggingTensor.log, type(y).__name__)
y.backward()
print(type(x.grad).__name__, x.grad.as_subclass(torch.Tensor).numpy().round(4))

m = MetadataTensor([1, 2, 3], unit="km")
print(m, m + 1, type(m + 1).__name__)


class MyParam(torch.nn.Parameter):
    pass


lin = torch.nn.Linear(2, 2)
lin.weight = MyParam(torch.eye(2))
lin(torch.ones(1, 2)).sum().backward()
print([type(p).__name__ for p in lin.parameters()], lin.weight.grad.tolist())
