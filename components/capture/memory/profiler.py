"""``torch.profiler`` at its lowest level, read in portions.

The public ``torch.profiler.profile`` turns each event into several Python objects that nothing here asks for. Even so
an event costs some 2 kB once the profiler is stopped, so during a long run it is stopped, read and started again now
and then: the allocator goes on counting in between, because nothing runs in between.

Apart because the second run and the preparation of a GPU both start it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from torch._C._profiler import ProfilerActivity, ProfilerConfig, ProfilerState, RecordScope, _ExperimentalConfig
from torch.autograd import _disable_profiler as disable  # type: ignore[attr-defined]
from torch.autograd import _enable_profiler as enable  # type: ignore[attr-defined]
from torch.autograd import _prepare_profiler as prepare  # type: ignore[attr-defined]

_ACTIVITIES = {ProfilerActivity.CPU}
_SCOPES = {RecordScope.FUNCTION, RecordScope.BACKWARD_FUNCTION, RecordScope.USER_SCOPE}
# Of the processor's time: on a busy machine a portion is as long as on an idle one. With calls it has more events.
_PORTION_SECONDS = 0.15
_PORTION_SECONDS_WITH_CALLS = 0.1


class Profiler:
    """Profiles memory while it is entered; ``read`` gets the tree of events of each portion, with Python's ``calls``
    if they are asked for.

    ``reading_ns`` is how long that took between portions.
    """

    def __init__(self, read: Callable[[Any], None], calls: bool = False) -> None:
        self._read = read
        self._calls = calls
        self._portion = _PORTION_SECONDS_WITH_CALLS if calls else _PORTION_SECONDS
        self._started = 0.0
        self.reading_ns = 0

    def __enter__(self) -> Profiler:
        self._start()
        return self

    def __exit__(self, *error: object) -> None:
        results = disable()
        self._read(results.experimental_event_tree())

    def between_lines(self) -> None:
        """End a portion and begin the next. No operation of PyTorch may be under way."""
        stopped = time.perf_counter_ns()
        self.__exit__()
        self._start()
        self.reading_ns += time.perf_counter_ns() - stopped

    def is_long(self) -> bool:
        """Whether the portion is long enough to be read."""
        return time.process_time() - self._started > self._portion

    def _start(self) -> None:
        config = ProfilerConfig(ProfilerState.KINETO, False, True, self._calls, False, False, _ExperimentalConfig())
        prepare(config, _ACTIVITIES)
        enable(config, _ACTIVITIES, _SCOPES)  # type: ignore[call-arg]
        self._started = time.process_time()
