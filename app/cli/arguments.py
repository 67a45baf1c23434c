"""The options of each command, checked before anything runs."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence

from app.cli.files import STANDARD

_SERVE = "Without a command it serves the pages; options are then Streamlit's, such as --server.port 8080."


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; ``name`` is that of the command."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Autograd Lab from a shell.", epilog=_SERVE)
    commands = parser.add_subparsers(title="commands", dest="name", required=True, metavar="COMMAND")
    _add_trace(commands.add_parser("trace", help="run programs and print what happened, as JSON"))
    _add_render(commands.add_parser("render", help="draw the graph of a program or a saved trace"))
    lessons = commands.add_parser("lessons", help="check the lessons in a folder: their form, programs and exercises")
    lessons.add_argument("folder", metavar="DIR", help="a folder of lessons, such as app/lessons/exercises")
    commands.add_parser("health", help="ask the server here whether it can run a program: status 0 if it can, else 1")
    commands.add_parser("schema", help="print the JSON Schema of a trace")
    return parser.parse_args(arguments)


def _add_trace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("programs", nargs="+", metavar="PROGRAM.py", help="a program, or - for standard input")
    _add_output(parser)
    parser.add_argument("--out-dir", metavar="DIR", help="write the trace of each A.py to DIR/A.json")
    _add_run(parser)
    parser.add_argument(
        "--no-memory", dest="measure", action="store_false", help="leave out the second run, which measures memory"
    )
    parser.add_argument(
        "--stacks", action="store_true", help="record the Python calls at each allocation; the second run takes longer"
    )


def _add_render(parser: argparse.ArgumentParser) -> None:
    source = "a program, a saved trace, a recorded training, or - for standard input"
    parser.add_argument("source", metavar="PROGRAM.py|TRACE.json|STEP.trace", help=source)
    parser.add_argument("--step", type=int, metavar="N", help="of a recorded training, which step (default: the last)")
    parser.add_argument("--view", choices=("torchviz", "lab"), default="lab", help="which picture (default: lab)")
    parser.add_argument("--format", choices=("dot", "svg", "png", "html"), default="svg", help="default: svg")
    parser.add_argument(
        "--of", metavar="NAME", help="the variable whose graph to draw (default: lab all, torchviz the first)"
    )
    parser.add_argument("--show-attrs", action="store_true", help="torchviz: what each function saved")
    parser.add_argument("--show-saved", action="store_true", help="torchviz: the tensors that functions saved")
    _add_output(parser)
    _add_run(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="FILE", default=STANDARD, help="where to write (default: - , standard output)"
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: cpu")
    parser.add_argument(
        "--timeout", type=_seconds, default=10.0, metavar="S", help="seconds a program may take (default: 10)"
    )
    parser.add_argument(
        "--memory", type=_mebibytes, default=2048, metavar="MB", help="MiB of address space (default: 2048)"
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="PyTorch's seed before the first line (default: 0)"
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 < value <= 86_400):
        raise argparse.ArgumentTypeError("it must be more than 0 and at most 86400")
    return value


def _mebibytes(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("it must be more than 0")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError("it must be from 0 to 2**63 - 1")
    return value
