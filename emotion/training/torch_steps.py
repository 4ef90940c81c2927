"""Training steps of `emotion.training.networks.emotion_tower` in plain PyTorch, for the torch backend of Keras.

The same network, loss and optimiser as Keras has, about twice as fast on a CPU: normalisation is one operation, and the
convolutions run in bfloat16 where the processor has instructions for it. The weights stay float32.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.training.networks import settings_of

if TYPE_CHECKING:
    import torch

    from emotion.training.recipes import Recipe


class TorchSteps:
    """A copy of a network's weights that learns; `weights` has them in Keras' order and shapes.

    >>> from emotion.training.recipes import Recipe
    >>> TorchSteps(Recipe(optimizer="adamw"), [])
    Traceback (most recent call last):
    ValueError: Only emotion_tower with the optimizer sgd is trained here.
    """

    def __init__(self, recipe: "Recipe", weights: Sequence[np.ndarray], half: bool | None = None) -> None:
        """
        Args:
            recipe: of `emotion_tower`, with the optimizer ``sgd``.
            weights: what the Keras network's ``get_weights`` gives.
            half: convolve in bfloat16; where the processor has instructions for it when None.
        """
        if (recipe.architecture, recipe.optimizer) != ("emotion_tower", "sgd"):
            raise ValueError("Only emotion_tower with the optimizer sgd is trained here.")
        import torch

        self._settings = settings_of(recipe.architecture, recipe.settings)
        self._decay = recipe.decay
        # A Conv2d kernel is (height, width, in, out) in Keras and (out, in, height, width) here, a dense one turned likewise.
        self._axes = [{4: (3, 2, 0, 1), 2: (1, 0)}.get(weight.ndim, (0,)) for weight in weights]
        self._weights = [torch.tensor(weight.transpose(axes)) for weight, axes in zip(weights, self._axes, strict=True)]
        self._weights = [w.contiguous(memory_format=torch.channels_last) if w.ndim == 4 else w for w in self._weights]
        self._decayed = [weight for weight in self._weights if weight.ndim > 1]
        learnt = list(self._decayed)
        # Of normalisation: gamma and beta learn, mean and variance are only followed. A bias comes after a dense kernel.
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

    def __call__(self, faces: np.ndarray, wanted: np.ndarray, rate: float) -> float:
        """One step of SGD with Nesterov momentum and decoupled weight decay.

        Args:
            faces: (n, side, side) uint8.
            wanted: (n, classes) float32 targets.
            rate: learning rate.

        Returns:
            The mean cross-entropy of the batch before the step.
        """
        import torch

        for group in self._optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            logits = self.logits(faces, training=True)
        loss = torch.nn.functional.cross_entropy(logits.float(), torch.tensor(wanted))
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            for weight in self._decayed:
                weight.mul_(1 - rate * self._decay)
        self._optimizer.step()
        return float(loss.detach())

    def weights(self) -> list[np.ndarray]:
        """The weights as Keras' ``set_weights`` takes them; views, not copies."""
        return [
            weight.detach().numpy().transpose(np.argsort(axes)) for weight, axes in zip(self._weights, self._axes, strict=True)
        ]

    def logits(self, faces: np.ndarray, training: bool = False) -> "torch.Tensor":
        """(n, side, side) uint8 → (n, classes): what `emotion_tower` computes, before its softmax."""
        import torch
        from torch.nn import functional

        left = iter(self._weights)

        def convolved(x: Any, stride: int = 1) -> Any:
            # "same" in Keras puts the odd row or column of padding after the picture.
            pads = [max(2 - (side - 1) % stride, 0) for side in (x.shape[3], x.shape[2])]
            if pads == [2, 2]:
                return functional.conv2d(x, next(left), stride=stride, padding=1)
            x = functional.pad(x, (pads[0] // 2, pads[0] - pads[0] // 2, pads[1] // 2, pads[1] - pads[1] // 2))
            return functional.conv2d(x.contiguous(memory_format=torch.channels_last), next(left), stride=stride)

        def normalised(x: Any) -> Any:
            gamma, beta, mean, variance = (next(left) for _ in range(4))
            return functional.batch_norm(x, mean, variance, gamma, beta, training, momentum=0.1, eps=1e-5)

        def dense(x: Any) -> Any:
            return functional.linear(x, next(left), next(left))

        x = torch.tensor(faces).float()[:, None]
        x = x - x.mean((1, 2, 3), keepdim=True)
        x = x / (x.square().mean((1, 2, 3), keepdim=True).sqrt() + 1.0)
        x = convolved(x.contiguous(memory_format=torch.channels_last))
        x = functional.relu(normalised(functional.max_pool2d(x, 2)))
        for stage, count in enumerate(self._settings["blocks"]):
            x = functional.relu(normalised(convolved(x, 1 if stage == 0 else 2)))
            for _ in range(count):
                branch = functional.relu(normalised(convolved(x)))
                branch = normalised(convolved(branch))
                if self._settings["squeeze"]:
                    weight = functional.relu(dense(branch.mean((2, 3))))
                    branch = branch * torch.sigmoid(dense(weight))[:, :, None, None]
                x = functional.relu(x + branch)
        x = torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)
        return dense(functional.dropout(x, self._settings["dropout"], training))
