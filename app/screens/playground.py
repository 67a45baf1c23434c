"""The Playground: an expression, its leaves, and buttons that write the program which runs."""

from __future__ import annotations

import streamlit as st

from app import (
    advice,
    linked,
    playground_form,
    playground_leaves,
    playground_plots,
    results,
    session,
    what_if_shown,
)
from app.workbench import ABOVE, MADE, frame, heading
from components.reading.account import account, mended
from components.source.form import Form, FormError, Written, write_program
from components.source.form.read_back import form_of
from components.widgets.panels import Markup, leaves_panel, with_code

_TRIED = "playground-tried"
_SAYS = Markup('<p class="al-mend" role="alert">{}</p>')
_RAISED = Markup('<div class="al-raised"><b>{}</b> {}</div>')


def page() -> None:
    """Show the form on the left, below it what it did, and the picture on the right."""
    linked.follow_form()
    form = playground_form.current()
    written, problem = _written(form)
    if written is not None:
        session.ask("playground", written.source)
        session.call("playground", form.expression.strip().partition("\n")[0][:60])
    making, did = frame("playground", [MADE, 1 - MADE])
    with did:  # the picture first: the rest is there already, but for a few words
        what_if_shown.show("playground", _place(form, written), above=ABOVE, show_code=True)
    with making, st.container(key="playground-made"):
        with heading("playground", "Playground"):
            pass
        linked.note_form()
        playground_form.show_expression(problem)
        playground_leaves.show(form)
        playground_form.show_switches()
        playground_form.show_buttons(_why_not(written))
        playground_plots.show(form, written)
        _told(form, written)
        if written is not None:
            with st.expander("The program that runs", icon=":material/code:"):
                st.code(written.source, language="python")


def _told(form: Form, written: Written | None) -> None:
    """Show a run that is under way, or what there is to be said of the last one; of an error, how to mend the form."""
    if results.progress("playground") or (shown := session.shown("playground")) is None:
        return
    # An error of what was typed before is none of what is typed now.
    stops = written is not None and _stops(written)
    if written is not None and stops:
        _show_failure(form, written)
    told = session.look("playground", account)
    if written is not None and shown.program.source == written.source:
        advice.noted(told.remarks, written.source, _place(form, written))
    kind = " al-failed" if stops else ""
    st.html(Markup('<div class="al-told-of{}">{}</div>').format(kind, leaves_panel(told.leaves, stopped=stops)))
    for warned in told.output.warned[:2]:
        st.html(Markup('<p class="al-note">{}: {}</p>').format(warned.category, warned.message[:300]))
    results.figures(told)


def _written(form: Form) -> tuple[Written | None, FormError | None]:
    try:
        return write_program(form, session.device()), None
    except FormError as problem:
        return None, problem  # and what was computed last stays in view


def _why_not(written: Written | None) -> str:
    """Return why no call can be added: it would not run; empty where it would."""
    if written is None:
        return "What is typed cannot be read yet."
    return "The program stops with an error. Mend it first, or press Undo." if _stops(written) else ""


def _stops(written: Written) -> bool:
    """Whether the program that the form stands for has run, and stopped with an error."""
    shown = session.shown("playground")
    return shown is not None and shown.failure is not None and shown.program.source == written.source


def _show_failure(form: Form, written: Written) -> None:
    """Say why the program stopped, in the form's own terms, with PyTorch's text below."""
    shown = session.shown("playground")
    if shown is None or shown.failure is None:
        return
    failure, place = shown.failure, _place(form, written)
    fix = session.look("playground", mended, form, written)
    says = fix.says if fix is not None else failure.explanation or "The program stopped with this error."
    with st.container(key="playground-error", gap="small"):
        st.html(_SAYS.format(with_code(says)))
        if fix is not None and fix.button is not None and fix.form is not None:
            st.button(
                fix.button, key="playground:fix", type="primary", on_click=playground_form.become, args=(fix.form,)
            )
        changed = advice.applied(written.source, failure.hint)
        if fix is None and changed is not None and place.takes(changed) and _runs(changed):
            advice.offer(place, written.source, changed, "failure")
        st.html(_RAISED.format(failure.error_type or "Stopped", failure.message))


def _runs(changed: str) -> bool:
    """Whether a program has been tried, and runs to its end: it is as small as what a form says."""
    session.ask(_TRIED, changed)
    shown = None if session.collect(_TRIED) else session.shown(_TRIED)
    return shown is not None and shown.failure is None


def _place(form: Form, written: Written | None) -> advice.Place:
    """Return the form as the place where its program can be changed, as far as a form stands for that."""

    def changed(text: str) -> Form | None:
        return form_of(form, written, text, session.device()) if written is not None else None

    def become(text: str) -> None:
        new = changed(text)
        if new is not None:
            playground_form.become(new)

    def typed() -> str:
        now, _ = _written(playground_form.current())
        return now.source if now is not None else ""

    return advice.Place(
        "playground",
        now=lambda: written.source if written is not None else "",
        typed=typed,
        become=become,
        takes=lambda text: changed(text) is not None,
        help="Changes the form. Undo brings it back.",
    )


page()
