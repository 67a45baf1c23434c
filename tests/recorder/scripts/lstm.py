"""An LSTM language model, trained with truncated backpropagation through time."""
import torch
from torch import nn

torch.manual_seed(0)
words = ("in the beginning was the word and the word was short " * 20).split()
vocab = {w: i for i, w in enumerate(dict.fromkeys(words))}
corpus = torch.tensor([vocab[w] for w in words])
batch, bptt = 4, 8
length = len(corpus) // batch
batched = corpus[: length * batch].view(batch, length).t().contiguous()


class RNNModel(nn.Module):
    def __init__(self, ntoken, ninp=16, nhid=24, nlayers=2):
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid, nlayers, dropout=0.2)
        self.decoder = nn.Linear(nhid, ntoken)

    def forward(self, x, hidden):
        output, hidden = self.rnn(self.drop(self.encoder(x)), hidden)
        return self.decoder(self.drop(output)).view(-1, self.decoder.out_features), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        return weight.new_zeros(2, bsz, 24), weight.new_zeros(2, bsz, 24)


def repackage_hidden(h):
    return tuple(v.detach() for v in h)


def train(epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    for epoch in range(epochs):
        model.train()
        hidden = model.init_hidden(batch)
        total = 0.0
        for i in range(0, batched.size(0) - 1, bptt):
            n = min(bptt, batched.size(0) - 1 - i)
            data, targets = batched[i:i + n], batched[i + 1:i + 1 + n].reshape(-1)
            model.zero_grad()
            hidden = repackage_hidden(hidden)
            output, hidden = model(data, hidden)
            loss = criterion(output, targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            optimizer.step()
            total += loss.item()
            print(f"epoch {epoch} batch {i // bptt} loss {loss.item()!r}")
        scheduler.step()
        print(f"epoch {epoch} total {total!r}")


model = RNNModel(len(vocab))
train(2)
