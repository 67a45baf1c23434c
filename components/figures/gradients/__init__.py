"""The Gradients page: what each call added to which ``.grad``, what it came to, and how gradients flow in between.

``gradient_history`` does the arithmetic of a trace once; the figures only draw it. Each point that is drawn carries
``customdata`` whose first entry is the number of its call (in ``intermediate_figure`` the id of its engine run), so
that a click can be followed to the moment of the player's story.
"""

from .csv_rows import csv_rows
from .flow import Flow, FlowRow, flow_figure, flow_info
from .history import gradient_history, in_order_of_use, variables
from .intermediates import Intermediate, Intermediates, intermediate_figure, intermediate_gradients
from .matrices import matrix_figure
from .norms import norm_figure
from .records import Amount, Call, Change, History, LeafHistory, State
from .scalars import scalar_figure
from .vectors import vector_figure
from .words import size_text

__all__ = [
    "Amount",
    "Call",
    "Change",
    "Flow",
    "FlowRow",
    "History",
    "Intermediate",
    "Intermediates",
    "LeafHistory",
    "State",
    "csv_rows",
    "flow_figure",
    "flow_info",
    "gradient_history",
    "in_order_of_use",
    "intermediate_figure",
    "intermediate_gradients",
    "matrix_figure",
    "norm_figure",
    "scalar_figure",
    "size_text",
    "variables",
    "vector_figure",
]
