"""What Streamlit keeps for a session, read and written without an end in between.

At each use of ``st.session_state`` a run, and what a button calls, ends if a newer event waits: a press that is quickly
followed by another would be half done, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from streamlit.runtime.state import SessionState, get_session_state


class State(MutableMapping[str | int, Any]):
    """As ``st.session_state``, of the session that asks; runs still end where they show something."""

    def __getitem__(self, key: str | int) -> Any:
        return _of_this_session()[str(key)]

    def __setitem__(self, key: str | int, value: Any) -> None:
        _of_this_session()[str(key)] = value

    def __delitem__(self, key: str | int) -> None:
        del _of_this_session()[str(key)]

    def __contains__(self, key: object) -> bool:
        return str(key) in _of_this_session()

    def __iter__(self) -> Iterator[str | int]:
        return iter(_of_this_session().filtered_state)

    def __len__(self) -> int:
        return len(_of_this_session().filtered_state)


STATE = State()


def _of_this_session() -> SessionState:
    return get_session_state()._state
