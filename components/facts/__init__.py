"""What is true of a trace: arithmetic that gives plain records and texts, tested by equality.

How it is drawn is for ``components.figures``: here is neither HTML nor a chart, neither Streamlit nor torch.
"""

from .index import TraceIndex
from .saved_bytes import saved_bytes
from .variables import LeafRow, leaf_rows

__all__ = ["LeafRow", "TraceIndex", "leaf_rows", "saved_bytes"]
