"""How much one trace may hold: data, so that the page, the command line and the worker agree on it.

Past a cap the observer concerned steps aside, says so in ``Trace.truncations`` and lets the program run on at full
speed. All together they keep a trace of a 100,000-node graph below some 100 MB of JSON.
"""

from __future__ import annotations

import msgspec


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Upper bounds on what is recorded; all are counts, ``stdout_chars`` and ``drawing_chars`` are characters.

    ``display_bytes`` are those of all pictures together; ``display_chars`` those of all texts, standard error's too.
    """

    stdout_chars: int = 65_536
    steps: int = 5_000
    variables_per_step: int = 100
    tensors: int = 20_000
    values_per_tensor: int = 256
    values: int = 400_000
    summarised_elements: int = 50_000_000
    grids: int = 6_000
    nodes: int = 150_000
    backwards: int = 1_000
    engine_steps: int = 300_000
    gradients: int = 10_000
    watched_leaves: int = 1_000
    drawings: int = 24
    drawing_nodes: int = 10_000
    drawing_variants_nodes: int = 500
    drawing_chars: int = 4_000_000
    warnings: int = 50
    displays: int = 60
    display_bytes: int = 6_000_000
    display_chars: int = 100_000
    stderr_pieces: int = 1_000
    notes: int = 50
    memory_events: int = 100_000
