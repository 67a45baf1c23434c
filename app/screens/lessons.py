"""The Lessons page: the course, each lesson ready to run and to change."""

from __future__ import annotations

import streamlit as st

from app import session
from app.workbench import workbench


def page() -> None:
    """Show the lesson that the address or the person asks for."""
    lessons = {lesson.slug: lesson for lesson in session.lessons()}
    asked = session.address().get("lesson", "")
    first = list(lessons).index(asked) if asked in lessons else 0
    slug = st.selectbox(
        "Example",
        list(lessons),
        index=first,
        format_func=lambda slug: f"{lessons[slug].number}. {_plain(lessons[slug].title)}",
        key="lessons:slug",
        width=420,
    )
    lesson = lessons[slug]
    session.address()["lesson"] = slug
    texts = [cell.text for cell in lesson.cells if cell.kind == "text"]
    with st.expander(lesson.summary, expanded=False, icon=":material/menu_book:"):
        for text in texts:
            st.markdown(text)
    workbench("lessons", lesson.source, above=270)


def _plain(title: str) -> str:
    return title.replace("`", "")


page()
