"""The section *What was alive*: at the peak, at the moment that was clicked, or when the program ended."""

from __future__ import annotations

import html

import streamlit as st

from app import session
from app.charts import chart
from app.memory.state import AT, AT_KEPT, PAGE, Shown, click, clicked
from components.figures.memory import (
    Alive,
    EngineMemory,
    Leak,
    Saved,
    alive_figure,
    alive_info,
    engine_memory,
    exact_bytes,
    leaks,
    saved_figure,
    saved_info,
    signed,
)
from components.figures.text import bytes_text, plural

_MOMENTS = {"peak": "At the peak", "clicked": "Where you clicked", "end": "At the end"}
_WIDTHS = {"block": st.column_config.TextColumn(width=150)}


def alive(shown: Shown) -> None:
    """Show the section."""
    event = _event(shown)
    if event is None:
        st.markdown("Click the timeline to see what was alive at that moment, and why.")
        return
    if session.state()[AT] == "peak" and shown.tables.memory.peak_event is None:
        st.caption("The peak came after the last event that was recorded. This is the most of what was recorded.")
    known = shown.worked_out.get(("alive", event))
    if known is None:
        known = shown.worked_out["alive", event] = alive_info(shown.tables, shown.moments, event)
    info: Alive = known
    st.html(_sentence(info))
    chart(alive_figure(info), f"{PAGE}:{shown.index.signature}:alive", click)
    rows = [
        {
            "bytes": exact_bytes(one.bytes),
            "block": one.name,
            "category": one.category,
            "why it was held": one.why,
            "line": one.line,
            "code": one.code,
            "node": one.node,
            "operation": one.operation,
        }
        for one in info.holders
    ]
    if rows:
        with st.expander(f"All {plural(len(rows), 'block')}", icon=":material/table_rows:"):
            st.dataframe(rows, hide_index=True, height="auto" if len(rows) < 10 else 380, column_config=_WIDTHS)


def _event(shown: Shown) -> int | None:
    state = session.state()
    # Said in every run: what a callback said while this control was not on the page would not be shown by it.
    state[AT] = state.get(AT) or state.get(AT_KEPT, "peak")
    chosen = st.segmented_control(
        "Moment",
        list(_MOMENTS),
        key=AT,
        required=True,
        format_func=lambda one: _MOMENTS[one],
        label_visibility="collapsed",
    )
    state[AT_KEPT] = chosen
    if chosen == "clicked":
        found = clicked()
        return found if found is not None and found < len(shown.tables.events) else None
    return shown.tables.peak if chosen == "peak" else len(shown.tables.events) - 1


def _sentence(info: Alive) -> str:
    where = f" after line {info.line}" if info.line is not None else ""
    code = f" <code>{html.escape(info.code[:90])}</code>" if info.code else ""
    during = f", in {html.escape(info.during)}" if info.during else ""
    where = where.replace(" after", " while") + (" ran" if where else "")
    return f'<p class="al-told"><b>{bytes_text(info.total)}</b> were held{where}{code}{during}:</p>'


_MOST_SENTENCES = 3


def saved(shown: Shown) -> None:
    """Show the section *Saved for backward*."""
    if "saved" not in shown.worked_out:
        shown.worked_out["saved"] = saved_info(shown.tables, shown.moments)
    info: Saved = shown.worked_out["saved"]
    if not info.nodes:
        st.markdown("No node has saved a tensor: there is no graph, or its operations need nothing for `backward()`.")
        return
    said = f"**{bytes_text(info.total)}** were saved for `backward()` over the whole run. "
    there = "leaves and the like (blue), which are there anyway."
    if not info.extra:
        said += f"All of it is {there}"
    else:
        part = "All of it counts" if info.extra == info.total else f"**{bytes_text(info.extra)}** of it count"
        said += f"{part} as *saved* (orange), at most {bytes_text(info.most)} of that at one moment"
        said += "." if info.extra == info.total else f"; the rest is {there}"
    if info.shared:
        said += " A storage that several nodes saved counts once in the sum, but in each of their bars."
    st.markdown(said)
    rows, kind = info.nodes, "nodes"
    if sum(row.nodes > 0 for row in info.modules) > 1:
        kind = st.segmented_control(
            "Group", ["nodes", "modules"], default="nodes", key=f"{PAGE}:saved-by", required=True,
            format_func=lambda one: f"by {one[:-1]}", label_visibility="collapsed",
        ) or "nodes"  # fmt: skip
        rows = info.nodes if kind == "nodes" else info.modules
    chart(saved_figure(rows), f"{PAGE}:{shown.index.signature}:saved:{kind}", click)
    with st.expander(f"All {plural(len(rows), 'row')}", icon=":material/table_rows:"):
        st.dataframe(
            [
                {
                    "saved": exact_bytes(row.bytes),
                    "of category saved": exact_bytes(row.extra),
                    "node" if kind == "nodes" else "module": row.label,
                    "nodes": row.nodes,
                    "module" if kind == "nodes" else "in": row.module,
                    "line": row.line,
                    "code": row.code,
                }
                for row in rows[:1_000]
            ],
            hide_index=True,
        )


