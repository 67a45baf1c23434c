"""Logistic regression with nn.Module on two blobs.

Usage: python logreg.py --epochs 20 --lr 0.5
"""

import argparse
import logging
import time

import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
logger = logging.getLogger(__name__)


def make_blobs(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    a = torch.randn(n, 2, generator=g) + torch.tensor([1.5, 1.5])
    b = torch.randn(n, 2, generator=g) - torch.tensor([1.5, 1.5])
    x = torch.cat([a, b])
    y = torch.cat([torch.ones(n, 1), torch.zeros(n, 1)])
    return x, y


class LogisticRegression(nn.Module):
    def __init__(self, in_features: int):
        super().__init__()
        self.linear = nn.Linear(in_features, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-shuffle", action="store_true")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    logger.info("using device %s", device)

    x, y = make_blobs(64, args.seed)
    loader = DataLoader(TensorDataset(x, y), batch_size=args.batch_size, shuffle=not args.no_shuffle, num_workers=0)
    model = LogisticRegression(2).to(device)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = optim.SGD(model.parameters(), lr=args.lr)
    print(model)

    start = time.time()
    for epoch in range(1, args.epochs + 1):
        running = 0.0
        for xb, yb in tqdm(loader, desc=f"epoch {epoch}", leave=False):
            xb, yb = xb.to(device), yb.to(device)
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            running += loss.item() * len(xb)
        print(f"Epoch {epoch}/{args.epochs} loss={running / len(x):.4f}")
    logger.info("took %.2fs", time.time() - start)

    with torch.no_grad():
        acc = ((model(x) > 0).float() == y).float().mean()
    print(f"accuracy: {acc.item():.1%}")


if __name__ == "__main__":
    main()
