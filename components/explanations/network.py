"""No network: downloads, connections, and models or data that a library would fetch."""

from __future__ import annotations

import ast
import re

from .origins import is_below, used
from .rule import Advice, Rules
from .situation import Situation
from .source import shown

rules = Rules()

NETWORK = (
    "socket",
    "ssl",
    "urllib",
    "http",
    "requests",
    "httpx",
    "aiohttp",
    "ftplib",
    "smtplib",
    "torch.hub",
    "torchvision.datasets",
    "sklearn.datasets",
    "huggingface_hub",
)
_DATA = (
    "Whoever runs the server can put files into its folder of data, which programs read as `data/`; or make data in the "
    "program, with `torch.randn(...)`."
)
_ERRORS = (
    "URLError|gaierror|ConnectionError|ConnectTimeout|SSLError|MaxRetryError|NameResolutionError|NewConnectionError|"
    "ConnectError|LocalEntryNotFoundError|OfflineModeIsEnabled"
)


@rules.on(rf"^(?:{_ERRORS}): |no internet connection|name resolution|Name or service not known")
def _no_network(situation: Situation, match: re.Match[str]) -> Advice:
    return no_network(situation)


def no_network(situation: Situation) -> Advice:
    """Say what the failing line wanted from the network, and where data can come from instead."""
    text = f"There is no network here: {_wanted(situation)}."
    for call in situation.calls:
        for given in call.keywords:
            pretrained = given.arg == "pretrained" and getattr(given.value, "value", None) is True
            if given.arg == "weights" or pretrained:
                return Advice(
                    f"{text} Without {situation.shown(given)} the model begins with random weights, and its graph is the same.",
                    situation.hint((given.value, "False" if pretrained else "None")),
                )
    if any(is_below(path, ("torch.hub",)) for path in used(situation)):
        return Advice(f"{text} Build the model in the program instead, from the layers of `torch.nn`.")
    return Advice(f"{text} {_DATA}")


def _wanted(situation: Situation) -> str:
    here = situation.here[0].lower() + situation.here[1:]
    for node in situation.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value:
            return f"{here} asks for {shown(node.value)}"
    if any(is_below(path, ("torch.hub",)) for path in used(situation)):
        return f"{here} asks `torch.hub` to download a model"
    return f"{here} asks for a connection"


@rules.on(r"^Dist(?:Store|Network|Backend)?Error: |Error initializing torch\.distributed|rendezvous")
def _distributed(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "`torch.distributed` joins processes over the network, and here a program is one process without a network. What "
        "each process computes can be computed in turn, in a loop, and its gradients added up."
    )
