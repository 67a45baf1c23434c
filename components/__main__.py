"""``python -m autograd_lab run SCRIPT.py ...``: the package's command, apart because Python looks for it here."""

from __future__ import annotations

import sys

from .recorder.script import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], f"python -m {__package__}"))
