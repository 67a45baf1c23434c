"""Answers about derivatives as tables, words and charts. Knows neither Streamlit nor torch."""

from .checked import CheckWords, check_rows, check_words
from .curve import curve_figure, curve_info
from .matrix import matrix_figure, matrix_info, spectrum_words
from .nth import nth_rows, nth_table, nth_words
from .surface import descent_words, surface_figure, surface_info

__all__ = [
    "CheckWords",
    "check_rows",
    "check_words",
    "curve_figure",
    "curve_info",
    "descent_words",
    "matrix_figure",
    "matrix_info",
    "nth_rows",
    "nth_table",
    "nth_words",
    "spectrum_words",
    "surface_figure",
    "surface_info",
]
