import logging

import torch

logging.basicConfig(level=logging.INFO)
config = {"lr": 0.1, "epochs": 2}


def make_optimizer(params, cfg):
    logging.info("making optimizer")
    return torch.optim.SGD(params, lr=cfg["lr"], momentum=cfg["momentum"])


def main():
    p = torch.nn.Parameter(torch.zeros(2))
    print("config:", config)
    opt = make_optimizer([p], config)
    p.sum().backward()
    opt.step()


if __name__ == "__main__":
    try:
        main()
    except Exception:
        logging.exception("training failed")
        raise
