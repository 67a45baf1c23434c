"""What explains the timeline: what was alive at a moment, what was saved for backward, what each engine run did."""

from __future__ import annotations

import streamlit as st

from app import session
from app.controls import chart, one_of, table
from app.memory_timeline import AT, PAGE, click, memory_state, own
from components.facts.memory.held import Alive, EngineMemory
from components.facts.memory.leaks import Leak
from components.facts.text import bytes_text, exact_bytes, plural, signed_bytes
from components.figures.charts.memory import alive_figure, saved_figure
from components.figures.charts.memory_stacks import stacks_figure
from components.reading import memory_sections
from components.reading.memory_sections import MemoryAbout
from components.widgets.panels import Markup, joined

_MOMENTS = {"peak": "At the peak", "clicked": "Where you clicked", "end": "At the end"}
_MOST_SENTENCES = 3


def alive(about: MemoryAbout) -> None:
    """Show *What was alive*: at the peak, at the moment that was clicked, or when the program ended."""
    event = _event(about)
    if event is None:
        st.markdown("Click the timeline to see what was alive at that moment, and why.")
        return
    if memory_state().at == "peak" and not about.peak_recorded:
        st.caption("The peak came after the last event that was recorded. This is the most of what was recorded.")
    info = session.look(PAGE, memory_sections.alive, event)
    st.html(_sentence(info))
    chart(alive_figure(info), own("alive"), click)
    rows = [
        {
            "bytes": exact_bytes(holder.bytes),
            "block": holder.name,
            "category": holder.category,
            "why it was held": holder.why,
            "line": holder.line,
            "code": holder.code,
            "node": holder.node,
            "operation": holder.operation,
        }
        for holder in info.holders
    ]
    if rows:
        with st.expander(f"All {plural(len(rows), 'block')}", icon=":material/table_rows:"):
            table(rows, "auto" if len(rows) < 10 else 380, block=150)
    with st.expander("Call stacks: what allocated it", icon=":material/account_tree:"):
        if about.has_stacks:
            _calls_that_allocated(event)
        else:
            _record_stacks()


def _calls_that_allocated(event: int) -> None:
    info = session.look(PAGE, memory_sections.stacks, event)
    if info.parts:
        st.caption(
            "From the outside in: your functions (blue), PyTorch's inside of them (grey), and what they allocated, in "
            "the colour of its category. As wide as its bytes; click a call to look closer, and the top to go back."
        )
        chart(stacks_figure(info), own("stacks"), small=True)
    said = [f"Of {bytes_text(info.unknown)} no call stack was recorded."] if info.unknown else []
    said += [f"{plural(info.left_out, 'part')} too small or too deep to be drawn."] if info.left_out else []
    if said:
        st.caption(" ".join(said))


def _record_stacks() -> None:
    shown = session.shown(PAGE)
    if session.running(PAGE) is not None:
        st.markdown("The program runs once more, and its call stacks are recorded.")
    elif shown is not None and shown.opened:
        st.markdown("This trace was recorded without them. Run its program here to record them.")
    else:
        st.markdown(
            "The program can be run once more, and at each allocation the Python calls that are under way be written "
            "down: your functions, and PyTorch's inside of them. That run takes longer."
        )
        record = "Record call stacks"
        st.button(record, on_click=session.measure_again, args=(PAGE, True), icon=":material/account_tree:")


def _event(about: MemoryAbout) -> int | None:
    state = memory_state()
    state.at = one_of("Moment", _MOMENTS, AT, _MOMENTS.__getitem__, last=state.at)
    if state.at == "clicked":
        event = state.clicked
        return event if event is not None and event < about.events else None
    return about.peak if state.at == "peak" else about.events - 1


def _sentence(info: Alive) -> Markup:
    where = f" while line {info.line} ran" if info.line is not None else ""
    code = Markup(" <code>{}</code>").format(info.code[:90]) if info.code else ""
    during = f", in {info.during}" if info.during else ""
    return Markup('<p class="al-told"><b>{}</b> were held{}{}{}:</p>').format(
        bytes_text(info.total), where, code, during
    )


