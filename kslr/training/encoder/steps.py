"""Training steps of the encoder across signers, in Keras or in plain PyTorch, which is several times as fast on a CPU.

Three losses on embeddings: cosines to learnt proxies of all classes, with a margin (Deng et al., CVPR 2019, without the
angle); the same among the classes of the recording's own sources, which are the hard ones; and recordings of a class drawn
together within the batch (Khosla et al., NeurIPS 2020), twice as much when they are by different signers.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from kslr.points import BODY_AND_HANDS, COUNT
from kslr.training.encoder.sampling import EncoderRecipe, SignerData
from kslr.training.networks.sign_encoder import sign_encoder

NEVER = -1e4  # logit of a class that is left out
BETAS = (0.9, 0.98)  # of AdamW


class EncoderSteps(Protocol):
    """An encoder and its proxies that learn batch by batch."""

    def __call__(self, x: np.ndarray, rows: np.ndarray, rate: float, margin: float) -> np.ndarray:
        """Takes one step.

        Args:
            x: (n, 30, 51, 3) augmented points, absent parts zeros.
            rows: (n,) the recordings that they are of.
            rate: learning rate.
            margin: what the right class must be nearer, as a cosine.

        Returns:
            (3,) the losses of the batch before the step, without their weights.
        """

    def weights(self) -> list[np.ndarray]:
        """Copies of the weights, in the order of the Keras network's ``get_weights``."""

    def state(self) -> list[np.ndarray]:
        """Everything that `restore` needs to go on."""

    def restore(self, state: Sequence[np.ndarray]) -> None:
        """Goes on from what `state` gave."""


def choose_steps(data: SignerData, recipe: EncoderRecipe, seed: int) -> EncoderSteps:
    """The steps in PyTorch where it is installed, else in Keras."""
    return (TorchSteps if find_spec("torch") else KerasSteps)(data, recipe, seed)


def new_proxies(classes: int, recipe: EncoderRecipe, values: int, seed: int) -> np.ndarray:
    """(classes · centres, values) float32 random proxies, of a length near 1."""
    shape = (classes * recipe.centres, values)
    return np.random.default_rng(seed).normal(0, values**-0.5, shape).astype(np.float32)


class TorchSteps:
    """Steps in plain PyTorch; in bfloat16 where the processor has instructions for it. The weights stay float32."""

    def __init__(self, data: SignerData, recipe: EncoderRecipe, seed: int = 0, half: bool | None = None) -> None:
        import keras
        import torch

        from kslr.training.networks.torch_encoder import TorchEncoder

        torch.manual_seed(seed)
        torch.set_num_threads(1)  # with small matrices, two threads wait for each other longer than they work
        keras.utils.set_random_seed(seed)
        model = sign_encoder(data.points.shape[1], **dict(recipe.numbers))
        self._recipe, self._encoder = recipe, TorchEncoder(model, **dict(recipe.numbers))
        self._label = torch.tensor(data.label)
        self._signer = torch.tensor(np.unique(data.signer, return_inverse=True)[1])
        self._alike, self._near = torch.tensor(data.alike()), torch.tensor(data.neighbours())
        self._proxies = torch.tensor(new_proxies(len(data.gloss), recipe, model.output_shape[-1], seed), requires_grad=True)
        learnt = [weight for weight in self._encoder.weights if weight.requires_grad]
        self._learnt = [*learnt, self._proxies]
        kernels, others = [w for w in learnt if w.ndim > 1], [w for w in learnt if w.ndim == 1]
        groups = [{"params": kernels, "weight_decay": recipe.decay}, {"params": [*others, self._proxies], "weight_decay": 0.0}]
        self._optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=BETAS)
        self._half = torch.ops.mkldnn._is_mkldnn_bf16_supported() if half is None else half

    def __call__(self, x: np.ndarray, rows: np.ndarray, rate: float, margin: float) -> np.ndarray:
        import torch

        recipe = self._recipe
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        losses = self.losses(torch.tensor(x), torch.tensor(rows), margin)
        loss = losses[0] + recipe.own * losses[1] + recipe.together * losses[2]
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learnt[:-1], recipe.clip)
        self._optimizer.step()
        return np.array([float(one.detach()) for one in losses])

    def losses(self, x: Any, rows: Any, margin: float, training: bool = True) -> tuple[Any, Any, Any]:
        """The three losses, as tensors."""
        import torch
        from torch.nn.functional import cross_entropy, normalize, one_hot

        recipe, y, signer = self._recipe, self._label[rows], self._signer[rows]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half):
            z = self._encoder(x, training)
            cosine = z @ normalize(self._proxies, dim=1).T
        cosine = cosine.float().view(len(y), -1, recipe.centres).amax(2)
        logits = recipe.scale * (cosine - margin * one_hot(y, cosine.shape[1]))
        logits = logits.masked_fill(self._alike[y], NEVER)
        near = logits.masked_fill(~self._near[y], NEVER)
        itself, likeness = torch.eye(len(y), dtype=torch.bool), recipe.sharpness * z.float() @ z.float().T
        others = likeness.masked_fill(itself | self._alike[y][:, y], NEVER)
        log_share = likeness - torch.logsumexp(others, 1, keepdim=True)
        weight = ((y[:, None] == y[None]) & ~itself).float() * torch.where(signer[:, None] == signer[None], 0.5, 1.0)
        together = -((log_share * weight).sum(1) / weight.sum(1).clamp_min(1e-6)).mean()
        return cross_entropy(logits, y), cross_entropy(near, y), together

    def weights(self) -> list[np.ndarray]:
        return [weight.detach().numpy().copy() for weight in self._encoder.weights]

    def state(self) -> list[np.ndarray]:
        found = [self._optimizer.state[weight] for weight in self._learnt if weight in self._optimizer.state]
        moments = [one[key].numpy().copy() for one in found for key in ("step", "exp_avg", "exp_avg_sq")]
        return [*self.weights(), self._proxies.detach().numpy().copy(), *moments]

    def restore(self, state: Sequence[np.ndarray]) -> None:
        import torch

        tensors = [*self._encoder.weights, self._proxies]
        with torch.no_grad():
            for weight, value in zip(tensors, state, strict=False):
                weight.copy_(torch.tensor(value))
        moments = [torch.tensor(value) for value in state[len(tensors) :]]
        for weight, *values in zip(self._learnt, moments[::3], moments[1::3], moments[2::3], strict=False):
            self._optimizer.state[weight] = dict(zip(("step", "exp_avg", "exp_avg_sq"), values, strict=True))


