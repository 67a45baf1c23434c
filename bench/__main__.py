"""``python -m bench``: all benchmarks, each group in a fresh interpreter, and one table at the end."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from bench.timing import Row, table

# The round trip is the pages' process, which never loads torch; the others need it.
GROUPS = (
    "round_trip",
    "child",
    "page_process",
    "observing",
    "memory",
    "drawing",
    "player",
    "press",
    "derivatives",
    "record",
)


def main() -> int:
    """Run the groups asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("-o", "--output", type=Path, help="also write the table to this file")
    options = parser.parse_args()
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    failed: list[str] = []
    for group in options.groups or GROUPS:
        print(f"measuring: {group} ...", file=sys.stderr, flush=True)
        command = [sys.executable, "-W", "ignore", "-m", f"bench.{group}"]
        result = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if result.returncode:
            failed.append(group)
            continue
        rows += msgspec.json.decode(result.stdout, type=list[Row])
    text = table(rows)
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")
    if failed:
        print(f"NOT MEASURED, see above: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
