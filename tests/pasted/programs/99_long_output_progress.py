import sys
import time

import torch
from tqdm import tqdm, trange

torch.manual_seed(0)
w = torch.zeros(3, requires_grad=True)
x = torch.randn(50, 3)
y = x @ torch.tensor([1.0, 2.0, 3.0])
print("=" * 60)
print("{:>6} | {:>10} | {:<20}".format("step", "loss", "bar"))
print("=" * 60)
for step in trange(200, desc="train", ncols=70):
    loss = (x @ w - y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.02 * w.grad
        w.grad = None
    bar = "█" * int(min(20, loss.item()))
    print(f"{step:>6} | {loss.item():>10.3f} | {bar:<20}")
    tqdm.write("err %d" % step, file=sys.stderr) if step % 100 == 0 else None
for i in range(0, 101, 25):
    sys.stdout.write("\rDone: %3d%%" % i)
    sys.stdout.flush()
    time.sleep(0.001)
print("\n\033[92mgreen\033[0m and emoji 🎉 日本語")
print(torch.arange(2000))
print(torch.zeros(3, 3, dtype=torch.int8), torch.tensor([1e-10, 1e10]), torch.tensor(float("nan")))
print(w.detach().numpy().round(1))
print("no newline at the end", end="")
