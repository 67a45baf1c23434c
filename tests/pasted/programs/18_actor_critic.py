from typing import NamedTuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal


class SavedAction(NamedTuple):
    log_prob: torch.Tensor
    value: torch.Tensor
    entropy: torch.Tensor


class ActorCritic(nn.Module):
    def __init__(self, obs=3, act=1):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(obs, 16), nn.Tanh())
        self.mu = nn.Linear(16, act)
        self.log_std = nn.Parameter(torch.zeros(act))
        self.value_head = nn.Linear(16, 1)

    def forward(self, x):
        h = self.body(x)
        return Normal(self.mu(h), self.log_std.exp()), self.value_head(h).squeeze(-1)


def gae(rewards: list[float], values: torch.Tensor, gamma=0.95, lam=0.9) -> torch.Tensor:
    adv, out = 0.0, []
    values = values.tolist() + [0.0]
    for t in reversed(range(len(rewards))):
        delta = rewards[t] + gamma * values[t + 1] - values[t]
        adv = delta + gamma * lam * adv
        out.insert(0, adv)
    return torch.tensor(out)


torch.manual_seed(11)
agent = ActorCritic()
opt = torch.optim.Adam(agent.parameters(), lr=5e-3)
for ep in range(5):
    saved, rewards = [], []
    state = torch.zeros(3)
    for t in range(12):
        dist, value = agent(state)
        a = dist.sample()
        saved.append(SavedAction(dist.log_prob(a).sum(), value, dist.entropy().sum()))
        rewards.append(-((a.item() - 0.5) ** 2))
        state = torch.cat([state[1:], a])
    values = torch.stack([s.value for s in saved])
    adv = gae(rewards, values.detach())
    returns = adv + values.detach()
    policy_loss = -(torch.stack([s.log_prob for s in saved]) * adv).mean()
    value_loss = F.mse_loss(values, returns)
    entropy = torch.stack([s.entropy for s in saved]).mean()
    loss = policy_loss + 0.5 * value_loss - 0.01 * entropy
    opt.zero_grad()
    loss.backward()
    gn = nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
    opt.step()
    print(
        f"ep {ep}: pi={policy_loss.item():+.2f} v={value_loss.item():.2f} H={entropy.item():.2f} clipped={gn.item() > 0.5}"
    )
