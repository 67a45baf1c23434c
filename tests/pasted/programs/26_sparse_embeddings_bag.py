import torch
import torch.nn as nn

torch.manual_seed(0)


# EmbeddingBag text classifier with sparse grads + a dense head, two optimizers
class TextClassificationModel(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_class):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim, mode="mean", sparse=True)
        self.fc = nn.Linear(embed_dim, num_class)

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


docs = [[1, 2, 3], [4, 5], [1, 3, 9, 9], [7], [4, 4, 5, 6]]
labels = torch.tensor([0, 1, 0, 1, 1])
text = torch.tensor(sum(docs, []))
offsets = torch.tensor([0] + [len(d) for d in docs[:-1]]).cumsum(dim=0)
print("offsets", offsets)

model = TextClassificationModel(12, 6, 2)
opt_sparse = torch.optim.SparseAdam(model.embedding.parameters(), lr=0.05)
opt_dense = torch.optim.SGD(model.fc.parameters(), lr=0.5, momentum=0.9, nesterov=True)
for i in range(10):
    loss = nn.functional.cross_entropy(model(text, offsets), labels)
    for o in (opt_sparse, opt_dense):
        o.zero_grad()
    loss.backward()
    for o in (opt_sparse, opt_dense):
        o.step()
    if i % 3 == 0:
        print(i, round(loss.item(), 3))

g = model.embedding.weight.grad.coalesce()
print("rows touched:", g.indices()[0].tolist())
print("dense shape:", tuple(g.to_dense().shape))
