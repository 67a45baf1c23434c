"""``python -m app``: without a command it serves the pages, with one it is the same engine from a shell."""

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
