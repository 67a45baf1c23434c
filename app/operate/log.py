"""What the server logs: a line for each event, as text or as JSON. No program, no address and no name is in it."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from types import TracebackType
from typing import Literal

import msgspec

from app.operate.ended import Ended

LOG = logging.getLogger("autograd_lab")
Form = Literal["text", "json"]


def start(form: Form) -> None:
    """Log from now on to standard error in this form: our own events, and the warnings of all libraries."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else logging.Formatter("Autograd Lab: %(message)s"))
    logging.getLogger().addHandler(handler)
    LOG.setLevel(logging.DEBUG if form == "json" else logging.INFO)
    if form == "json":
        _take_over(Json())


def _take_over(formatter: logging.Formatter) -> None:
    """Let Streamlit's and its server's loggers write in our form too.

    Streamlit gives each a handler of its own. Without one, what they say goes to Python's last resort.
    """
    from streamlit import logger as streamlits

    def plain(logger: logging.Logger) -> None:
        logger.handlers[:] = []

    streamlits.setup_formatter = plain
    streamlits.update_formatter()
    logging.lastResort = logging.StreamHandler(sys.stderr)
    logging.lastResort.setLevel(logging.WARNING)
    logging.lastResort.setFormatter(formatter)


class Json(logging.Formatter):
    """A line of JSON for each record: time, level, event, and what the event has."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "message"),
        }
        fields = getattr(record, "fields", None)
        line |= fields if isinstance(fields, dict) else {"logger": record.name, "message": _said(record)}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = where(record.exc_info[1], record.exc_info[2])
        return msgspec.json.encode(line).decode()


def _said(record: logging.LogRecord) -> str:
    """Return a message; of our own ones what is written in our code, since what they quote can be a program's."""
    ours = record.name.partition(".")[0] in ("app", "components")
    return str(record.msg).partition("\n")[0] if ours else record.getMessage()


def where(error: BaseException, place: TracebackType | None) -> str:
    """Return the kind of an error and the lines of code that it passed through, without what it says.

    Its message can be a program's.
    """
    frames = traceback.extract_tb(place)
    return " < ".join([type(error).__name__, *(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))])


def event(name: str, message: str, **fields: object) -> None:
    """Log something that happened: as text the message, as JSON the name and the fields."""
    LOG.info(message, extra={"event": name, "fields": fields})


def run(ended: Ended) -> None:
    """Log that a run is over; as text only where it did not end as usual: a class runs thousands."""
    fields = msgspec.to_builtins(ended)
    if ended.outcome not in ("finished", "stopped", "timeout") or LOG.isEnabledFor(logging.DEBUG):
        LOG.info("A run ended: %s.", ended.outcome, extra={"event": "run", "fields": fields})
