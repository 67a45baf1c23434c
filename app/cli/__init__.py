"""The command line: ``python -m app`` serves, ``trace``, ``render``, ``lessons``, ``schema`` need no browser.

Exit status 0: done, also where a program failed, because its failure is data. 2: wrong usage, or a file that cannot be
read, drawn or written, with one line on standard error that says why. 1: a bug of ours, with a traceback; and for
``health`` that the server is not well.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from app.cli.arguments import parse
from app.cli.files import STANDARD, Unusable, write
from components.trace import trace_schema

INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; wrong usage raises ``SystemExit(2)``, as ``argparse`` does."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in {"-h", "--help"}):
        from app.cli.serve import serve

        try:
            serve(arguments)
        except Unusable as problem:
            print(f"python -m app: {problem}", file=sys.stderr)
            return 2
        return 0
    options = parse(arguments)
    try:
        status = _run(options)
        sys.stdout.flush()
    except Unusable as problem:
        print(f"python -m app {options.name}: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has had enough. Python would complain once more while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(options: argparse.Namespace) -> int:
    """Run a command, which brings what it needs: a help text waits for no figures."""
    match options.name:
        case "trace":
            from app.cli.trace import trace

            return trace(options)
        case "render":
            from app.cli.render import render

            return render(options)
        case "lessons":
            from app.cli.lessons import lessons

            return lessons(options)
        case "health":
            from app.cli.health import health

            return health()
    write(STANDARD, json.dumps(trace_schema(), indent=2).encode() + b"\n")
    return 0
