"""A recipe that trains in seconds."""

from emotion.recipes import Recipe

SMALL = Recipe(
    settings={"stem": 4, "filters": [8, 16], "blocks": [0, 1]},
    optimizer="adamw",
    rates=(0.01,),
    decay=1e-4,
    batch=35,
    epochs=6,
    sizes=((0.0, 32), (0.5, 48)),
    measured_from=0.0,
)
