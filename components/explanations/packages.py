"""Modules that are not here: packages that are not installed, files of one's own, and what serves in their place."""

from __future__ import annotations

import re

from .rule import Advice, Rules
from .situation import Situation
from .source import shown
from .vocabulary import did_you_mean

rules = Rules()

_KNOWN = ("torch", "numpy", "math", "torch.nn", "torch.optim", "torch.autograd", "torch.utils.data", "matplotlib")
_TABLE = "Python's `csv` and `numpy.genfromtxt` read tables"
_DATA = "`torch.randn(...)` makes data, and `data/` may hold some"
_LAYERS = "the layers of `torch.nn` build the same models"
_IMAGES = "`matplotlib.image.imread` reads images"
_RECORDS = "what is printed and plotted is shown beside the program"
_PLOTS = "`matplotlib.pyplot` plots"
_ARRAYS = "PyTorch computes the same with tensors"
# What serves instead, said after the name of the package.
_INSTEAD = {
    "torchvision": f"{_LAYERS}; {_DATA}",
    "torchaudio": _DATA,
    "torchtext": _DATA,
    "datasets": _DATA,
    "sklearn": f"{_DATA}; most models are a few lines with tensors",
    "pandas": _TABLE,
    "polars": _TABLE,
    "cv2": _IMAGES,
    "PIL": _IMAGES,
    "skimage": _IMAGES,
    "imageio": _IMAGES,
    "scipy": "`torch.linalg`, `torch.special` and `torch.fft` have much of it",
    "einops": "`reshape`, `permute` and `torch.einsum` do the same",
    "tqdm": "a loop without it does the same",
    "tensorboard": _RECORDS,
    "tensorboardX": _RECORDS,
    "wandb": _RECORDS,
    "mlflow": _RECORDS,
    "seaborn": _PLOTS,
    "plotly": _PLOTS,
    "torchinfo": "`print(model)` shows its layers",
    "torchsummary": "`print(model)` shows its layers",
    "transformers": _LAYERS,
    "timm": _LAYERS,
    "lightning": "a plain loop trains the same model",
    "pytorch_lightning": "a plain loop trains the same model",
    "tensorflow": _ARRAYS,
    "keras": _ARRAYS,
    "jax": _ARRAYS,
    "functorch": "`torch.func` has all of it",
    "torch_geometric": "`index_add` and `scatter_reduce` pass messages along edges",
}


@rules.on(r"^ModuleNotFoundError: No module named '([\w.]+)'")
def _no_module(situation: Situation, match: re.Match[str]) -> Advice:
    name = match[1]
    top = name.partition(".")[0]
    near = did_you_mean(name, _KNOWN) if top not in _INSTEAD else None
    if near is not None:
        return Advice(f"There is no module {shown(name)} here. Did you mean {shown(near)}?")
    instead = f" Without it: {_INSTEAD[top]}." if top in _INSTEAD else ""
    own = (
        "" if top in _INSTEAD else " Code from a file of your own goes into the program itself, which is one file here."
    )
    return Advice(
        f"{shown(top)} is not installed here. A program can import what is installed together with the app; whoever runs the "
        f"server adds packages with the build argument `LAB_PACKAGES`.{instead}{own}"
    )


@rules.on(r"^ImportError: attempted relative import")
def _relative(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"{situation.here} imports from a file beside the program, and a program is one file here: put that file's code into "
        "it, above this line."
    )
