"""What the machine that runs programs does not have: a GPU, a network, more processes, other packages."""

from __future__ import annotations

import ast
import re

from ..source.names import did_you_mean
from ..source.statements import Replacement, Statement
from .hints import replace_line
from .situation import Advice, Rules, Situation, called, is_below, receiver, shown

rules = Rules()

# --- a screen


@rules.on(r"^(?:ImportError|ModuleNotFoundError|RuntimeError): |^ValueError: 'module://")
def _no_screen(situation: Situation, match: re.Match[str]) -> Advice | None:
    for call in situation.calls:
        if situation.full_name(call.func) in ("matplotlib.use", "matplotlib.pyplot.switch_backend") and call.args:
            return Advice(
                f"There is no screen here, so {situation.shown(call.args[0])}, a backend of matplotlib's for windows on a screen or in a "
                "notebook, cannot start. Without this line each figure is shown with the output, by the app's own backend; `Agg`, which opens no window, works too.",
                situation.hint((call.args[0], '"Agg"')),
            )
    return None


# --- a GPU

_ABSENT = (
    "Torch not compiled with (?:CUDA|XPU) enabled|No CUDA GPUs are available|Found no NVIDIA driver|"
    "Cannot get (?:CUDA|XPU|MPS) generator|from the '(?:CUDA|MPS|XPU|HIP)' backend|"
    "The MPS backend is supported on MacOS"
)
_DEVICE = re.compile(r"(?:cuda|xpu|mps|hip)(?::\d+)?")
_WITHOUT_GPU = "This program runs on a machine without a GPU that PyTorch can use."


@rules.on(_ABSENT)
def _no_gpu(situation: Situation, match: re.Match[str]) -> Advice:
    for call in situation.calls_of("cuda"):
        if receiver(call) is not None:
            return Advice(
                f"{_WITHOUT_GPU} Leave `.cuda()` away: tensors are on the CPU unless one says otherwise.",
                situation.hint((call, situation.owner(call))),
            )
    own = () if situation.statement is None else (situation.statement,)
    for statement in (*own, *situation.program.statements):
        for node in statement.find(ast.Constant):
            if isinstance(node.value, str) and _DEVICE.fullmatch(node.value):
                return _named(situation, statement, node, node.value)
    return Advice(f"{_WITHOUT_GPU} Ask `torch.cuda.is_available()` before using one.")


def _named(situation: Situation, statement: Statement, node: ast.Constant, device: str) -> Advice:
    where = "" if statement is situation.statement else f" Line {statement.first} names the device."
    if not device.startswith("cuda"):
        return Advice(f"{_WITHOUT_GPU}{where} Its device is the CPU.", situation.hint_at(statement, (node, '"cpu"')))
    asked = f'"{device}" if {situation.torch}.cuda.is_available() else "cpu"'
    return Advice(
        f"{_WITHOUT_GPU}{where} Ask for one only where there is one.", situation.hint_at(statement, (node, asked))
    )


@rules.on(r"Attempting to deserialize object on (?:a CUDA|CUDA) device")
def _saved_on_a_gpu(situation: Situation, match: re.Match[str]) -> Advice:
    text = "The file was saved on a GPU, and this machine has none. `map_location` says where its tensors go instead."
    calls = situation.calls_of("load")
    edit = situation.with_keyword(calls[0], "map_location", '"cpu"') if len(calls) == 1 else None
    return Advice(text, situation.hint(edit))


@rules.on(r"Cannot access accelerator device when none is available")
def _pinned(situation: Situation, match: re.Match[str]) -> Advice:
    text = "Pinned memory makes copies to a GPU faster, and this machine has none."
    for call in situation.calls_of("pin_memory"):
        owner = receiver(call)
        if owner is not None:
            return Advice(text, situation.hint((call, situation.text(owner))))
    return Advice(text)


# --- a network

