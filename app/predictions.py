"""A lesson's questions before the lines that answer them: how they are written, and whether an answer is right.

A ``# %% [markdown] predict`` cell has the question in its first paragraph, then choices or a number, then why.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_CHOICE = re.compile(r"\s*[-*] \[(?P<mark>.?)\]\s*(?P<text>.*)")
_ANSWER = re.compile(r"\s*answer:\s*(?P<rest>.*)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d)[,_ ](?=\d{3}(?!\d))")
SHOWN = ""
"""What stands for an answer where the person asked to be shown."""


class PredictionError(ValueError):
    """A predict cell is malformed: the line in it (from 0) and what is wrong."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Prediction:
    """A question. ``choices`` is empty where a number is asked for; ``line`` is the first line that answers it.

    A number is right if it is at most ``tolerance`` away. All texts are Markdown.
    """

    question: str
    answer: str
    why: str
    choices: tuple[str, ...] = ()
    tolerance: float = 0.0
    line: int = 1

    @property
    def as_text(self) -> str:
        """The question with its choices as Markdown, with the answer folded away below it."""
        choices = "".join(f"- {choice}\n" for choice in self.choices)
        told = f"<details><summary>Answer</summary>\n\n{self.answer}\n\n{self.why}\n\n</details>"
        return "\n\n".join(filter(None, [f"**Predict.** {self.question}", choices.strip(), told]))

    def is_right(self, given: str) -> bool:
        """Whether an answer is right."""
        if self.choices:
            return given == self.answer
        number = read_number(given)
        right = read_number(self.answer)
        return number is not None and right is not None and abs(number - right) <= self.tolerance + 1e-9 * abs(right)


def read_number(text: str) -> float | None:
    """Return the number that a person typed: 24, 1/3, 4,000, 1e-3, tensor(24.); ``None`` if it is none."""
    plain = text.strip().replace("\N{MINUS SIGN}", "-").lower()
    plain = re.sub(r"^tensor\((.*)\)$", r"\1", plain)
    plain = re.sub(r"\s*/\s*", "/", _THOUSANDS.sub("", plain))
    above, _, below = plain.partition("/")
    if not _NUMBER.fullmatch(above) or (below and not _NUMBER.fullmatch(below)) or plain.endswith("/"):
        return None
    divisor = float(below) if below else 1.0
    number = float(above) / divisor if divisor else math.inf
    return number if math.isfinite(number) else None


def read_prediction(lines: Sequence[str]) -> Prediction:
    """Read the text of a predict cell.

    Raises:
        PredictionError: with the line and what is wrong.
    """
    marks = [index for index, line in enumerate(lines) if _CHOICE.match(line) or _ANSWER.match(line)]
    if not marks:
        raise PredictionError(0, "a prediction needs choices ('- [ ] 12', '- [x] 24') or a number ('answer: 24')")
    question = _text(lines[: marks[0]])
    if not question:
        raise PredictionError(marks[0], "a prediction begins with its question")
    why = _text(lines[marks[-1] + 1 :])
    if not why:
        raise PredictionError(marks[-1], "a prediction ends with a paragraph that says why")
    choices = [_CHOICE.match(lines[index]) for index in marks]
    if choices[0] is None:
        return _number(lines, marks, question, why)
    return _choice(lines, marks, question, why)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip()


def _number(lines: Sequence[str], marks: list[int], question: str, why: str) -> Prediction:
    if len(marks) > 1:
        raise PredictionError(marks[1], "a prediction has one 'answer:', or choices, and not both")
    found = _ANSWER.match(lines[marks[0]])
    assert found is not None
    answer, sign, tolerance = (part.strip() for part in found["rest"].partition("+-"))
    for part in (answer, *([tolerance] if sign else [])):
        if read_number(part) is None:
            raise PredictionError(marks[0], f"'{part}' is not a number; write 'answer: 24' or 'answer: 3.1 +- 0.2'")
    allowed = read_number(tolerance) if sign else _half_a_unit(answer)
    return Prediction(question, answer, why, tolerance=abs(allowed or 0.0))


def _half_a_unit(answer: str) -> float:
    """A whole number has to be met; of one with decimals, the last decimal may be rounded."""
    decimals = re.search(r"\.(\d+)$", answer)
    return 0.5 * 10.0 ** -len(decimals[1]) if decimals is not None else 0.0


def _choice(lines: Sequence[str], marks: list[int], question: str, why: str) -> Prediction:
    choices: list[str] = []
    right: list[str] = []
    for index in marks:
        found = _CHOICE.match(lines[index])
        if found is None:
            raise PredictionError(index, "a prediction has one 'answer:', or choices, and not both")
        mark, text = found["mark"], found["text"].strip()
        if mark not in (" ", "x", "X"):
            raise PredictionError(index, f"'[{mark}]' is neither '[ ]' nor '[x]', the right one")
        if not text or text in choices:
            raise PredictionError(index, f"the choice '{text}' is there already" if text else "a choice says something")
        choices.append(text)
        right += [text] if mark != " " else []
    for before, after in pairwise(marks):
        if _text(lines[before + 1 : after]):
            raise PredictionError(before + 1, "between the choices stands other text; a choice is one line")
    if len(right) != 1 or len(choices) < 2:
        raise PredictionError(marks[0], f"of two or more choices one is right ('- [x]'); here {len(right)} are")
    return Prediction(question, right[0], why, tuple(choices))
