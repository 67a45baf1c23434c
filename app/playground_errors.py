"""Why the Playground's program stopped: a sentence about the switch or the expression, and a button that mends it."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from app import session
from app.playground_form import become
from components.source.form import Form, Written
from components.source.form.fixes import fix_of
from components.widgets.panels import with_code

_SAYS = Markup('<p class="al-mend" role="alert">{}</p>')
_RAISED = Markup('<div class="al-raised"><b>{}</b> {}</div>')


def show_failure(form: Form, written: Written) -> None:
    """Say why the program stopped, in the form's own terms, with PyTorch's text below."""
    trace = session.trace("playground")
    if trace is None or trace.failure is None:
        return
    failure, fix = trace.failure, fix_of(form, written, trace)
    says = fix.says if fix is not None else failure.explanation or "The program stopped with this error."
    with st.container(key="playground-error", gap="small"):
        st.html(_SAYS.format(with_code(says)))
        if fix is not None and fix.button is not None and fix.form is not None:
            st.button(fix.button, key="playground:fix", type="primary", on_click=become, args=(fix.form,))
        st.html(_RAISED.format(failure.error_type or "Stopped", failure.message))