_NETWORK = (
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
_OWN_DATA = (
    "Whoever runs the server can put files into its folder of data, which programs read as `data/`; or make data in the "
    "program, with `torch.randn(...)`."
)
_ERRORS = (
    "URLError|gaierror|ConnectionError|ConnectTimeout|SSLError|MaxRetryError|NameResolutionError|NewConnectionError|"
    "ConnectError|LocalEntryNotFoundError|OfflineModeIsEnabled"
)


@rules.on(rf"^(?:{_ERRORS}): |no internet connection|name resolution|Name or service not known")
def _no_network(situation: Situation, match: re.Match[str]) -> Advice:
    return _without_network(situation)


def _without_network(situation: Situation) -> Advice:
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
    if any(is_below(path, ("torch.hub",)) for path in situation.used):
        return Advice(f"{text} Build the model in the program instead, from the layers of `torch.nn`.")
    return Advice(f"{text} {_OWN_DATA}")


def _wanted(situation: Situation) -> str:
    here = situation.here[0].lower() + situation.here[1:]
    for node in situation.find(ast.Constant):
        if isinstance(node.value, str) and "://" in node.value:
            return f"{here} asks for {shown(node.value)}"
    if any(is_below(path, ("torch.hub",)) for path in situation.used):
        return f"{here} asks `torch.hub` to download a model"
    return f"{here} asks for a connection"


@rules.on(r"^Dist(?:Store|Network|Backend)?Error: |Error initializing torch\.distributed|rendezvous")
def _distributed(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        "`torch.distributed` joins processes over the network, and here a program is one process without a network. What "
        "each process computes can be computed in turn, in a loop, and its gradients added up."
    )


# --- more processes

_COMMANDS = ("subprocess", "os.popen", "os.system", "os.execv", "os.execvp", "os.execl", "os.posix_spawn", "os.spawnv")
_SEVERAL = ("multiprocessing", "torch.multiprocessing", "os.fork", "os.forkpty", "concurrent.futures", "joblib", "pty")
_FAMILIES = {"commands": _COMMANDS, "several": _SEVERAL, "network": _NETWORK, "asyncio": ("asyncio",)}
_LOADER = ("torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader")
# Arguments that a DataLoader takes only together with worker processes.
_OF_WORKERS = frozenset({"persistent_workers", "prefetch_factor", "multiprocessing_context", "worker_init_fn"})
_ONE = "A program is one process here and cannot start another"


@rules.on(r"^PermissionError: \[Errno (?:1|13)\] (?:Operation not permitted|Permission denied)$")
def _refused(situation: Situation, match: re.Match[str]) -> Advice:
    family = _family(situation)
    executors = _with_threads(situation)
    if executors is not None and family in ("several", None):
        return Advice(f"{_ONE}. Threads do the same work in this one: use `ThreadPoolExecutor`.", executors)
    loader = _loaders_without_workers(situation)
    if loader is not None and family is None:
        return Advice(
            f"{_ONE}, and `num_workers` asks for processes that load the data. With 0 the program loads it itself.",
            loader,
        )
    if family == "network":
        return _without_network(situation)
    if family == "asyncio":
        return Advice(
            "`asyncio` cannot begin here: its loop wakes itself through a pair of sockets, and programs have none. Call the "
            "work as plain functions, one after the other, or in threads (`concurrent.futures.ThreadPoolExecutor`)."
        )
    if family == "commands":
        return Advice(f"{_ONE}, so no commands are run. What the command would do has to be done in Python.")
    if family == "several":
        return Advice(f"{_ONE}. Do the work in a loop, one part after the other, or in threads.")
    return Advice(
        f"The system refused what {situation.here[0].lower()}{situation.here[1:]} asks for. A program is one process here: "
        "it starts no other, opens no connection, and shares no memory."
    )


def _family(situation: Situation) -> str | None:
    """What the failing line is about, or, where it does not say, the only such thing that the program imports."""
    for path in situation.used:
        for family, places in _FAMILIES.items():
            if is_below(path, places):
                return family
    if _loaders_without_workers(situation) is not None:
        return None
    paths = situation.imports.values()
    found = {family for family, places in _FAMILIES.items() for path in paths if is_below(path, places)}
    return found.pop() if len(found) == 1 else None


def _loaders_without_workers(situation: Situation) -> str | None:
    """Set ``num_workers=0`` in each call of ``DataLoader``, and drop what is only for workers."""
    hints = []
    for statement, call in situation.calls_below(*_LOADER):
        kept = [given for given in call.keywords if given.arg not in _OF_WORKERS]
        workers = [given for given in kept if given.arg == "num_workers"]
        if not workers or getattr(workers[0].value, "value", None) == 0:
            continue
        if len(kept) == len(call.keywords):
            change: Replacement = statement.with_keyword(call, "num_workers", "0")
        else:
            given_text = [
                "num_workers=0" if given in workers else statement.text(given) for given in (*call.args, *kept)
            ]
            change = call, f"{statement.text(call.func)}({', '.join(given_text)})"
        hints.append(situation.hint_at(statement, change))
    return "\n".join(hint for hint in hints if hint is not None) if hints and None not in hints else None


def _with_threads(situation: Situation) -> str | None:
    """``ThreadPoolExecutor`` wherever the program says ``ProcessPoolExecutor``."""
    hints = []
    for statement in situation.program.statements:
        if "ProcessPoolExecutor" not in statement.words:
            continue
        if "\n" in statement.code:
            return None
        hints.append(
            replace_line(statement.first, re.sub(r"\bProcessPoolExecutor\b", "ThreadPoolExecutor", statement.code))
        )
    return "\n".join(hints) or None


@rules.on(r"unable to (?:open|mmap|allocate) shared memory|unable to write to file </torch_")
def _shared_memory(situation: Situation, match: re.Match[str]) -> Advice:
    text = f"{_ONE}, so there is no memory to share: a tensor is already seen by all of the program's threads."
    for call in situation.calls_of("share_memory_", "share_memory"):
        owner = receiver(call)
        if owner is not None:
            return Advice(text, situation.hint((call, situation.text(owner))))
    return Advice(text)


@rules.on(r"^(?:InductorError|BackendCompilerFailed|InvalidCxxCompiler|CppCompileError): ")
def _compiler(situation: Situation, match: re.Match[str]) -> Advice:
    text = (
        f'{_ONE}, so `torch.compile` has no compiler for the code that it writes. `backend="eager"` leaves that step out: '
        "the program is captured as before and computes the same."
    )
    hints = [_eagerly(situation, statement) for statement in situation.program.statements]
    return Advice(text, "\n".join(hint for hint in hints if hint is not None) or None)


def _eagerly(situation: Situation, statement: Statement) -> str | None:
    for call in statement.calls:
        if situation.full_name(call.func) == "torch.compile" or (called(call) == "compile" and not call.args):
            return situation.hint_at(statement, statement.with_keyword(call, "backend", '"eager"'))
    if (
        statement.words[:1] == ("@",)
        and not statement.calls
        and statement.code[1:].strip() in (f"{situation.torch}.compile", "compile")
    ):
        return replace_line(statement.first, f'{statement.code.rstrip()}(backend="eager")')
    return None


@rules.on(
    r"Ninja is required to load C\+\+ extensions|Error building extension|No C\+\+ compiler|Error compiling objects"
)
def _extension(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"{_ONE}, so there is no compiler for C++. A `torch.autograd.Function` in Python does what an extension does."
    )


@rules.on(r"can't start new thread")
def _threads(situation: Situation, match: re.Match[str]) -> Advice:
    return Advice(
        f"{situation.here} starts one more thread than a run may have. Wait for the earlier ones (`join()`), or let a few do "
        f"the work: {shown('ThreadPoolExecutor(max_workers=4)')}."
    )


# --- other packages, and files of one's own

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
