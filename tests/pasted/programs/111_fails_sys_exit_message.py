import sys

import torch

print("torch imported")
w = torch.ones(2, requires_grad=True)
w.prod().backward()
if not torch.cuda.is_available() and "--cpu" not in sys.argv:
    sys.exit("error: this script needs a GPU (or pass --cpu)")
print("never here on a cpu", w.grad)
