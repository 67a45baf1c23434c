"""The Compare page: two traces side by side.

``compare`` works out everything but the timelines; the records that it gives know their own words. ``timelines_info``
and ``timelines_figure`` are the chart of both programs' memory.
"""

from .graphs import Changed, EdgeGroup, GraphComparison, NodeGroup, compare_graphs
from .longest import Budget
from .matching import Matching, match_nodes
from .numbers import Difference, difference
from .printed import Printed, PrintedLine, compare_printed
from .quantities import Quantity, compare_quantities
from .results import Compared, Results, compare_results
from .timelines import AXES, timelines_figure
from .verdict import Comparison, compare

__all__ = [
    "AXES",
    "Budget",
    "Changed",
    "Compared",
    "Comparison",
    "Difference",
    "EdgeGroup",
    "GraphComparison",
    "Matching",
    "NodeGroup",
    "Printed",
    "PrintedLine",
    "Quantity",
    "Results",
    "compare",
    "compare_graphs",
    "compare_printed",
    "compare_quantities",
    "compare_results",
    "difference",
    "match_nodes",
    "timelines_figure",
]
