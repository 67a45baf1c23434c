import argparse
import logging

import torch
import torch.nn as nn
import torch.nn.functional as F

logging.basicConfig(level=logging.DEBUG)


class ContrastiveTransformations:
    def __init__(self, n_views=2, noise=0.1):
        self.n_views = n_views
        self.noise = noise

    def __call__(self, x):
        views = []
        for _ in range(self.n_views):
            v = x
            if torch.rand(1) < 0.5:
                v = v.flip(-1)
            views.append(v + self.noise * torch.randn_like(v))
        return views


class ResNetSimCLR(nn.Module):
    def __init__(self, out_dim):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 8, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.projector = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, out_dim))

    def forward(self, x):
        return self.projector(self.backbone(x))


class SimCLR:
    def __init__(self, args):
        self.args = args
        self.model = ResNetSimCLR(args.out_dim)
        self.optimizer = torch.optim.Adam(self.model.parameters(), args.lr, weight_decay=1e-4)
        self.criterion = nn.CrossEntropyLoss()

    def info_nce_loss(self, features):
        bs = self.args.batch_size
        labels = torch.cat([torch.arange(bs) for i in range(self.args.n_views)], dim=0)
        labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
        features = F.normalize(features, dim=1)
        similarity_matrix = torch.matmul(features, features.T)
        mask = torch.eye(labels.shape[0], dtype=torch.bool)
        labels = labels[~mask].view(labels.shape[0], -1)
        similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
        positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
        negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
        logits = torch.cat([positives, negatives], dim=1)
        labels = torch.zeros(logits.shape[0], dtype=torch.long)
        return logits / self.args.temperature, labels

    def train(self, data):
        aug = ContrastiveTransformations(self.args.n_views)
        for epoch_counter in range(self.args.epochs):
            images = torch.cat(aug(data), dim=0)
            features = self.model(images)
            logits, labels = self.info_nce_loss(features)
            loss = self.criterion(logits, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            top1 = (logits.argmax(1) == labels).float().mean()
            logging.debug(f"Epoch: {epoch_counter}\tLoss: {loss}\tTop1 accuracy: {top1}")
            print(f"epoch {epoch_counter} loss {loss.item():.2f} logits {tuple(logits.shape)}")
        logging.info("Training has finished.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="SimCLR")
    parser.add_argument("-b", "--batch-size", default=8, type=int)
    parser.add_argument("--epochs", default=4, type=int)
    parser.add_argument("--lr", "--learning-rate", default=3e-3, type=float, dest="lr")
    parser.add_argument("--out_dim", default=8, type=int)
    parser.add_argument("--temperature", default=0.5, type=float)
    parser.add_argument("--n-views", default=2, type=int)
    args = parser.parse_args()
    assert args.n_views == 2, "Only two view training is supported."
    torch.manual_seed(0)
    SimCLR(args).train(torch.rand(args.batch_size, 1, 12, 12))
