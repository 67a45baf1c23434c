import copy
import hashlib
import io
import json
import os
import pickle
import random
import shutil
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn


def set_seed(seed=42):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    os.environ["PYTHONHASHSEED"] = str(seed)


class Vocab:
    def __init__(self, words):
        self.itos = list(words)
        self.stoi = {w: i for i, w in enumerate(self.itos)}

    def __len__(self):
        return len(self.itos)

    def __eq__(self, other):
        return isinstance(other, Vocab) and self.itos == other.itos

    def __getstate__(self):
        return {"itos": self.itos}

    def __setstate__(self, s):
        self.__init__(s["itos"])

    def __repr__(self):
        return f"{type(self).__name__}({self.itos!r})"


class Model(nn.Module):
    def __init__(self, v):
        super().__init__()
        self.v = v
        self.emb = nn.Embedding(len(v), 3)

    def forward(self, w):
        return self.emb(torch.tensor([self.v.stoi[x] for x in w])).sum()


set_seed()
v = Vocab(["a", "b", "c"])
with open("vocab.pkl", "wb") as f:
    pickle.dump(v, f, protocol=pickle.HIGHEST_PROTOCOL)
with open("vocab.pkl", "rb") as f:
    v2 = pickle.load(f)
print(v2, v == v2, v is v2)

m = Model(v)
m(["a", "c"]).backward()
torch.save(m, "whole_model.pth")
m2 = torch.load("whole_model.pth", weights_only=False)
print(type(m2).__name__, torch.equal(m.emb.weight, m2.emb.weight), m2.v)
try:
    torch.load("whole_model.pth")
except pickle.UnpicklingError as e:
    print("UnpicklingError:", str(e).split("\n")[0][:40])
m3 = copy.deepcopy(m)
with torch.no_grad():
    m3.emb.weight.zero_()
print("deep copy independent:", m.emb.weight.abs().sum().item() > 0)
buf = io.BytesIO()
torch.save({"a": torch.arange(3), "rng": torch.get_rng_state()}, buf)
buf.seek(0)
print(torch.load(buf)["a"])
r = random.random(), np.random.rand(), torch.rand(1).item()
set_seed()
Model(v)
print("reproducible:", random.random() == r[0], np.random.rand() == r[1])
digest = hashlib.sha256(Path("vocab.pkl").read_bytes()).hexdigest()
print("sha256 has", len(digest), "hex digits")
with tempfile.TemporaryDirectory() as d:
    p = Path(d) / "sub" / "x.json"
    p.parent.mkdir()
    p.write_text(json.dumps({"loss": 0.5, "ok": True, "none": None}))
    shutil.copy(p, p.with_suffix(".bak"))
    print(json.loads(p.read_text()), sorted(q.name for q in p.parent.iterdir()))
with tempfile.NamedTemporaryFile("w+", suffix=".txt") as tf:
    tf.write("hello\n")
    tf.seek(0)
    print(tf.read().strip())
np.save("w.npy", m.emb.weight.detach().numpy())
print(np.load("w.npy").shape, sorted(x.name for x in Path(".").glob("*.p*")))
