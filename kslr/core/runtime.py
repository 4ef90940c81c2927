"""A LiteRT model as a function of arrays."""

import re
import threading

import numpy as np

from kslr.core.errors import InputError
from kslr.core.quiet import quiet_stderr

CHATTER = re.compile(rb"INFO: Created TensorFlow Lite")


class LiteModel:
    """Runs ``.tflite`` bytes on the CPU. One input, one or more outputs; calls from several threads take turns.

    Args:
        weights: the file's bytes.
        threads: CPU threads a call may use.
        name: what to call the model in messages.

    Raises:
        InputError: the bytes are no LiteRT model.

    >>> from kslr.core.cards import read_card, shipped
    >>> card, weights = read_card(shipped("emotion"))
    >>> LiteModel(weights)(np.zeros((2, 48, 48), np.uint8)).shape
    (2, 7)
    """

    def __init__(self, weights: bytes, threads: int = 2, name: str = "model") -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._lock = threading.Lock()
        self._name = name
        try:
            with quiet_stderr(CHATTER):
                self._interpreter = Interpreter(model_content=weights, num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise InputError(f"The weights of {name} are damaged or not a LiteRT model. Install or train again.") from error
        if not (self._interpreter.get_input_details() and self._interpreter.get_output_details()):
            raise InputError(f"The weights of {name} are damaged: they take or answer nothing. Install or train again.")
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        signature = self._input.get("shape_signature", self._input["shape"])
        self._free_batch = len(signature) > 0 and signature[0] == -1

    @property
    def input_shape(self) -> tuple[int, ...]:
        """One sample's shape, without the batch axis."""
        return tuple(int(n) for n in self._input["shape"][1:])

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
            InputError: the array's shape is not the model's.
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
            if tuple(self._interpreter.get_input_details()[0]["shape"]) != batch.shape:
                self._interpreter.resize_tensor_input(self._input["index"], batch.shape)
                self._interpreter.allocate_tensors()
            self._interpreter.set_tensor(self._input["index"], batch)
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._output["index"]).astype(np.float32, copy=True)
        except (ValueError, RuntimeError) as error:
            raise InputError(f"The weights of {self._name} are damaged: they cannot be run. Install or train again.") from error
