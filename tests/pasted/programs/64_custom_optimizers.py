import torch
from torch.optim import Optimizer


class Lion(Optimizer):
    """sign momentum"""

    def __init__(self, params, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.0):
        if lr <= 0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["exp_avg"] = torch.zeros_like(p)
                m = state["exp_avg"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_((m * b1 + p.grad * (1 - b1)).sign(), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)
        return loss


class SAM(Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def first_step(self):
        norm = torch.stack([p.grad.norm() for g in self.param_groups for p in g["params"]]).norm()
        for group in self.param_groups:
            for p in group["params"]:
                e = p.grad * group["rho"] / (norm + 1e-12)
                p.add_(e)
                self.state[p]["e_w"] = e
        self.zero_grad()

    @torch.no_grad()
    def second_step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.sub_(self.state[p]["e_w"])
        self.base_optimizer.step()
        self.zero_grad()


def beale(p):
    x, y = p
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2


for cls, kw in (
    (Lion, dict(lr=0.02)),
    (torch.optim.SGD, dict(lr=0.01, momentum=0.9)),
    (torch.optim.Adam, dict(lr=0.1)),
    (torch.optim.Adagrad, dict(lr=0.3)),
    (torch.optim.RMSprop, dict(lr=0.05)),
    (torch.optim.NAdam, dict(lr=0.1)),
):
    p = torch.tensor([1.0, 1.0], requires_grad=True)
    opt = cls([p], **kw)
    for i in range(25):
        opt.zero_grad()
        loss = beale(p)
        loss.backward()
        opt.step()
    print(f"{cls.__name__:8s} loss {loss.item():.2f}")

w = torch.tensor([1.0, 1.0], requires_grad=True)
sam = SAM([w], torch.optim.SGD, rho=0.01, lr=0.01)
for i in range(15):
    beale(w).backward()
    sam.first_step()
    beale(w).backward()
    sam.second_step()
print("SAM improved:", beale(w).item() < 4)
try:
    Lion([w], lr=-1)
except ValueError as e:
    print("ValueError:", e)
print(Lion([{"params": [w], "lr": 0.5}, {"params": [torch.zeros(1, requires_grad=True)]}]))
