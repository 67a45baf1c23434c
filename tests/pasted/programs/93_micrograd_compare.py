"""A scalar autograd engine in 60 lines, checked against torch and with doctests."""

import doctest
import random
import unittest

import torch


class Value:
    """
    >>> a = Value(2.0); b = Value(3.0)
    >>> c = a * b + a
    >>> c.backward()
    >>> a.grad, b.grad
    (4.0, 2.0)
    """

    def __init__(self, data, _children=(), _op=""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = _children
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def relu(self):
        out = Value(max(0.0, self.data), (self,), "ReLU")

        def _backward():
            self.grad += (out.data > 0) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if id(v) not in visited:
                visited.add(id(v))
                for c in v._prev:
                    build(c)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

    __radd__, __rmul__ = __add__, __mul__

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"


class TestEngine(unittest.TestCase):
    def test_against_torch(self):
        random.seed(0)
        for _ in range(10):
            xs = [random.uniform(-1, 1) for _ in range(3)]
            v = [Value(x) for x in xs]
            t = [torch.tensor(x, dtype=torch.double, requires_grad=True) for x in xs]
            f = lambda a, b, c: (a * b + c).relu() * a + 2 * c * c + b
            f(*v).backward()
            f(*t).backward()
            for a, b in zip(v, t):
                self.assertAlmostEqual(a.grad, b.grad.item(), places=9)


print(doctest.testmod())
print(Value(1.5) * 2)
res = unittest.main(argv=["prog"], exit=False).result
print("tests run:", res.testsRun, "ok:", res.wasSuccessful())
