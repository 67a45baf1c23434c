import torch

x = torch.tensor(3.14159265, requires_grad=True)
name, width = "pi", 10
print(f"{name!r:>6}|{x.item():.3f}|{x.item():{width}.2f}|{x.item():+.1e}|{0.256:.1%}|{1234567:,}|{255:#x}|{5:03d}")
print(f"{x}", f"{x.detach()}", f"{x.item() = :.4f}")
print("{:<8}|{:^8}|{:>8}".format("a", "b", "c"))
print("%-6s %5.2f %d" % ("row", 2.5, 7))
print(torch.tensor([[1.5, -2.25], [1e-8, 1e6]]))
print(torch.tensor([1, 2]), torch.tensor([True, False]), torch.tensor([0.1], dtype=torch.float64))
print(torch.arange(3, dtype=torch.float16), torch.Size([2, 3]), x.dtype, x.device)
print("a", "b", sep="-", end="!\n")
