import torch
import torch.nn as nn

model = nn.Linear(4, 2)
print(model)
state = torch.hub.load_state_dict_from_url(
    "https://example.com/models/linear-00000000.pth", model_dir="./weights", progress=True
)
model.load_state_dict(state)
model(torch.ones(1, 4)).sum().backward()
