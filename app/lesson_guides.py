"""What the Lessons page adds to the workbench: a lesson's text and questions, or an exercise's task and checks."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app import exercise, gpu_sample, predicting, program_choice, results, session
from app.course import Exercise, Lesson, WithoutGpu
from app.progress import editor_of, is_solved
from app.workbench import Guide
from components.reading.account import account
from components.widgets.panels import Markup, output_panel, with_code

_WITHOUT_GPU = "lessons-without-gpu"
# Where the keyboard stops, so that arrow keys scroll the text.
_STOP = '<div class="al-stop" role="note" tabindex="0" aria-label="Text of the lesson: arrow keys scroll it"></div>'


@dataclass(frozen=True)
class LessonGuide(Guide):
    """Beside a lesson: its text, its questions, and what stands in for a GPU."""

    lesson: Lesson

    def before(self) -> None:
        """Show the text, as far as it gives no answer away."""
        lesson, answered = self.lesson, predicting.answered(self.lesson)
        _title(lesson)
        with st.container(key="lessons-text"):
            st.html(_STOP)
            for text in lesson.texts_before(answered):
                st.markdown(_without_title(text))
            if answered < len(lesson.predictions):
                st.html('<p class="al-note">The text goes on when the question above the picture is answered.</p>')

    def buttons(self, text: str) -> None:
        """Show Reset."""
        _reset(self.lesson, text)

    def program(self, text: str) -> str:
        """Return the program up to the first question that nobody has answered."""
        predicting.follow_link(self.lesson)
        return predicting.program(self.lesson, text)

    def asked_to_run(self, text: str) -> None:
        """Who runs the lesson's own program wants to see all that it does."""
        if text == self.lesson.source:
            predicting.show_all(self.lesson)

    def over(self, ran: str) -> int:
        """Show the question whose turn it is, or the program that stands in where there is no GPU."""
        if self.lesson.without_gpu is not None and not session.has_gpu():
            _without_gpu(self.lesson.without_gpu)
            return 278
        return predicting.panel(self.lesson, ran)


@dataclass(frozen=True)
class ExerciseGuide(Guide):
    """Beside an exercise: the task, Check, hints, and what the checks found."""

    lesson: Lesson
    exercise: Exercise
    run_first = False

    def before(self) -> None:
        """Show what is to be done."""
        lesson = self.lesson
        _title(lesson, " ✓" if is_solved(lesson) else "")
        with st.container(key="lessons-task"):
            st.html(_STOP)
            for text in lesson.texts:
                st.markdown(_without_title(text))

    def asked_to_run(self, text: str) -> None:
        """Check what is run, if that was asked too."""
        exercise.check(self.lesson, self.exercise, text)

    def buttons(self, text: str) -> None:
        """Show Check, which runs the answer too, and the next hint."""
        exercise.check_button(self.lesson)
        exercise.hint_button(self.lesson, self.exercise)
        _reset(self.lesson, text)

    def after(self, text: str) -> None:
        """Show what the checks found."""
        exercise.found(self.lesson, self.exercise, text)


def _title(lesson: Lesson, mark: str = "") -> None:
    title = Markup('<h1 class="al-title al-lesson">{}. {}{}</h1>')
    st.html(title.format(lesson.name, with_code(lesson.title), mark))


def _without_title(text: str) -> str:
    return text.partition("\n")[2] if text.startswith("# ") else text


def _reset(lesson: Lesson, text: str) -> None:
    """Offer the lesson's own program again where it was changed; the editor's undo brings the other back."""
    if text != lesson.source:
        st.button(
            "Reset",
            key=f"lessons:reset:{lesson.slug}",
            icon=":material/restart_alt:",
            on_click=editor_of(lesson).fill,
            args=(lesson.source,),
            help="The lesson's own program again. Ctrl+Z in the editor brings yours back.",
        )


def _without_gpu(without: WithoutGpu) -> None:
    """Show what a lesson about a GPU would show, from the CPU's own numbers."""
    session.ask(_WITHOUT_GPU, without.program)
    with st.container(key="lessons-without-gpu"):
        st.markdown("**There is no GPU here. The same tensors on the CPU:**")
        printed, words = st.columns(2)
        with printed:
            shown = None if results.progress(_WITHOUT_GPU) else session.shown(_WITHOUT_GPU)
            if shown is not None:
                results.failure(shown)
                st.html(output_panel(session.look(_WITHOUT_GPU, account).output))
        with words:
            st.markdown(without.words)
            st.button(
                "Watch these bytes on Memory",
                key="lessons:memory",
                icon=":material/memory:",
                on_click=_to_memory,
                args=(without.program,),
            )
            gpu_sample.offer("lessons:gpu")


def _to_memory(program: str) -> None:
    program_choice.give("memory", program)
    session.leave_for("memory")
