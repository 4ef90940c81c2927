"""A first run of somebody else's weights in a process of its own, because a wrong graph can end the process that runs it.

LiteRT checks that a file is well formed, not that its graph makes sense: one wrong operator and it reads where nothing
is. What the process that tries it survives is loaded here.
"""

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from kslr.core.cards import MODELS, ROOT, Card, read_card
from kslr.core.errors import InputError

SECONDS = 120.0
MEMORY = 6 << 30  # bytes of address space, of which LiteRT reserves more than it uses
_tried: dict[str, bool] = {}
_lock = threading.Lock()


def read_tried(path: str | Path) -> tuple[Card, bytes]:
    """Like `kslr.core.cards.read_card`, but weights that are not shipped are tried first.

    Raises:
        InputError: as there, or the weights cannot be run.
    """
    card, weights = read_card(path)
    if Path(path).resolve().parent != MODELS:
        check_runs(weights, str(path))
    return card, weights


def check_runs(weights: bytes, name: str) -> None:
    """Lets another process load and run a network, once for the same bytes.

    Args:
        weights: ``.tflite`` bytes.
        name: what to call it in messages.

    Raises:
        InputError: that process crashed, hung, took too much memory, or had no answer.
    """
    digest = hashlib.sha256(weights).hexdigest()
    with _lock:
        if digest not in _tried:
            _tried[digest] = _survived(weights)
        if not _tried[digest]:
            raise InputError(f"The weights of {name} are damaged: they cannot be run. Install or train again.")


def _survived(weights: bytes) -> bool:
    paths = os.pathsep.join([str(ROOT), *sys.path])
    command = [sys.executable, "-m", "kslr.core.trial"]
    try:
        done = subprocess.run(
            command,
            input=weights,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> None:
    """Runs the network on standard input on nothing, on ones and on noise, one and several at a time."""
    from kslr.core.runtime import LiteModel

    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    model = LiteModel(sys.stdin.buffer.read(), threads=1)
    shape = model.input_shape
    noise = np.random.default_rng(0).random((3, *shape))
    for x in (np.zeros((1, *shape)), np.ones((1, *shape)), noise, 200 * noise - 50):
        answer = model(x)
        if answer.ndim < 2 or len(answer) != len(x) or not np.isfinite(answer).all():
            sys.exit("its answers are none")


if __name__ == "__main__":
    main()
