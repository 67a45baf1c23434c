"""What a container may use is read from its control groups, and shared so that all programs together fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.worker.allowance import allowance_of_settings
from components.worker.machine import KEPT_MB, SHARED_MB, Machine, Shape, shape_of, shape_of_settings, this_machine

GIB = 1 << 30


def system(root: Path, files: dict[str, str], memory_kib: int = 64 << 20) -> Path:
    """Make a system of 64 GiB whose files these are."""
    for name, text in {"proc/meminfo": f"MemTotal:  {memory_kib} kB\nMemFree: 1 kB\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


VERSION_2 = {
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/memory.max": f"{6 * GIB}\n",
}
# In a container of version 1 the path is often the host's, which is not there.
VERSION_1 = {
    "proc/self/cgroup": "9:name=systemd:/\n4:memory:/docker/0123\n2:cpu,cpuacct:/docker/0123\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{3 * GIB}\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "75000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
}
# The group above is stricter than the process's own.
NESTED = {
    "proc/self/cgroup": "0::/classes/first\n",
    "sys/fs/cgroup/classes/first/cpu.max": "max 100000\n",
    "sys/fs/cgroup/classes/first/memory.max": f"{8 * GIB}\n",
    "sys/fs/cgroup/classes/cpu.max": "100000 1000000\n",
    "sys/fs/cgroup/classes/memory.max": f"{2 * GIB}\n",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [(VERSION_2, Machine(0.5, 6_144)), (VERSION_1, Machine(0.75, 3_072)), (NESTED, Machine(0.1, 2_048))],
    ids=["version 2", "version 1", "nested"],
)
def test_a_container_is_as_large_as_its_limits(tmp_path: Path, files: dict[str, str], expected: Machine) -> None:
    assert this_machine(system(tmp_path, files)) == expected


UNLIMITED = {
    "proc/self/cgroup": "4:memory:/\n2:cpu:/\n0::/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/unified/memory.max": "max\n",
}


@pytest.mark.parametrize(
    "files", [{}, UNLIMITED, {"proc/self/cgroup": "0::/../..\n"}], ids=["none", "no limits", "odd"]
)
def test_without_limits_the_system_counts(tmp_path: Path, files: dict[str, str]) -> None:
    found = this_machine(system(tmp_path, files))
    assert found.memory_mb == 65_536
    assert found.processors >= 1


@pytest.mark.parametrize("memory_mb", [1_024, 1_500, 2_048, 3_000, 4_096, 6_144, 16_384, 65_536])
@pytest.mark.parametrize("processors", [0.25, 1, 2, 3.5, 8, 64])
def test_all_programs_together_fit(memory_mb: int, processors: float) -> None:
    found = shape_of(Machine(processors, memory_mb))
    assert found.short >= 1
    assert found.long >= 1
    assert found.memory_mb <= 2_048
    assert found.long <= max(1, round(processors))
    own = found.memory_mb - SHARED_MB
    # With less than this nothing runs at all; the system's own limit is the wall then.
    assert own * (found.short + found.long) <= max(memory_mb - KEPT_MB, 600)
    assert own >= 300


@pytest.mark.parametrize(("memory_mb", "short", "own"), [(2_048, 1, 512), (3_072, 2, 682), (4_096, 2, 924)])
def test_two_short_runs_go_on_at_once_where_there_is_some_memory_for_each(memory_mb: int, short: int, own: int) -> None:
    """1 GiB is kept, from 4 GiB on 300 MiB more; the rest is shared by the places."""
    found = shape_of(Machine(2, memory_mb))
    assert (found.short, found.long, found.memory_mb - SHARED_MB) == (short, 1, own)


def test_two_processors_and_six_gibibytes() -> None:
    assert shape_of(Machine(2, 6_144)) == Shape(2, 2, 2_048, 256, spare_child=True, spare_zygote=True)


def test_settings_say_otherwise() -> None:
    machine = Machine(2, 6_144)
    found = shape_of_settings(machine, {"AUTOGRAD_LAB_PLACES": "5 + 1", "AUTOGRAD_LAB_SPARE_ZYGOTE": "0"})
    assert (found.short, found.long, found.spare_zygote) == (5, 1, False)
    theirs = allowance_of_settings(machine, {"AUTOGRAD_LAB_PERSON_RUNS": "1", "AUTOGRAD_LAB_PERSON_SECONDS": "0.5"})
    assert (theirs.runs, theirs.seconds, theirs.address_seconds) == (1, 0.5, 60)


@pytest.mark.parametrize(
    ("name", "text"),
    [("PLACES", "3"), ("PLACES", "0+1"), ("PERSON_SECONDS", "many"), ("PERSON_RUNS", "-1"), ("PERSON_RUNS", "nan")],
)
def test_a_setting_that_cannot_be_read_is_said(name: str, text: str) -> None:
    read = shape_of_settings if name == "PLACES" else allowance_of_settings
    with pytest.raises(ValueError, match=f"AUTOGRAD_LAB_{name} is"):
        read(Machine(2, 6_144), {f"AUTOGRAD_LAB_{name}": text})
