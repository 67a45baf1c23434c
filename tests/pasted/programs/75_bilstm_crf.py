# Author: somebody on a forum, bi-LSTM conditional random field
import itertools

import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(1)
START_TAG, STOP_TAG = "<START>", "<STOP>"
EMBEDDING_DIM, HIDDEN_DIM = 5, 4


def argmax(vec):
    _, idx = torch.max(vec, 1)
    return idx.item()


def prepare_sequence(seq, to_ix):
    return torch.tensor([to_ix[w] for w in seq], dtype=torch.long)


class BiLSTM_CRF(nn.Module):
    def __init__(self, vocab_size, tag_to_ix, embedding_dim, hidden_dim):
        super().__init__()
        self.tag_to_ix = tag_to_ix
        self.tagset_size = len(tag_to_ix)
        self.word_embeds = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim // 2, num_layers=1, bidirectional=True)
        self.hidden2tag = nn.Linear(hidden_dim, self.tagset_size)
        # transitions[i, j] is the score of transitioning *to* i *from* j.
        self.transitions = nn.Parameter(torch.randn(self.tagset_size, self.tagset_size))
        self.transitions.data[tag_to_ix[START_TAG], :] = -10000
        self.transitions.data[:, tag_to_ix[STOP_TAG]] = -10000

    def _feats(self, sentence):
        out, _ = self.lstm(self.word_embeds(sentence).view(len(sentence), 1, -1))
        return self.hidden2tag(out.view(len(sentence), -1))

    def _forward_alg(self, feats):
        alpha = torch.full((self.tagset_size,), -10000.0)
        alpha[self.tag_to_ix[START_TAG]] = 0.0
        for feat in feats:
            alpha = torch.logsumexp(alpha.unsqueeze(0) + self.transitions, dim=1) + feat
        return torch.logsumexp(alpha + self.transitions[self.tag_to_ix[STOP_TAG]], dim=0)

    def _score(self, feats, tags):
        tags = torch.cat([torch.tensor([self.tag_to_ix[START_TAG]]), tags])
        score = torch.zeros(1)
        for i, feat in enumerate(feats):
            score = score + self.transitions[tags[i + 1], tags[i]] + feat[tags[i + 1]]
        return score + self.transitions[self.tag_to_ix[STOP_TAG], tags[-1]]

    def viterbi(self, feats):
        v = torch.full((self.tagset_size,), -10000.0)
        v[self.tag_to_ix[START_TAG]] = 0.0
        back = []
        for feat in feats:
            best, ids = (v.unsqueeze(0) + self.transitions).max(1)
            back.append(ids.tolist())
            v = best + feat
        v = v + self.transitions[self.tag_to_ix[STOP_TAG]]
        t = int(v.argmax())
        path = [t]
        for ids in reversed(back):
            t = ids[t]
            path.append(t)
        assert path.pop() == self.tag_to_ix[START_TAG]
        return v.max(), path[::-1]

    def neg_log_likelihood(self, sentence, tags):
        feats = self._feats(sentence)
        return self._forward_alg(feats) - self._score(feats, tags)

    def forward(self, sentence):
        return self.viterbi(self._feats(sentence))


training_data = [
    (["the", "cat", "sat", "on", "the", "old", "mat"], ["B", "I", "O", "O", "B", "I", "I"]),
    (["a", "dog", "barks", "in", "town"], ["B", "I", "O", "O", "B"]),
]
word_to_ix = {}
for sentence, tags in training_data:
    for word in sentence:
        if word not in word_to_ix:
            word_to_ix[word] = len(word_to_ix)
tag_to_ix = {"B": 0, "I": 1, "O": 2, START_TAG: 3, STOP_TAG: 4}
model = BiLSTM_CRF(len(word_to_ix), tag_to_ix, EMBEDDING_DIM, HIDDEN_DIM)
optimizer = optim.SGD(model.parameters(), lr=0.1, weight_decay=1e-4)

for epoch in range(15):
    for sentence, tags in training_data:
        model.zero_grad()
        loss = model.neg_log_likelihood(prepare_sequence(sentence, word_to_ix), prepare_sequence(tags, tag_to_ix))
        loss.backward()
        optimizer.step()
    if epoch % 7 == 0:
        print(epoch, round(loss.item(), 1))

# check the forward algorithm against brute force
with torch.no_grad():
    feats = model._feats(prepare_sequence(["a", "dog", "barks"], word_to_ix))
    scores = torch.cat([model._score(feats, torch.tensor(p)) for p in itertools.product(range(3), repeat=3)])
    print("partition ok:", torch.allclose(torch.logsumexp(scores, 0), model._forward_alg(feats), atol=1e-3))
    print("viterbi ok:", torch.allclose(model.viterbi(feats)[0], scores.max(), atol=1e-3))
