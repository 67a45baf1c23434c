"""``python -m bench.load``: each scenario against a server of its own, and one table at the end."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from bench.load.processes import limited, served
from bench.load.scenarios import CONTAINER_MIB, SCENARIOS, WARM, Figure, Options
from bench.load.visitor import Visitor

# What shells and services have by default: the server must raise it by itself.
_DESCRIPTORS = 1024


def main() -> int:
    """Run the scenarios asked for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)} (default: all)")
    parser.add_argument("-n", "--visitors", type=int, help="how many visitors, at most 1,000")
    parser.add_argument("-s", "--seconds", type=float, help="how long a class works, at most 300")
    parser.add_argument("--one-address", action="store_true", help="all visitors come from one address, as a school's")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if (options.visitors or 0) > 1_000 or (options.seconds or 0) > 300:
        parser.error("that is more than a test of one machine needs")
    how = Options(options.visitors, options.seconds, options.one_address)
    figures: list[Figure] = []
    for name in options.scenarios or SCENARIOS:
        print(f"measuring: {name} ...", file=sys.stderr, flush=True)
        figures += asyncio.run(_scenario(name, how))
    print(table(figures))
    return 0


async def _scenario(name: str, options: Options) -> list[Figure]:
    most = CONTAINER_MIB.get(name)
    with limited(most) if most else nullcontext() as group, served(descriptors=_DESCRIPTORS, group=group) as server:
        first = Visitor(server.port)
        await first.open()
        await first.run(WARM)  # it waits until the workers are warm
        await first.leave()
        figures = await SCENARIOS[name](server, options)
        if most and group is None:
            print(f"{name}: no control group could be made here, so nothing bounds the whole.", file=sys.stderr)
        elif most and group is not None:
            figures.append(Figure(f"{name} in {most:,} MiB: held at most", group.most_held(), "MiB", most))
            figures.append(Figure(f"{name} in {most:,} MiB: ended by Linux for want of memory", group.ended(), "", 0))
        return figures


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as text, each beside its target, and below what is to be known of them."""
    width = max(len(one.what) for one in figures)
    lines = [f"{'what'.ljust(width)}  {'figure':>9}     {'target':>7}", "-" * (width + 24)]
    for one in figures:
        target = f"{one.target:>7g}" if one.target is not None else ""
        missed = "  MISSED" if one.target is not None and not one.figure <= one.target else ""
        lines.append(f"{one.what.ljust(width)}  {one.figure:>9.2f} {one.unit:<2}  {target}{missed}".rstrip())
    return "\n".join([*lines, *(f"{one.what}: {one.note}" for one in figures if one.note)])


if __name__ == "__main__":
    sys.exit(main())
