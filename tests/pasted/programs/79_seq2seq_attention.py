import builtins
import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SOS_token = 0
EOS_token = 1
MAX_LENGTH = 6
random.seed(0)
torch.manual_seed(0)

with builtins.open("eng-rev.txt", "w", encoding="utf-8") as f:
    f.writelines("%s\t%s\n" % (w, w[::-1]) for w in ("cat", "dog", "bird", "fish", "ant"))


class Lang:
    def __init__(self, name):
        self.name = name
        self.word2index = {}
        self.index2word = {0: "SOS", 1: "EOS"}
        self.n_words = 2

    def addSentence(self, sentence):
        for c in sentence:
            if c not in self.word2index:
                self.word2index[c] = self.n_words
                self.index2word[self.n_words] = c
                self.n_words += 1


print("Reading lines...")
pairs = [l.split("\t") for l in builtins.open("eng-rev.txt", encoding="utf-8").read().strip().split("\n")]
lang = Lang("letters")
for a, b in pairs:
    lang.addSentence(a)
print("Counted letters:", lang.n_words)


class EncoderRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, input):
        return self.gru(self.embedding(input))


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys))).squeeze(2).unsqueeze(1)
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, keys), weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden_size, output_size):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attention = BahdanauAttention(hidden_size)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, enc_out, hidden, target=None, teacher_forcing=True):
        inp = torch.full((enc_out.size(0), 1), SOS_token, dtype=torch.long)
        outs, attns = [], []
        for i in range(MAX_LENGTH if target is None else target.size(1)):
            e = self.embedding(inp)
            ctx, w = self.attention(hidden.permute(1, 0, 2), enc_out)
            o, hidden = self.gru(torch.cat((e, ctx), 2), hidden)
            o = self.out(o)
            outs.append(o)
            attns.append(w)
            if target is not None and teacher_forcing:
                inp = target[:, i].unsqueeze(1)  # Teacher forcing
            else:
                inp = o.argmax(-1).detach()  # detach from history as input
        return F.log_softmax(torch.cat(outs, 1), -1), torch.cat(attns, 1)


def to_tensor(s):
    return torch.tensor([[lang.word2index[c] for c in s] + [EOS_token]])


enc, dec = EncoderRNN(lang.n_words, 16), AttnDecoderRNN(16, lang.n_words)
eo, do = optim.Adam(enc.parameters(), lr=0.01), optim.Adam(dec.parameters(), lr=0.01)
criterion = nn.NLLLoss()
for epoch in range(1, 9):
    total = 0
    for a, b in pairs:
        eo.zero_grad()
        do.zero_grad()
        t = to_tensor(b)
        use_tf = random.random() < 0.7
        eout, h = enc(to_tensor(a))
        out, attn = dec(eout, h, t, use_tf)
        loss = criterion(out.view(-1, out.size(-1)), t.view(-1))
        loss.backward()
        eo.step()
        do.step()
        total += loss.item()
    if epoch % 4 == 0:
        print("(%d %d%%) %.2f" % (epoch, epoch / 8 * 100, total / len(pairs)))
with torch.no_grad():
    out, attn = dec(*enc(to_tensor("cat")))
print("attention rows sum to one:", torch.allclose(attn.sum(-1), torch.ones(1, MAX_LENGTH)))
