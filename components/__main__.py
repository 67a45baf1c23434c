"""``python -m autograd_lab run SCRIPT.py ...``: the package's command, apart because Python looks for it here."""

from __future__ import annotations

import sys

from .recorder.script import main

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder that this was called in, which a script's imports do not look through
    sys.exit(main(sys.argv[1:], f"python -m {__package__}"))
