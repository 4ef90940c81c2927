"""Networks at work: a LiteRT model as a function of arrays, and the one way to load a model by name.

LiteRT checks that a file is well formed, not that its graph makes sense: one wrong operator reads memory that is not there
and ends the process. Weights that are not shipped therefore run first in a child process.
"""

import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.core.cards import MODELS, ROOT, Card, card_path, read_card, read_card_arrays
from kslr.core.errors import InputError
from kslr.core.native import filter_stderr

CHATTER = re.compile(rb"INFO: Created TensorFlow Lite")
TRIAL_SECONDS = 120.0
TRIAL_MEMORY = 6 << 30  # bytes of address space; LiteRT reserves more than it uses
WRONG = 3  # how the child process ends when the weights are wrong; Python's own ends are 0, 1 and 2
# How a process ends that a graph makes read or write memory that is not there, on POSIX and on Windows.
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE, -getattr(signal, "SIGBUS", signal.SIGSEGV)}
CRASHES |= {0xC0000005, 0xC000001D, 0xC0000094, 0xC00000FD, 0xC0000374, 0xC0000409}
_trial_verdicts: dict[str, str] = {}  # SHA-256 of the weights → what is wrong with them; empty when they run
_trial_lock = threading.Lock()


class LiteModel:
    """Runs ``.tflite`` bytes on the CPU. One input, one or more outputs; calls from several threads take turns.

    Args:
        weights: the file's bytes.
        threads: CPU threads of one call.
        name: what messages call the model.

    Raises:
        InputError: the bytes are no LiteRT model.

    >>> LiteModel((MODELS / "emotion.tflite").read_bytes())(np.zeros((2, 48, 48), np.uint8)).shape
    (2, 14)
    """

    def __init__(self, weights: bytes, threads: int = 2, name: str = "model") -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._lock = threading.Lock()
        self._name = name
        try:
            with filter_stderr(CHATTER):
                self._interpreter = Interpreter(model_content=weights, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise InputError(f"The weights of {name} are damaged or not a LiteRT model. Install or train again.") from error
        if not (self._interpreter.get_input_details() and self._interpreter.get_output_details()):
            raise InputError(f"The weights of {name} are damaged: no input or no output. Install or train again.")
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        signature = self._input.get("shape_signature", self._input["shape"])
        self._free_batch = len(signature) > 0 and signature[0] == -1
        self._batch_shape = tuple(int(n) for n in self._input["shape"])  # that the network is ready for

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample, without the batch axis."""
        return self._batch_shape[1:]

    @property
    def outputs(self) -> int:
        """Length of the output's last axis."""
        return int(self._output["shape"][-1]) if len(self._output["shape"]) else 0

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Runs a batch.

        Args:
            x: ``(n, *input_shape)``; converted to the model's dtype.

        Returns:
            ``(n, outputs)`` float32.

        Raises:
            InputError: the array has another shape.
        """
        x = np.asarray(x)
        if x.ndim != len(self.input_shape) + 1 or x.shape[1:] != self.input_shape:
            raise InputError(f"{self._name} takes arrays of shape (n, {', '.join(map(str, self.input_shape))}), not {x.shape}.")
        x = np.ascontiguousarray(x, dtype=self._input["dtype"])
        if len(x) == 0:
            return np.zeros((0, self.outputs), np.float32)
        with self._lock:
            if self._free_batch:
                return self._run(x)
            return np.concatenate([self._run(sample[None]) for sample in x])

    def _run(self, batch: np.ndarray) -> np.ndarray:
        try:
            if self._batch_shape != batch.shape:
                self._interpreter.resize_tensor_input(self._input["index"], batch.shape)
                self._interpreter.allocate_tensors()
                self._batch_shape = batch.shape
            self._interpreter.set_tensor(self._input["index"], batch)
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._output["index"]).astype(np.float32, copy=True)
        except (ValueError, RuntimeError) as error:
            raise InputError(f"The weights of {self._name} are damaged: they cannot be run. Install or train again.") from error


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run.

    Attributes:
        card: what it is.
        run: the network.
        arrays: name → array from the ``.npz`` beside the card; empty when there is none.
    """

    card: Card
    run: LiteModel
    arrays: dict[str, np.ndarray]


def load_model(task: str, name: str | Path, threads: int = 2) -> LoadedModel:
    """Loads a model with its card. Weights that are not shipped run first in a child process.

    Args:
        task: what the model must be for: ``signs``, ``emotion``, ``sign encoder`` or ``sign segments``.
        name: of a shipped model, or the path of a card (``.json``).
        threads: CPU threads of one call.

    Raises:
        InputError: no such model, it is for another task, or it is damaged.

    >>> load_model("emotion", "emotion").run.input_shape
    (48, 48)
    >>> load_model("signs", "emotion")
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: .../emotion.json is for the task 'emotion', not 'signs'. Choose a model for 'signs'.
    """
    path = card_path(name)
    card, weights = read_card(path)
    if card.task != task:
        raise InputError(f"{path} is for the task {card.task!r}, not {task!r}. Choose a model for {task!r}.", "other-task")
    if path.resolve().parent != MODELS:
        check_runs(weights, str(path))
    return LoadedModel(card, LiteModel(weights, threads, card.name), read_card_arrays(path, card))


def check_runs(weights: bytes, name: str) -> None:
    """Loads and runs a network in a child process, once for the same bytes.

    Only a verdict about the weights is remembered: a trial that found no time or memory says nothing about them.

    Args:
        weights: ``.tflite`` bytes.
        name: what messages call the model.

    Raises:
        InputError: that process crashed, or the network's answers are not finite numbers. With the code ``not-tried``: it was
            ended before it could tell, for want of time or memory or by somebody.

    >>> check_runs((MODELS / "segmenter.tflite").read_bytes(), "segmenter.json")
    >>> check_runs(b"no network", "mine.json")
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: The weights of mine.json are damaged: they cannot be run (...). Install or train again.
    """
    digest = hashlib.sha256(weights).hexdigest()
    with _trial_lock:
        if digest not in _trial_verdicts:
            _trial_verdicts[digest] = _try_weights(weights, name)
        verdict = _trial_verdicts[digest]
    if verdict:
        raise InputError(f"The weights of {name} are damaged: they cannot be run ({verdict}). Install or train again.")


def _try_weights(weights: bytes, name: str) -> str:
    """What is wrong with the weights; empty when nothing is."""
    # The child starts in the folder of our packages: the person's own folder may hold a models/ or kslr/ of its own.
    paths = os.pathsep.join([str(ROOT), *sys.path])
    command = [sys.executable, "-m", "kslr.core.models"]
    environment = {**os.environ, "PYTHONPATH": paths}
    try:
        done = subprocess.run(
            command, input=weights, cwd=ROOT, env=environment, capture_output=True, timeout=TRIAL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _not_tried(name, f"no answer within {TRIAL_SECONDS:g} s") from None
    except OSError as error:
        raise _not_tried(name, f"no process can be started: {error.strerror}") from error
    lines = done.stderr.decode(errors="replace").split("\n")
    last = next(("".join(filter(str.isprintable, line))[:200] for line in reversed(lines) if line.strip()), "no message")
    if done.returncode == 0:
        return ""
    if done.returncode == WRONG:
        return last
    if done.returncode in CRASHES and b"bad_alloc" not in done.stderr:
        return "running them ends the process"
    raise _not_tried(name, f"the trial ended with {done.returncode}, {last}")


def _not_tried(name: str, why: str) -> InputError:
    return InputError(f"The weights of {name} could not be tried: {why}. Try again when the computer is less busy.", "not-tried")


def main() -> None:
    """The child process: runs the network from standard input on zeros, ones and noise, one and several at a time."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (TRIAL_MEMORY, TRIAL_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        model = LiteModel(sys.stdin.buffer.read(), threads=1)
        shape = model.input_shape
        noise = np.random.default_rng(0).random((3, *shape))
        for x in (np.zeros((1, *shape)), np.ones((1, *shape)), noise, 200 * noise - 50):
            answer = model(x)
            if answer.ndim < 2 or len(answer) != len(x) or not np.isfinite(answer).all():
                raise InputError("the answers are not finite numbers, one row a sample")
    except InputError as error:
        print(str(error.__cause__ or error).strip(), file=sys.stderr)
        sys.exit(WRONG)


if __name__ == "__main__":
    main()
