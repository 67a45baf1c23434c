import atexit
import gc
import sys
import weakref

import torch

atexit.register(print, "atexit: bye")


class Resource:
    alive = 0

    def __init__(self, name):
        self.name = name
        self.t = torch.ones(3, requires_grad=True)
        Resource.alive += 1

    def __enter__(self):
        print("enter", self.name)
        return self

    def __exit__(self, et, ev, tb):
        print("exit", self.name, et.__name__ if et else None)
        return True

    def __del__(self):
        Resource.alive -= 1
        print("del", self.name)


r = Resource("a")
ref = weakref.ref(r)
weakref.finalize(r, print, "finalizer of a")
del r
print("dead:", ref() is None, "alive:", Resource.alive)

# a cycle needs the collector
a, b = Resource("x"), Resource("y")
a.other, b.other = b, a
del a, b
gc.collect()
print("alive after collect:", Resource.alive)

with Resource("ctx") as res:
    loss = (res.t**2).sum()
    loss.backward()
    print(res.t.grad)
    raise ValueError("swallowed by __exit__")

# graph is freed when the output dies
x = torch.ones(2, requires_grad=True)
freed = []


class Token:
    pass


y = (x * 2).sum()
tok = Token()
y.grad_fn.metadata["tok"] = tok
weakref.finalize(tok, freed.append, "node freed")
del tok
print("before:", freed)
del y
gc.collect()
print("after:", freed)

# tensors tracked by the gc
big = [o for o in gc.get_objects() if type(o) is torch.Tensor and tuple(o.shape) == (17, 3)]
keep = torch.zeros(17, 3)
again = [o for o in gc.get_objects() if type(o) is torch.Tensor and tuple(o.shape) == (17, 3)]
print(len(big), len(again) >= 1)
print("refcount >= 2:", sys.getrefcount(keep) >= 2)
wd = weakref.WeakValueDictionary({"t": keep})
print(list(wd))
try:
    print("in try")
finally:
    print("in finally")
last = Resource("module-level")
