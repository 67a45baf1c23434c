import torch
from torch import nn
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.data import DataLoader, TensorDataset


class EMA:
    """Exponential moving average of the weights (by hand)"""

    def __init__(self, model, decay):
        self.decay = decay
        self.shadow = {}
        self.backup = {}
        for name, param in model.named_parameters():
            if param.requires_grad:
                self.shadow[name] = param.data.clone()

    def update(self, model):
        for name, param in model.named_parameters():
            if param.requires_grad:
                assert name in self.shadow
                self.shadow[name] = (1.0 - self.decay) * param.data + self.decay * self.shadow[name]

    def apply_shadow(self, model):
        for name, param in model.named_parameters():
            self.backup[name] = param.data
            param.data = self.shadow[name]

    def restore(self, model):
        for name, param in model.named_parameters():
            param.data = self.backup[name]
        self.backup = {}


torch.manual_seed(0)
ds = TensorDataset(torch.randn(32, 4), torch.randn(32, 1))
loader = DataLoader(ds, batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
ema = EMA(model, 0.9)
ema_model = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
swa_model = AveragedModel(model)
swa_scheduler = SWALR(opt, anneal_strategy="linear", anneal_epochs=2, swa_lr=0.05)
for epoch in range(4):
    for xb, yb in loader:
        loss = nn.functional.mse_loss(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        ema.update(model)
        ema_model.update_parameters(model)
    if epoch >= 2:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    print(epoch, "lr", round(opt.param_groups[0]["lr"], 4), "n_averaged", swa_model.n_averaged.item())
update_bn(loader, swa_model)

x = torch.randn(2, 4)
model.eval()
swa_model.eval()
before = model(x)
ema.apply_shadow(model)
shadow_out = model(x)
ema.restore(model)
print("restored:", torch.equal(before, model(x)), "shadow differs:", not torch.equal(before, shadow_out))
print(swa_model(x).shape)
