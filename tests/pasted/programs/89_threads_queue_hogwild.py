import queue
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import torch
import torch.nn as nn

torch.manual_seed(0)
torch.set_num_threads(1)
model = nn.Linear(3, 1)
x, y = torch.randn(24, 3), torch.randn(24, 1)

# 1. producer / consumer: one thread prepares batches, the main thread trains
q = queue.Queue(maxsize=2)
SENTINEL = object()


def producer():
    for xb, yb in zip(x.split(8), y.split(8)):
        q.put((xb, yb))
    q.put(SENTINEL)


t = threading.Thread(target=producer, name="loader", daemon=True)
t.start()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
n = 0
while (item := q.get()) is not SENTINEL:
    loss = nn.functional.mse_loss(model(item[0]), item[1])
    opt.zero_grad()
    loss.backward()
    opt.step()
    n += 1
t.join()
print("batches:", n, "thread alive:", t.is_alive())

# 2. gradients computed in threads, each with its own graph
results = [None] * 3
lock = threading.Lock()


def worker(rank):
    out = nn.functional.mse_loss(model(x[rank::3]), y[rank::3])
    g = torch.autograd.grad(out, list(model.parameters()))
    with lock:
        results[rank] = g


threads = [threading.Thread(target=worker, args=(r,)) for r in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
mean = torch.stack([r[0] for r in results]).mean(0)
(full,) = torch.autograd.grad(nn.functional.mse_loss(model(x), y), model.weight)
print("mean of thread grads == full grad:", torch.allclose(mean, full, atol=1e-5))

# 3. executor
with ThreadPoolExecutor(2) as pool:
    futs = {
        pool.submit(lambda k: torch.full((2,), float(k)).requires_grad_().pow(2).sum().item(), k): k for k in range(4)
    }
    got = {futs[f]: f.result() for f in as_completed(futs)}
print(sorted(got.items()))

# 4. grad mode is thread local, Event, Timer, thread local storage
flag, ev, tl = {}, threading.Event(), threading.local()


def check():
    flag["enabled"] = torch.is_grad_enabled()
    ev.set()


with torch.no_grad():
    th = threading.Thread(target=check)
    th.start()
    ev.wait(5)
    th.join()
    print("main:", torch.is_grad_enabled(), "thread:", flag["enabled"])
timer = threading.Timer(0.01, lambda: flag.update(timer=True))
timer.start()
timer.join()
print(flag["timer"], hasattr(tl, "x"), threading.current_thread() is threading.main_thread())
