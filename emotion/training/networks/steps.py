"""Training steps of the emotion networks, in Keras or in plain PyTorch where that is faster, and the mean of the weights."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from emotion.training.networks.architectures import emotion_tower
from emotion.training.recipes import ARCHITECTURES, EmotionRecipe

if TYPE_CHECKING:
    import keras
    import torch


class TrainingSteps(Protocol):
    """Weights that learn batch by batch."""

    def __call__(self, faces: np.ndarray, targets: np.ndarray, rate: float) -> float:
        """Takes one step.

        Args:
            faces: (n, side, side) uint8.
            targets: (n, readings · classes) float32.
            rate: learning rate.

        Returns:
            The mean cross-entropy of the batch before the step, summed over the readings.
        """

    def weights(self) -> list[np.ndarray]:
        """The weights as ``set_weights`` of the Keras network takes them."""


def choose_steps(model: "keras.Model", recipe: EmotionRecipe) -> TrainingSteps:
    """The steps of a recipe on the current Keras backend, from the network's weights as they are."""
    import keras

    if keras.backend.backend() == "torch" and TorchSteps.can_train(recipe):
        return TorchSteps(recipe, model.get_weights())
    return KerasSteps(model, recipe)


class KerasSteps:
    """Steps on the Keras network itself, on any backend."""

    def __init__(self, model: "keras.Model", recipe: EmotionRecipe) -> None:
        import keras

        settings: dict[str, Any] = {"learning_rate": recipe.rates[0], "weight_decay": recipe.decay}
        if recipe.optimizer == "adamw":
            optimizer = keras.optimizers.AdamW(**settings)
        else:
            optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **settings)
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self._model = model

        def cross_entropy(targets: Any, probabilities: Any) -> Any:
            # A reading whose targets are zeros, because nobody agreed, teaches nothing.
            return -keras.ops.sum(targets * keras.ops.log(keras.ops.clip(probabilities, 1e-7, 1.0)), axis=-1)

        model.compile(optimizer, cross_entropy, jit_compile=False)
        optimizer.build(model.trainable_variables)

    def __call__(self, faces: np.ndarray, targets: np.ndarray, rate: float) -> float:
        self._model.optimizer.learning_rate = rate
        return float(self._model.train_on_batch(faces, targets))

    def weights(self) -> list[np.ndarray]:
        return self._model.get_weights()


