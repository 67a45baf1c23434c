"""PyTorch's own database of operators: each is computed and differentiated as without observers, bit for bit.

Both sides run in processes of their own (``operators``). By default a sample of the operators that covers their
families; with ``OPERATORS=all`` (``make test-operators``) every one that autograd knows.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.sets

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).with_name("operators.txt").read_text(encoding="utf-8")
ALL = os.environ.get("OPERATORS") == "all"
NO_SAMPLE = "NoSample: "
Answers = dict[tuple[str, int], dict[str, Any]]


def part(name: str) -> list[str]:
    """Return the lines of a part of the data."""
    _, _, text = re.split(rf"^# {name}: (.*)\n", DATA, flags=re.MULTILINE)
    return text.split("\n#")[0].split("\n")


SAMPLE = " ".join(part("sample")).split()
ASIDE = [[word.strip() for word in line.split("|")] for line in part("aside") if line]
ABSENT = {line.partition("|")[0].strip() for line in part("absent") if line}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answers]:
    """What the operators gave, ``plain`` and ``traced``."""
    files = {mode: tmp_path_factory.mktemp("operators") / f"{mode}.jsonl" for mode in ("plain", "traced")}
    command = [sys.executable, "-m", "tests.capture.operators", *map(str, files.values())]
    subprocess.run(command, cwd=ROOT, input="*" if ALL else " ".join(SAMPLE), text=True, check=True)
    found: dict[str, Answers] = {}
    for mode, file in files.items():
        rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        found[mode] = {(row["name"], row["index"]): row for row in rows}
        assert found[mode]
    return found


def test_results_and_gradients_are_those_of_plain_pytorch(answers: dict[str, Answers]) -> None:
    plain, traced = answers["plain"], answers["traced"]
    assert plain.keys() == traced.keys()
    printed = {key: (row["printed"], traced[key]["printed"]) for key, row in plain.items()}
    assert {key: pair for key, pair in printed.items() if pair[0] != pair[1]} == {}


def test_what_plain_pytorch_refuses_is_refused_in_the_same_words(answers: dict[str, Answers]) -> None:
    plain, traced = answers["plain"], answers["traced"]
    errors = {key: (row["error"], traced[key]["error"]) for key, row in plain.items()}
    assert {key: pair for key, pair in errors.items() if pair[0] != pair[1]} == {}
    assert {
        key: row["error"] for key, row in plain.items() if key[1] >= 0 and row["error"] not in (None, NO_SAMPLE)
    } == {}
    assert any(row["error"] not in (None, NO_SAMPLE) for row in plain.values())


def test_each_operator_has_a_sample_and_a_graph(answers: dict[str, Answers]) -> None:
    rows = answers["traced"].values()
    without = {row["name"] for row in rows if row["index"] == 0 and row["error"] == NO_SAMPLE}
    assert without == (ABSENT if ALL else set())
    assert [row["name"] for row in rows if row["index"] == 0 and row["error"] is None and not row["nodes"]] == []


def test_each_trace_is_the_same_after_it_was_stored(answers: dict[str, Answers]) -> None:
    assert [key for key, row in answers["traced"].items() if not row["same"]] == []


def test_observers_step_aside_where_the_list_says_and_nowhere_else(answers: dict[str, Answers]) -> None:
    notes = {row["name"]: row["notes"] for row in answers["traced"].values() if row["notes"]}
    listed = {name: words for name, words, _ in ASIDE}
    assert {
        name: said for name, said in notes.items() if not all(listed.get(name, "\0") in note for note in said)
    } == {}
    assert listed.keys() - notes.keys() == set()


def test_the_figures(answers: dict[str, Answers]) -> None:
    """Say how many there were: a database that gives nothing would leave every other test content."""
    rows = answers["plain"].values()
    differentiated = [row for row in rows if row["index"] >= 0 and row["error"] is None]
    refused = [row for row in rows if row["error"] not in (None, NO_SAMPLE)]
    operators = {row["name"] for row in differentiated}
    print(f"{len(operators)} operators, {len(differentiated)} samples differentiated, {len(refused)} refused.")
    assert len(operators) >= (500 if ALL else 60)
    assert len(differentiated) >= (1_000 if ALL else 110)