def saved(about: MemoryAbout) -> None:
    """Show the section *Saved for backward*."""
    info = session.look(PAGE, memory_sections.saved)
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
        kind = one_of("Group", ("nodes", "modules"), f"{PAGE}:saved-by", lambda kind: f"by {kind[:-1]}")
        rows = info.nodes if kind == "nodes" else info.modules
    chart(saved_figure(rows), own(f"saved:{kind}"), click)
    with st.expander(f"All {plural(len(rows), 'row')}", icon=":material/table_rows:"):
        table(
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
            ]
        )


def calls(about: MemoryAbout) -> None:
    """Show the section *Backward calls*."""
    runs = session.look(PAGE, memory_sections.calls)
    if not runs:
        st.markdown("The engine has not run: call `backward()` or `autograd.grad()`.")
        return
    st.html(joined(map(_told, runs[:_MOST_SENTENCES])))
    if len(runs) > _MOST_SENTENCES:
        st.caption(f"… and {plural(len(runs) - _MOST_SENTENCES, 'more call')}, all in the table.")
    table(
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
            for call in runs
        ]
    )


def _told(call: EngineMemory) -> Markup:
    line = Markup(" in line {} <code>{}</code>").format(call.line, call.code[:80]) if call.line is not None else ""
    said: list[str] = [
        Markup("<b>{}</b>{}: {} before, {} at most, {} after ({}).").format(
            call.label,
            line,
            bytes_text(call.before),
            bytes_text(call.top),
            bytes_text(call.after),
            signed_bytes(call.after - call.before),
        )
    ]
    if call.released:
        said.append(f"It released {bytes_text(call.released)} of saved tensors.")
    if call.still:
        said.append(f"{bytes_text(call.still)} of what its nodes had saved is still held by variables or other nodes.")
    if call.gradients > 0:
        said.append(f"It left {bytes_text(call.gradients)} of new gradients.")
    if call.kept:
        kept = Markup("<code>retain_graph=True</code> kept {}, {}.")
        said.append(kept.format(bytes_text(call.kept), call.kept_until))
    return Markup('<p class="al-told">{}</p>').format(joined(said, " "))


def leak_hints() -> None:
    """Say which lines keep graphs from iteration to iteration, if any do, and what to write instead."""
    hints = session.look(PAGE, memory_sections.kept_graphs)
    if hints:
        frame = Markup('<div class="al-tell" role="status">{}</div>')
        st.html(joined(frame.format(_leak(leak)) for leak in hints[:3]))


def _leak(leak: Leak) -> Markup:
    name, fix = leak.name[:120], leak.fix[:120]
    kept = f"{leak.iterations:,} iterations" + (f" ({leak.nodes:,} nodes)" if leak.nodes else "")
    where = Markup("<b>Leak in line {}</b>: <code>{}</code>").format(leak.line, leak.code[:120])
    cost = Markup("They hold <b>{}</b> of saved tensors.").format(bytes_text(leak.bytes)) if leak.bytes else _FREED
    if leak.kind == "retained":
        carried = Markup(" through <code>{}</code>").format(name) if name else ""
        cut = Markup("Cut the graph at the start of each iteration, <code>{}</code>, and leave").format(fix)
        return Markup(
            "{} goes back{} into all {}, whose graphs <code>retain_graph=True</code> keeps. "
            "{} {} out <code>retain_graph=True</code>."
        ).format(where, carried, kept, cost, cut if fix else "Leave")
    what = "adds the graph of each loss to" if leak.kind == "sum" else "puts each tensor with its graph into"
    return Markup(
        "{} {} <code>{}</code>: the graphs of {} are still alive at the end. {} If you only want the numbers, write "
        "<code>{}</code>."
    ).format(where, what, name, kept, cost, fix)


_FREED = Markup("Their saved tensors were released by <code>backward()</code>, the nodes themselves are not.")
