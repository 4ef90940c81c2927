"""Recipes that train in seconds, and what single training steps are tried on."""

from dataclasses import replace

import numpy as np

from emotion.training.recipes import EmotionRecipe

SMALL = EmotionRecipe(
    settings={"stem": 4, "filters": [8, 16], "blocks": [0, 1]},
    optimizer="adamw",
    rates=(0.01,),
    decay=1e-4,
    batch=35,
    epochs=6,
    sizes=((0.0, 32), (0.5, 48)),
    measured_from=0.0,
)
SGD = replace(SMALL, settings={"stem": 4, "filters": (8, 16), "blocks": (1, 2), "dropout": 0.0}, optimizer="sgd", decay=5e-3)


def batch():
    generator = np.random.default_rng(0)
    faces = generator.integers(0, 256, (12, 48, 48), dtype=np.uint8)
    return faces, generator.dirichlet(np.ones(7), 12).astype(np.float32)


def network(recipe):
    """With weights that make every layer matter: a residual branch begins at zero, the last layer too."""
    model = recipe.build()
    generator = np.random.default_rng(1)
    model.set_weights(
        [
            generator.uniform(0.5, 1.5, weight.shape)
            if weight.path.endswith(("gamma", "moving_variance"))
            else generator.normal(0, 0.2, weight.shape)
            for weight in model.weights
        ]
    )
    return model
