"""One visitor: a session of the app over Streamlit's protocol, as a browser has it, without a browser.

It keeps what a browser keeps: the values of widgets, the hashes of messages that the server need not send again, and
the timers of what is to be run again by itself.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from contextlib import suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

# What a browser remembers of the messages that it got.
_REMEMBERED = 60
# A component's triggers are a widget of their own, beside that of its state.
_TRIGGERS = "$$STREAMLIT_INTERNAL_KEY_{}__events"
_OPEN_SECONDS = 30.0
_ERROR = '<div class="al-fail"'


class Refused(Exception):
    """The server closed the connection, or its page raised an exception."""


class Visitor:
    """Somebody who has a page open, from an address of the loopback interface.

    Each of ``open``, ``press`` and ``run`` waits until the page shows what came of it, and returns the seconds. They
    raise ``TimeoutError`` after ``patience`` seconds, and ``Refused``.
    """

    def __init__(self, port: int, page: str = "lessons", *, address: str = "127.0.0.1", patience: float = 60.0) -> None:
        self.port, self.page, self.address, self.patience = port, page, address, patience
        self.bytes = 0
        self.buttons: dict[str, str] = {}
        """The ids of the buttons on the page by their keys."""
        self._texts: list[str] = []
        self._values: dict[str, str | list[str]] = {}
        self._known: dict[str, ForwardMsg] = {}
        self._page_hash = self._query = ""
        self._browser = self._session = self._editor = self._revision = ""
        self._arrived = False
        self._numbered = time.time_ns() // 1_000_000
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._shown = asyncio.Event()
        self._wrong = ""
        self._connection: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> float:
        """Open the page, say what the browser keeps (nothing), and wait until the page is there."""
        began = time.perf_counter()
        self._connection = await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            ping_interval=None,
            compression=None,
            open_timeout=_OPEN_SECONDS,
            local_addr=(self.address, 0),
        )
        self._reader = asyncio.create_task(self._read(self._connection))
        await self._until_shown(self._state())
        if not self._arrived:
            report = {"session": self._session, "values": {}, "present": False, "went": False}
            back = self._state()
            one = back.rerun_script.widget_states.widgets.add()
            one.id = _TRIGGERS.format(self._browser)
            one.json_trigger_value = json.dumps([{"event": "report", "value": report}])
            await self._until_shown(back)
        return time.perf_counter() - began

    async def press(self, key: str) -> float:
        """Press the button with this key."""
        back = self._state()
        one = back.rerun_script.widget_states.widgets.add()
        one.id, one.trigger_value = self.buttons[key], True
        return await self._until_shown(back)

    async def run(self, text: str) -> float:
        """Type a program into the editor and press Ctrl+Enter."""
        self._numbered = max(self._numbered + 1, time.time_ns() // 1_000_000)
        edited = {"revision": self._revision, "text": text, "run": self._numbered, "seq": self._numbered}
        self._values[self._editor] = json.dumps({"edited": edited})
        return await self._until_shown(self._state())

    async def leave(self) -> None:
        """Close the page."""
        self._stop_timers()
        if self._connection is not None:
            await self._connection.close()
        if self._reader is not None:
            await self._reader

    @property
    def said(self) -> str:
        """What the page says, as HTML and Markdown, from the last time that all of it was sent."""
        return "\n".join(self._texts)

    @property
    def error(self) -> str:
        """What the page says of a program that failed, as HTML; empty where none did."""
        return next((text for text in reversed(self._texts) if text.startswith(_ERROR)), "")

    @property
    def waits(self) -> bool:
        """Whether the page shows a program that is still running, and looks again by itself."""
        return bool(self._timers)

    # --- what it says

    def _state(self, fragment: str = "") -> BackMsg:
        back = BackMsg()
        state = back.rerun_script
        state.query_string, state.page_script_hash = self._query, self._page_hash
        if not self._page_hash:
            state.page_name = self.page
        for identity, value in self._values.items():
            one = state.widget_states.widgets.add()
            one.id = identity
            if isinstance(value, list):
                one.string_array_value.data[:] = value
            elif identity == self._editor:
                one.json_value = value
            else:
                one.string_value = value
        state.widget_states.SetInParent()
        state.cached_message_hashes.extend(self._known)
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        context = state.context_info
        context.timezone, context.locale, context.color_scheme = "UTC", "en-US", "light"
        context.url = f"http://127.0.0.1:{self.port}/{self.page}"
        return back

    async def _until_shown(self, back: BackMsg) -> float:
        assert self._connection is not None
        self._shown.clear()
        self._stop_timers()
        began = time.perf_counter()
        try:
            await self._connection.send(back.SerializeToString())
        except ConnectionClosed:
            raise Refused("The connection is closed.") from None
        await asyncio.wait_for(self._shown.wait(), self.patience)
        if self._wrong:
            raise Refused(self._wrong)
        return time.perf_counter() - began

    async def _again(self, connection: ClientConnection, seconds: float, fragment: str) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(seconds)
                await connection.send(self._state(fragment).SerializeToString())

    def _stop_timers(self, fragments: Iterable[str] | None = None) -> None:
        for fragment in list(self._timers) if fragments is None else fragments:
            if fragment in self._timers:
                self._timers.pop(fragment).cancel()

    # --- what it hears

    async def _read(self, connection: ClientConnection) -> None:
        try:
            async for data in connection:
                self.bytes += len(data)
                message = ForwardMsg()
                message.ParseFromString(data if isinstance(data, bytes) else data.encode())
                self._take(connection, message)
        except ConnectionClosed:
            pass
        finally:
            self._stop_timers()
            self._wrong = self._wrong or "The server closed the connection."
            self._shown.set()

    def _take(self, connection: ClientConnection, message: ForwardMsg) -> None:
        if message.metadata.cacheable and message.hash:
            self._known[message.hash] = message
        for forgotten in list(self._known)[:-_REMEMBERED]:
            del self._known[forgotten]
        if message.WhichOneof("type") == "ref_hash":
            message = self._known[message.ref_hash]
        match message.WhichOneof("type"):
            case "new_session" if not message.metadata.run.fragment_ids:
                self._stop_timers()
                self.buttons.clear()
                self._texts.clear()
            case "auto_rerun":
                again = message.auto_rerun
                task = asyncio.create_task(self._again(connection, again.interval, again.fragment_id))
                self._timers[again.fragment_id] = task
            case "stop_auto_rerun":
                self._stop_timers(message.stop_auto_rerun.fragment_ids)
            case "navigation":
                self._page_hash = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "delta" if message.delta.HasField("new_element"):
                self._see(message.delta.new_element)
            case "script_finished" if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                # While a program runs, the page has a part that is run again by itself.
                if not self._timers:
                    self._shown.set()

    def _see(self, element: Element) -> None:
        match element.WhichOneof("type"):
            case "exception":
                self._wrong = f"{element.exception.type}: {element.exception.message}"
            case "button":
                self.buttons[_key(element.button.id)] = element.button.id
            case "selectbox" if element.selectbox.options:
                one = element.selectbox
                self._values.setdefault(one.id, one.options[one.default])
            case "button_group":
                group = element.button_group
                self._values.setdefault(group.id, [group.options[place].content for place in group.default])
            case "html" | "markdown" | "alert" as kind:
                self._texts.append(getattr(element, kind).body)
            case "bidi_component":
                component = element.bidi_component
                key, text = _key(component.id), component.json or component.mixed.json
                with suppress(ValueError, KeyError):
                    if key == "browser":
                        data = json.loads(text)
                        self._browser, self._session = component.id, data["session"]
                        self._arrived = data["arrived"]
                    elif "editor" in key:
                        self._revision, self._editor = json.loads(text)["revision"], component.id


def _key(identity: str) -> str:
    """Return the key that the app gave a widget, which stands at the end of its id."""
    return identity.split("-", 2)[-1]
