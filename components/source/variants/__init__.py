"""One program with one thing changed: what the Compare page offers beside the program itself.

A text goes in, texts come out. Nothing runs here and nothing knows torch: each change is found in the syntax tree and
made in the text, so that comments and layout stay as they are. Which names hold tensors is a guess (see ``flow``); a
variant may fail when it runs, which is then what there is to see.
"""

from .changes import Switch, Variant
from .finding import variants

__all__ = ["Switch", "Variant", "variants"]
