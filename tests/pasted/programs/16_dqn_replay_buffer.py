# DQN on a hand made 1-D corridor environment (gym is not needed)
import math
import random
from collections import deque, namedtuple
from itertools import count

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque(maxlen=capacity)

    def push(self, *args):
        """Save a transition"""
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


class Corridor:
    n = 5

    def reset(self):
        self.pos = 0
        return self._obs()

    def _obs(self):
        return F.one_hot(torch.tensor(self.pos), self.n).float().unsqueeze(0)

    def step(self, a):
        self.pos = max(0, self.pos + (1 if a == 1 else -1))
        done = self.pos == self.n - 1
        return self._obs(), 1.0 if done else -0.01, done


class DQN(nn.Module):
    def __init__(self, n_observations, n_actions):
        super().__init__()
        self.layer1 = nn.Linear(n_observations, 16)
        self.layer3 = nn.Linear(16, n_actions)

    def forward(self, x):
        return self.layer3(F.relu(self.layer1(x)))


random.seed(0)
torch.manual_seed(0)
BATCH_SIZE, GAMMA, EPS_START, EPS_END, EPS_DECAY, TAU, LR = 16, 0.9, 0.9, 0.05, 50, 0.05, 1e-2
policy_net, target_net = DQN(5, 2), DQN(5, 2)
target_net.load_state_dict(policy_net.state_dict())
optimizer = optim.AdamW(policy_net.parameters(), lr=LR, amsgrad=True)
memory = ReplayMemory(500)
steps_done = 0
env = Corridor()


def select_action(state):
    global steps_done
    eps = EPS_END + (EPS_START - EPS_END) * math.exp(-1.0 * steps_done / EPS_DECAY)
    steps_done += 1
    if random.random() > eps:
        with torch.no_grad():
            return policy_net(state).max(1).indices.view(1, 1)
    return torch.tensor([[random.randrange(2)]], dtype=torch.long)


def optimize_model():
    if len(memory) < BATCH_SIZE:
        return None
    batch = Transition(*zip(*memory.sample(BATCH_SIZE)))
    non_final_mask = torch.tensor([s is not None for s in batch.next_state], dtype=torch.bool)
    state_batch = torch.cat(batch.state)
    action_batch = torch.cat(batch.action)
    reward_batch = torch.cat(batch.reward)
    q = policy_net(state_batch).gather(1, action_batch)
    next_values = torch.zeros(BATCH_SIZE)
    nxt = [s for s in batch.next_state if s is not None]
    with torch.no_grad():
        if nxt:
            next_values[non_final_mask] = target_net(torch.cat(nxt)).max(1).values
    loss = nn.SmoothL1Loss()(q, (next_values * GAMMA + reward_batch).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    return loss.item()


for i_episode in range(6):
    state = env.reset()
    for t in count():
        action = select_action(state)
        obs, reward, done = env.step(action.item())
        memory.push(state, action, None if done else obs, torch.tensor([reward]))
        state = obs
        optimize_model()
        tsd = target_net.state_dict()
        for key, val in policy_net.state_dict().items():
            tsd[key] = val * TAU + tsd[key] * (1 - TAU)
        target_net.load_state_dict(tsd)
        if done or t >= 15:
            print(f"episode {i_episode} finished={done}")
            break
print("Complete, memory size > 16:", len(memory) > 16)
