"""How much faster the emotion towers learn in plain PyTorch than in Keras on one machine, in one run.

    KERAS_BACKEND=torch python benchmarks/emotion_steps.py [--size 48] [--steps 20] [--json FILE]

Needs torch (`pip install '.[video]'`). The faces are noise, which costs the same.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.training.networks.steps import KerasSteps, TorchSteps, TrainingSteps
from emotion.training.recipes import ARCHITECTURES


def faces_a_second(steps: TrainingSteps, size: int, count: int, batch: int) -> float:
    """Of training, after three steps to warm up."""
    generator = np.random.default_rng(0)
    faces = generator.integers(0, 256, (batch, size, size), dtype=np.uint8)
    targets = generator.dirichlet(np.ones(7), batch).astype(np.float32)
    for _ in range(3):
        steps(faces, targets, 0.01)
    begun = perf_counter()
    for _ in range(count):
        steps(faces, targets, 0.01)
    return count * batch / (perf_counter() - begun)


def main(
    size: Annotated[int, typer.Option(help="Side of the faces in pixels.")] = 48,
    steps: Annotated[int, typer.Option(help="Steps that are timed.")] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    figures = {}
    for tower, recipe in enumerate(ARCHITECTURES["emotion_net"].recipes, 1):
        kinds = {
            "keras": KerasSteps,
            "torch": lambda model, recipe: TorchSteps(recipe, model.get_weights(), half=False),
            "torch_bfloat16": lambda model, recipe: TorchSteps(recipe, model.get_weights(), half=True),
        }
        speeds = {name: faces_a_second(make(recipe.build(), recipe), size, steps, recipe.batch) for name, make in kinds.items()}
        for name, speed in speeds.items():
            print(f"tower {tower}, {name:15s} {speed:6.0f} faces a second, {speed / speeds['keras']:.2f} times Keras'")
        figures[f"tower_{tower}"] = speeds
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
