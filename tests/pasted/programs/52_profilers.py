import time
import timeit

import torch
import torch.nn as nn
from torch.profiler import ProfilerActivity, profile, record_function

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
x = torch.randn(4, 16)

with torch.autograd.profiler.profile() as prof:
    for _ in range(2):
        model(x).sum().backward()
names = {e.key for e in prof.key_averages()}
print("aten::addmm profiled:", "aten::addmm" in names)
print("backward profiled:", any("AddmmBackward0" in n for n in names))

with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as prof, record_function("model_inference"):
    model(x)
found = [e for e in prof.key_averages() if e.key == "model_inference"]
print("model_inference count:", found[0].count)
table = prof.key_averages().table(sort_by="cpu_time_total", row_limit=5)
print("table has a header:", "Name" in table)
prof.export_chrome_trace("trace.json")

t0 = time.perf_counter()
secs = timeit.timeit(lambda: model(x), number=10)
elapsed = time.perf_counter() - t0
print("timed ok:", secs > 0 and elapsed >= secs)
with open("trace.json") as f:
    print("trace is json:", f.read(1) == "{")
