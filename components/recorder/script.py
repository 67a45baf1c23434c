"""``python -m autograd_lab run train.py --epochs 1``: a script recorded as it is."""

from __future__ import annotations

import argparse
import builtins
import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType

from .place import place_of
from .run import CAPS, Run

# What a shell is told of a program that Ctrl+C ended.
_INTERRUPTED = 130


def main(arguments: Sequence[str], program: str) -> int:
    """Run a script and write its recording; return the exit status, which is the script's own.

    ``program`` is what this command is called. Wrong usage raises ``SystemExit(2)``, as ``argparse`` does.
    """
    options = _parse(arguments, program)
    if not os.path.isfile(options.script[0]):
        print(f"{program}: there is no file {options.script[0]}", file=sys.stderr)
        return 2
    script = os.path.abspath(options.script[0])  # as Python calls it
    targets = [options.output or f"{Path(script).stem}.trace", *filter(None, [options.html])]
    paths = {target: os.path.abspath(target) for target in targets}  # the script may go to another folder
    for target, path in paths.items():  # said now, and not when hours of training are over
        if os.path.isdir(path) or not os.access(os.path.dirname(path), os.W_OK):
            print(f"{program}: {target} cannot be written: {_why_not(path)}", file=sys.stderr)
            return 2
    run = Run(place_of(script, None), {}, options.every, options.steps, CAPS, yields=True)
    status = _ran(run, script, options.script)
    if run.yielded:
        print(f"{program}: the script records itself; this command wrote nothing", file=sys.stderr)
        return status
    return _written(run, paths, program) or status


def _why_not(path: str) -> str:
    if os.path.isdir(path):
        return "it is a folder"
    return "its folder is not yours to write to" if os.path.isdir(os.path.dirname(path)) else "there is no such folder"


def _written(run: Run, paths: dict[str, str], program: str) -> int:
    """Write the recording, and its page if there is a step to be shown; say what is written, or why it is not."""
    (target, trace), *page = paths.items()
    written = [target]
    try:
        run.save(trace)
        for target, path in page if run.recorded else ():
            run.html(path)
            written.append(target)
    except OSError as error:
        print(f"{program}: {target} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{program}: {run.steps_seen} steps, recorded in {' and '.join(written)}", file=sys.stderr)
    return 0


def _parse(arguments: Sequence[str], program: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=program, description="Record trainings with Autograd Lab.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run a script and record its training")
    run.add_argument("--every", type=_count, default=100, metavar="N", help="record each N-th step (default: 100)")
    run.add_argument("--steps", type=_count, metavar="N", help="how many steps there are; the last one is recorded too")
    run.add_argument("-o", "--output", metavar="FILE", help="where to write (default: SCRIPT.trace)")
    run.add_argument("--html", metavar="FILE", help="also write the last recorded step as a page")
    run.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT.py ...", help="the script and its arguments")
    options = parser.parse_args(arguments)
    if not options.script:
        run.error("name a script")
    return options


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return value


def _ran(run: Run, script: str, words: Sequence[str]) -> int:
    """Run the script as ``python script.py`` does; return its exit status."""
    argv, path, main = sys.argv, sys.path[:], sys.modules["__main__"]
    sys.argv = list(words)
    if not sys.flags.safe_path:
        sys.path.insert(0, os.path.dirname(os.path.realpath(script)))  # where the file is, not a link to it
    try:
        with run:
            _run(script)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        error.__traceback__ = _of_the_script(error, script)
        sys.excepthook(type(error), error, error.__traceback__)
        return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    finally:
        sys.argv, sys.path[:], sys.modules["__main__"] = argv, path, main
    return 0


def _run(script: str) -> None:
    """Run it as the main module. ``runpy`` would give it another ``sys.argv[0]``."""
    module = sys.modules["__main__"] = ModuleType("__main__")
    loader = module.__loader__ = SourceFileLoader(module.__name__, script)
    module.__file__ = script
    vars(module)["__builtins__"] = builtins
    exec(loader.source_to_code(loader.get_data(script), script), vars(module))


def _of_the_script(error: BaseException, script: str) -> TracebackType | None:
    """Leave out the frames of who runs it; a script that is no Python has none of its own."""
    first = error.__traceback__
    while first is not None and first.tb_frame.f_code.co_filename != script:
        first = first.tb_next
    return first if first is not None or isinstance(error, SyntaxError) else error.__traceback__
