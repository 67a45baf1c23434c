"""DQN with a replay buffer and a target network, on a small world of our own."""
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(5)
torch.manual_seed(5)
Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1, self.layer2 = nn.Linear(2, 16), nn.Linear(16, 2)

    def forward(self, x):
        return self.layer2(F.relu(self.layer1(x)))


policy_net, target_net = DQN(), DQN()
target_net.load_state_dict(policy_net.state_dict())
optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-2, amsgrad=True)
memory = ReplayMemory(100)


def select_action(state, eps):
    if random.random() > eps:
        with torch.no_grad():
            return policy_net(state).max(1).indices.view(1, 1)
    return torch.tensor([[random.randrange(2)]])


def optimize_model(batch_size=8, gamma=0.9):
    if len(memory) < batch_size:
        return None
    batch = Transition(*zip(*memory.sample(batch_size)))
    state, action, reward = torch.cat(batch.state), torch.cat(batch.action), torch.cat(batch.reward)
    values = policy_net(state).gather(1, action)
    with torch.no_grad():
        expected = reward + gamma * target_net(torch.cat(batch.next_state)).max(1).values
    loss = nn.SmoothL1Loss()(values, expected.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    return loss.item()


state = torch.zeros(1, 2)
for t in range(25):
    action = select_action(state, eps=0.9 - 0.03 * t)
    next_state = (0.9 * state + torch.tensor([[0.1, -0.1]]) * (2 * action.float() - 1)).clamp(-1, 1)
    reward = 1 - next_state.abs().sum().view(1)
    memory.push(state, action, next_state, reward)
    state = next_state
    loss = optimize_model()
    for key, value in policy_net.state_dict().items():
        target = target_net.state_dict()[key]
        target.copy_(0.05 * value + 0.95 * target)
    print(t, action.item(), repr(loss))
