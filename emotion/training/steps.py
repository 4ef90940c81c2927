"""The training steps of the emotion networks: in Keras on any backend, or in plain PyTorch where that is faster."""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from emotion.training.recipes import Recipe

if TYPE_CHECKING:
    import keras


class Steps(Protocol):
    """Weights that learn batch by batch."""

    def __call__(self, faces: np.ndarray, wanted: np.ndarray, rate: float) -> float:
        """One step; (n, side, side) uint8, (n, classes) float32 and the learning rate → the batch's loss before it."""

    def weights(self) -> list[np.ndarray]:
        """As ``set_weights`` of the Keras network takes them."""


def steps_for(model: "keras.Model", recipe: Recipe) -> Steps:
    """Those for a recipe, from the network's weights as they are."""
    import keras

    if keras.backend.backend() == "torch" and (recipe.architecture, recipe.optimizer) == ("emotion_tower", "sgd"):
        from emotion.training.torch_steps import TorchSteps

        return TorchSteps(recipe, model.get_weights())
    return KerasSteps(model, recipe)


class KerasSteps:
    """Steps on the Keras network itself."""

    def __init__(self, model: "keras.Model", recipe: Recipe) -> None:
        import keras

        self._model = model
        model.compile(_optimizer(recipe), keras.losses.CategoricalCrossentropy(), jit_compile=False)
        model.optimizer.build(model.trainable_variables)

    def __call__(self, faces: np.ndarray, wanted: np.ndarray, rate: float) -> float:
        self._model.optimizer.learning_rate = rate
        return float(self._model.train_on_batch(faces, wanted))

    def weights(self) -> list[np.ndarray]:
        return self._model.get_weights()


def _optimizer(recipe: Recipe) -> Any:
    import keras

    settings: dict[str, Any] = {"learning_rate": recipe.rates[0], "weight_decay": recipe.decay}
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(**settings)
    else:
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **settings)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
