import threading

import torch

x = torch.ones(2, requires_grad=True)


def work(i):
    y = (x * i).sum()
    if i == 1:
        raise RuntimeError("worker %d failed" % i)
    y.backward()


for i in range(3):
    t = threading.Thread(target=work, args=(i,))
    t.start()
    t.join()
print("main thread goes on, grad =", x.grad)