class TorchSteps:
    """Steps of `emotion_tower` in plain PyTorch, on a copy of the weights.

    The same network, loss and optimiser as in Keras, about twice as fast on a CPU: normalisation is one operation, and the
    convolutions run in bfloat16 where the processor has instructions for it. The weights stay float32.

    >>> TorchSteps(EmotionRecipe(optimizer="adamw"), [])
    Traceback (most recent call last):
    ValueError: PyTorch trains only emotion_tower with the optimizer sgd.
    """

    def __init__(self, recipe: EmotionRecipe, weights: Sequence[np.ndarray], half: bool | None = None) -> None:
        """
        Args:
            recipe: of an architecture that is computed here, with the optimizer ``sgd``.
            weights: of the Keras network's ``get_weights``.
            half: convolve in bfloat16; when None, where the processor has instructions for it.

        Raises:
            ValueError: another recipe.
        """
        if not self.can_train(recipe):
            raise ValueError("PyTorch trains only emotion_tower with the optimizer sgd.")
        import torch

        settings = inspect.signature(emotion_tower).bind(**recipe.arguments())
        settings.apply_defaults()
        self._settings = settings.arguments
        self._decay = recipe.decay
        # A convolution's kernel is (height, width, in, out) in Keras and (out, in, height, width) here.
        self._axes = [{4: (3, 2, 0, 1), 2: (1, 0)}.get(weight.ndim, (0,)) for weight in weights]
        self._weights = [torch.tensor(weight.transpose(axes)) for weight, axes in zip(weights, self._axes, strict=True)]
        self._weights = [w.contiguous(memory_format=torch.channels_last) if w.ndim == 4 else w for w in self._weights]
        self._decayed = [weight for weight in self._weights if weight.ndim > 1]
        learnt = list(self._decayed)
        # After a convolution: gamma and beta, which learn, then mean and variance, which do not. After a dense kernel: its bias.
        place = 0
        while place < len(self._weights):
            if self._weights[place].ndim == 4:
                learnt += self._weights[place + 1 : place + 3]
                place += 5
            else:
                learnt.append(self._weights[place + 1])
                place += 2
        for weight in learnt:
            weight.requires_grad_()
        self._optimizer = torch.optim.SGD(learnt, lr=recipe.rates[0], momentum=0.9, nesterov=True)
        self._half = torch.ops.mkldnn._is_mkldnn_bf16_supported() if half is None else half

    @staticmethod
    def can_train(recipe: EmotionRecipe) -> bool:
        """Whether a recipe's network and optimiser are computed here."""
        return ARCHITECTURES[recipe.architecture].in_torch and recipe.optimizer == "sgd"

    def __call__(self, faces: np.ndarray, targets: np.ndarray, rate: float) -> float:
        """One step of SGD with Nesterov momentum and decoupled weight decay."""
        import torch

        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            logits = self.logits(faces, training=True)
        # One softmax a reading; a reading whose targets are zeros, because nobody agreed, teaches nothing.
        each = logits.float().reshape(len(faces), self._settings["readings"], -1)
        loss = -(torch.tensor(targets).reshape(each.shape) * each.log_softmax(dim=-1)).sum(dim=(1, 2)).mean()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            for weight in self._decayed:
                weight.mul_(1 - rate * self._decay)
        self._optimizer.step()
        return float(loss.detach())

    def weights(self) -> list[np.ndarray]:
        """The weights in Keras' order and shapes; views, not copies."""
        return [
            weight.detach().numpy().transpose(np.argsort(axes)) for weight, axes in zip(self._weights, self._axes, strict=True)
        ]

    def logits(self, faces: np.ndarray, training: bool = False) -> "torch.Tensor":
        """(n, side, side) uint8 → (n, readings · classes): what `emotion_tower` computes before its softmax."""
        import torch
        from torch.nn import functional

        left = iter(self._weights)

        def convolve(x: Any, stride: int = 1) -> Any:
            # "same" in Keras puts the odd row or column of padding after the picture.
            pads = [max(2 - (side - 1) % stride, 0) for side in (x.shape[3], x.shape[2])]
            if pads == [2, 2]:
                return functional.conv2d(x, next(left), stride=stride, padding=1)
            x = functional.pad(x, (pads[0] // 2, pads[0] - pads[0] // 2, pads[1] // 2, pads[1] - pads[1] // 2))
            return functional.conv2d(x.contiguous(memory_format=torch.channels_last), next(left), stride=stride)

        def normalise(x: Any) -> Any:
            gamma, beta, mean, variance = (next(left) for _ in range(4))
            return functional.batch_norm(x, mean, variance, gamma, beta, training, momentum=0.1, eps=1e-5)

        def dense(x: Any) -> Any:
            return functional.linear(x, next(left), next(left))

        x = torch.tensor(faces).float()[:, None]
        x = x - x.mean((1, 2, 3), keepdim=True)
        x = x / (x.square().mean((1, 2, 3), keepdim=True).sqrt() + 1.0)
        x = convolve(x.contiguous(memory_format=torch.channels_last))
        x = functional.relu(normalise(functional.max_pool2d(x, 2)))
        for stage, count in enumerate(self._settings["blocks"]):
            x = functional.relu(normalise(convolve(x, 1 if stage == 0 else 2)))
            for _ in range(count):
                branch = functional.relu(normalise(convolve(x)))
                branch = normalise(convolve(branch))
                if self._settings["squeeze"]:
                    weight = functional.relu(dense(branch.mean((2, 3))))
                    branch = branch * torch.sigmoid(dense(weight))[:, :, None, None]
                x = functional.relu(x + branch)
        x = torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)
        return dense(functional.dropout(x, self._settings["dropout"], training))


def _copy_weights(model: "keras.Model") -> list[np.ndarray]:
    """The weights as they are now; what Keras gives may share its memory with the network."""
    return [np.array(weight) for weight in model.get_weights()]


class WeightMean:
    """The exponential mean of a network's weights, the statistics of its normalisation included.

    Inside a ``with``, the network has the mean's weights.
    """

    # Neighbouring steps differ little: adding each of them would cost time and change nothing.
    EVERY = 8

    def __init__(self, model: "keras.Model", saved: Path | None) -> None:
        """
        Args:
            saved: weights to go on from; the model's own when None.
        """
        self._model = model
        self._weights = self._own = _copy_weights(model)
        if saved is not None:
            model.load_weights(saved)
            self._weights = _copy_weights(model)
            model.set_weights(self._own)

    def add(self, weights: Sequence[np.ndarray], share: float) -> None:
        """Moves the mean by `share` (0–1) towards the network's current weights."""
        for kept, now in zip(self._weights, weights, strict=True):
            kept += min(share, 1.0) * (now - kept)

    def __enter__(self) -> None:
        self._own = _copy_weights(self._model)
        self._model.set_weights(self._weights)

    def __exit__(self, *_: object) -> None:
        self._model.set_weights(self._own)