def calls(shown: Shown) -> None:
    """Show the section *Backward calls*."""
    if "calls" not in shown.worked_out:
        shown.worked_out["calls"] = engine_memory(shown.tables, shown.moments)
    found: tuple[EngineMemory, ...] = shown.worked_out["calls"]
    if not found:
        st.markdown("The engine has not run: call `backward()` or `autograd.grad()`.")
        return
    st.html("".join(_told(call) for call in found[:_MOST_SENTENCES]))
    if len(found) > _MOST_SENTENCES:
        st.caption(f"… and {plural(len(found) - _MOST_SENTENCES, 'more call')}, all in the table.")
    st.dataframe(
        [
            {
                "call": call.label,
                "line": call.line,
                "before": bytes_text(call.before),
                "most": bytes_text(call.top),
                "after": bytes_text(call.after),
                "saved, released": bytes_text(call.released),
                "saved, still held": bytes_text(call.still),
                "kept by retain_graph": bytes_text(call.kept),
                "until": call.kept_until,
                "new gradients": bytes_text(call.gradients),
                "nodes freed, of those that had saved": f"{call.freed_nodes:,} of {call.nodes:,}",
            }
            for call in found
        ],
        hide_index=True,
    )


def _told(call: EngineMemory) -> str:
    said = [f"<b>{html.escape(call.label)}</b>"]
    said[0] += f" in line {call.line} <code>{html.escape(call.code[:80])}</code>" if call.line is not None else ""
    said[0] += f": {bytes_text(call.before)} before, {bytes_text(call.top)} at most, {bytes_text(call.after)} after"
    said[0] += f" ({signed(call.after - call.before)})."
    if call.released:
        said.append(f"It released {bytes_text(call.released)} of saved tensors.")
    if call.still:
        said.append(f"{bytes_text(call.still)} of what its nodes had saved is still held by variables or other nodes.")
    if call.gradients > 0:
        said.append(f"It left {bytes_text(call.gradients)} of new gradients.")
    if call.kept:
        said.append(f"<code>retain_graph=True</code> kept {bytes_text(call.kept)}, {html.escape(call.kept_until)}.")
    return f'<p class="al-told">{" ".join(said)}</p>'


def leak_hints(shown: Shown) -> None:
    """Say which lines keep graphs from iteration to iteration, if any do, and what to write instead."""
    if "leaks" not in shown.worked_out:
        shown.worked_out["leaks"] = leaks(shown.tables)
    found: tuple[Leak, ...] = shown.worked_out["leaks"]
    if found:
        st.html("".join(f'<div class="al-tell" role="status">{_leak(leak)}</div>' for leak in found[:3]))


def _leak(leak: Leak) -> str:
    name, code, fix = (html.escape(text[:120]) for text in (leak.name, leak.code, leak.fix))
    kept = f"{leak.iterations:,} iterations"
    nodes = f" ({leak.nodes:,} nodes)" if leak.nodes else ""
    cost = f"They hold <b>{bytes_text(leak.bytes)}</b> of saved tensors." if leak.bytes else _FREED
    where = f"<b>Leak in line {leak.line}</b>: <code>{code}</code>"
    if leak.kind == "retained":
        carried = f" through <code>{name}</code>" if name else ""
        cut = f"Cut the graph at the start of each iteration, <code>{fix}</code>, and leave" if fix else "Leave"
        return (
            f"{where} goes back{carried} into all {kept}{nodes}, whose graphs <code>retain_graph=True</code> keeps. "
            f"{cost} {cut} out <code>retain_graph=True</code>."
        )
    what = "adds the graph of each loss to" if leak.kind == "sum" else "puts each tensor with its graph into"
    return (
        f"{where} {what} <code>{name}</code>: the graphs of {kept}{nodes} are still alive at the end. {cost} If you "
        f"only want the numbers, write <code>{fix}</code>."
    )


_FREED = "Their saved tensors were released by <code>backward()</code>, the nodes themselves are not."