class KerasSteps:
    """Steps on the Keras network itself, on any backend."""

    def __init__(self, data: SignerData, recipe: EncoderRecipe, seed: int = 0) -> None:
        import keras
        from keras import constraints, layers

        keras.utils.set_random_seed(seed)
        frames = data.points.shape[1]
        self._recipe, self._label = recipe, data.label
        self._signer = np.unique(data.signer, return_inverse=True)[1]
        self._alike, self._near = data.alike().astype(np.float32), data.neighbours().astype(np.float32)
        self._encoder = sign_encoder(frames, **dict(recipe.numbers))
        inputs = keras.Input((frames, COUNT * 3))
        z = self._encoder(inputs)
        proxies = new_proxies(len(data.gloss), recipe, z.shape[-1], seed)
        head = layers.Dense(len(proxies), use_bias=False, kernel_constraint=constraints.UnitNorm(axis=0), name="proxies")
        self._model = keras.Model(inputs, layers.Concatenate()([z, head(z)]))
        head.set_weights([(proxies / np.linalg.norm(proxies, axis=1, keepdims=True)).T])
        self._margin = keras.Variable(0.0, trainable=False, name="margin")
        optimizer = keras.optimizers.AdamW(recipe.rate, recipe.decay, *BETAS, clipnorm=recipe.clip)
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias", "proxies"])
        self._model.compile(optimizer, self._loss, metrics=[self._all, self._own, self._together], jit_compile=False)
        optimizer.build(self._model.trainable_variables)

    def __call__(self, x: np.ndarray, rows: np.ndarray, rate: float, margin: float) -> np.ndarray:
        self._model.optimizer.learning_rate = rate
        self._margin.assign(margin)
        points, told = self.inputs(x, rows)
        return np.array(self._model.train_on_batch(points, told)[1:])

    def inputs(self, x: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, frames, 258) points, and (n, 2) classes and signers."""
        points = np.zeros((*x.shape[:2], COUNT, 3), np.float32)
        points[:, :, BODY_AND_HANDS] = x
        return points.reshape(*x.shape[:2], -1), np.stack([self._label[rows], self._signer[rows]], axis=1).astype(np.int32)

    def losses(self, told: Any, predicted: Any) -> list[Any]:
        """The three losses, (n,) each, of what the network predicts: embeddings and cosines side by side."""
        from keras import ops

        recipe, classes = self._recipe, len(self._alike)
        y, signer = ops.cast(told[:, 0], "int32"), told[:, 1]
        z = predicted[:, : -classes * recipe.centres]
        cosine = ops.max(ops.reshape(predicted[:, -classes * recipe.centres :], (-1, classes, recipe.centres)), axis=2)
        right, alike = ops.one_hot(y, classes), ops.take(self._alike, y, axis=0)
        logits = recipe.scale * (cosine - self._margin * right) + NEVER * alike
        near = logits + NEVER * (1 - ops.take(self._near, y, axis=0))
        likeness = recipe.sharpness * ops.matmul(z, ops.transpose(z))
        itself = ops.cast(ops.expand_dims(ops.arange(ops.shape(y)[0]), 1) == ops.arange(ops.shape(y)[0]), "float32")
        others = likeness + NEVER * ops.maximum(itself, ops.take(alike, y, axis=1))
        log_share = likeness - ops.logsumexp(others, axis=1, keepdims=True)
        same = ops.cast(ops.expand_dims(y, 1) == y, "float32") * (1 - itself)
        weight = same * (1 - 0.5 * ops.cast(ops.expand_dims(signer, 1) == signer, "float32"))
        together = -ops.sum(log_share * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1e-6)
        return [-ops.sum(right * ops.log_softmax(one, axis=-1), axis=-1) for one in (logits, near)] + [together]

    def _loss(self, told: Any, predicted: Any) -> Any:
        first, second, third = self.losses(told, predicted)
        return first + self._recipe.own * second + self._recipe.together * third

    def _all(self, told: Any, predicted: Any) -> Any:
        return self.losses(told, predicted)[0]

    def _own(self, told: Any, predicted: Any) -> Any:
        return self.losses(told, predicted)[1]

    def _together(self, told: Any, predicted: Any) -> Any:
        return self.losses(told, predicted)[2]

    def weights(self) -> list[np.ndarray]:
        return [np.array(weight) for weight in self._encoder.get_weights()]

    def state(self) -> list[np.ndarray]:
        return [np.array(value) for value in [*self._model.get_weights(), *self._model.optimizer.variables]]

    def restore(self, state: Sequence[np.ndarray]) -> None:
        count = len(self._model.weights)
        self._model.set_weights(state[:count])
        for variable, value in zip(self._model.optimizer.variables, state[count:], strict=True):
            variable.assign(value)
