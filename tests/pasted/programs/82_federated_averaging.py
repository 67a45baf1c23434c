import copy
import logging
import random
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn as nn

logging.basicConfig(format="%(message)s", level=logging.INFO)
log = logging.getLogger("fedavg")


class Client:
    def __init__(self, cid, x, y):
        self.cid, self.x, self.y = cid, x, y

    def __repr__(self):
        return f"<Client {self.cid} n={len(self.x)}>"

    def train(self, global_model, epochs=2, lr=0.1):
        model = copy.deepcopy(global_model)
        opt = torch.optim.SGD(model.parameters(), lr=lr)
        for _ in range(epochs):
            loss = nn.functional.mse_loss(model(self.x), self.y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        log.info("client %s loss %.3f", self.cid, loss.item())
        return model.state_dict(), len(self.x), loss.item()


def fedavg(results):
    total = sum(n for _, n, _ in results)
    avg = OrderedDict()
    for key in results[0][0]:
        avg[key] = sum(sd[key] * (n / total) for sd, n, _ in results)
    return avg


random.seed(0)
torch.manual_seed(0)
w_true = torch.tensor([[1.0], [-2.0], [0.5]])
clients = []
for cid, n in enumerate([8, 16, 24]):
    x = torch.randn(n, 3) + cid
    clients.append(Client(cid, x, x @ w_true))
print(clients)
model = nn.Linear(3, 1)
for rnd in range(4):
    with ThreadPoolExecutor(max_workers=2) as ex:
        results = list(ex.map(lambda c: c.train(model, lr=0.02), clients))
    model.load_state_dict(fedavg(results))
    print(f"round {rnd}: " + " ".join(f"{l:.2f}" for _, _, l in results))
print("distance to truth:", f"{(model.weight.detach().T - w_true).norm().item():.1f}")
