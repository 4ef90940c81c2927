"""Fits sign networks: optimizer, learning rate, augmented batches and the training loop. Keras is imported inside functions."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.augment import augment_points
from kslr.core.errors import InputError
from kslr.core.training import to_litert
from kslr.points import COUNT, select_points
from kslr.training.networks.architectures import Architecture
from kslr.training.networks.recurrent import STANDARDISED
from kslr.training.recipes import SignRecipe

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]


def fit(
    architecture: Architecture,
    x: np.ndarray,
    label: np.ndarray,
    classes: int,
    valid: tuple[np.ndarray, np.ndarray] | None = None,
    recipe: SignRecipe | None = None,
    seed: int = 0,
    encoder: str | Path | None = None,
    progress: Progress | None = None,
) -> "keras.Model":
    """Trains a network.

    Args:
        x: (n, frames, 1662), absent parts NaN.
        label: (n,) int.
        valid: samples and labels that early stopping looks at; needed when the recipe has patience.
        recipe: the architecture's own when None.
        encoder: Keras weights of a pretrained encoder to start from; a new network when None.
        progress: called with a line and the done share (0–1) after each epoch.

    Returns:
        The trained network; it takes what `Architecture.prepare` returns.

    Raises:
        InputError: the network cannot be built, or cannot start from the encoder.
    """
    import keras

    recipe = recipe or architecture.recipe
    keras.utils.set_random_seed(seed)
    start = {"encoder": _pretrained_encoder(architecture, encoder, x.shape[1])} if encoder else {}
    model = architecture.build(classes, x.shape[1], recipe, **start)
    _standardise(model, architecture, x)
    one_hot = np.eye(classes, dtype=np.float32)
    if recipe.augment:
        data: dict[str, Any] = {"x": augmented_batches(select_points(x), one_hot[label], recipe, seed)}
    else:
        data = {"x": architecture.prepare(x), "y": one_hot[label], "batch_size": recipe.batch}
        data["validation_data"] = (architecture.prepare(valid[0]), one_hot[valid[1]]) if valid else None
    optimizer = build_optimizer(recipe, int(np.ceil(len(x) / recipe.batch)))
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.smoothing)
    model.compile(optimizer, loss, metrics=["categorical_accuracy"])
    callbacks: list[Any] = [report_epochs(progress, recipe.epochs)] if progress else []
    if recipe.patience:
        callbacks.append(keras.callbacks.EarlyStopping(patience=recipe.patience, restore_best_weights=True))
    model.fit(**data, epochs=recipe.epochs, callbacks=callbacks, verbose=0)
    if not recipe.patience:
        optimizer.finalize_variable_values(model.trainable_variables)
    return model


def _pretrained_encoder(architecture: Architecture, weights: str | Path, frames: int) -> "keras.Model":
    from kslr.training.networks.sign_encoder import load_encoder

    if not architecture.on_encoder:
        raise InputError(f"{architecture.name} cannot start from a pretrained encoder; kslr_net can.")
    return load_encoder(weights, frames)


def _standardise(model: "keras.Model", architecture: Architecture, x: np.ndarray) -> None:
    """Fills a network's standardising layer, if it has one, with mean and deviation of the training samples.

    Where a value hardly moves (deviation below 0.001), dividing by it would amplify noise.
    """
    if any(layer.name == STANDARDISED for layer in model.layers):
        values = architecture.prepare(x)
        mean = values.mean(axis=(0, 1), dtype=np.float64)
        deviation = values.std(axis=(0, 1), dtype=np.float64) + 1e-3
        model.get_layer(STANDARDISED).set_weights([mean, deviation**2])


def build_optimizer(recipe: SignRecipe, steps: int) -> Any:
    """Adam or AdamW with the recipe's learning rate, and a moving average of the weights when nothing stops early.

    The rate is constant with early stopping, else it warms up for three epochs and falls to zero along a cosine.

    Args:
        steps: batches of an epoch.
    """
    import keras

    settings: dict[str, Any] = {"learning_rate": recipe.rate, "clipnorm": recipe.clip}
    if not recipe.patience:
        warm = min(steps * 3, steps * recipe.epochs // 5 + 1)
        settings["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            recipe.rate / 20, max(1, steps * recipe.epochs - warm), warmup_target=recipe.rate, warmup_steps=warm
        )
        settings |= {"use_ema": True, "ema_momentum": average_momentum(steps * recipe.epochs)}
    if recipe.decay:
        return keras.optimizers.AdamW(weight_decay=recipe.decay, **settings)
    return keras.optimizers.Adam(**settings)


def average_momentum(steps: int) -> float:
    """Momentum of the moving average of the weights: 0.99, and less in short trainings, so that the first weights fade.

    >>> average_momentum(10_000), average_momentum(100)
    (0.99, 0.9)
    """
    return max(0.0, min(0.99, 1 - 10 / max(steps, 1)))


def report_epochs(progress: Progress, epochs: int) -> Any:
    """A Keras callback that calls `progress` after every epoch."""
    import keras

    def report(epoch: int, logs: dict[str, float] | None) -> None:
        figures = ", ".join(f"{k.replace('categorical_', '')} {v:.3f}" for k, v in (logs or {}).items())
        progress(f"epoch {epoch + 1}/{epochs}: {figures}", (epoch + 1) / epochs)

    return keras.callbacks.LambdaCallback(on_epoch_end=report)


def augmented_batches(points: np.ndarray, targets: np.ndarray, recipe: SignRecipe, seed: int) -> Any:
    """Shuffled, augmented batches as a `keras.utils.PyDataset`; every epoch draws new ones.

    Args:
        points: (n, frames, 86, 3), absent parts NaN.
        targets: (n, classes).
    """
    import keras

    class Batches(keras.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.generator = np.random.default_rng(seed)
            self.on_epoch_end()

        def __len__(self) -> int:
            return int(np.ceil(len(points) / recipe.batch))

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            rows = self.order[index * recipe.batch : (index + 1) * recipe.batch]
            x = np.nan_to_num(augment_points(points[rows], self.generator, recipe.augment))
            return x.reshape(*x.shape[:2], COUNT * 3), targets[rows]

        def on_epoch_end(self) -> None:
            self.order = self.generator.permutation(len(points))

    return Batches()


def predict_probabilities(architecture: Architecture, model: "keras.Model", x: np.ndarray, batch: int = 256) -> np.ndarray:
    """(n, classes) of a trained network, for (n, frames, 1662) with absent parts NaN."""
    parts = [np.asarray(model(architecture.prepare(x[i : i + batch]), training=False)) for i in range(0, len(x), batch)]
    return np.concatenate(parts)


def export(architecture: Architecture, model: "keras.Model", recipe: SignRecipe) -> bytes:
    """The trained network from the raw contract as LiteRT bytes; LSTM layers are unrolled, which LiteRT needs."""
    frames, classes = int(model.input_shape[1]), int(model.output_shape[-1])
    raw = architecture.build(classes, frames, recipe, raw=True, **({"unroll": True} if architecture.recurrent else {}))
    raw.set_weights(model.get_weights())
    return to_litert(raw, 1 if architecture.recurrent else None)
