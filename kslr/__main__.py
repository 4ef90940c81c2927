"""``python -m kslr``: the `kslr` command, also where the current folder holds a ``ui/`` or ``models/`` of its own."""

import sys
from pathlib import Path

# `python -m` puts the current folder first on the path, where another project's ui/ would hide ours.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ui.cli.main import main

if __name__ == "__main__":
    main()
