"""Small data sets of made-up people and signs, without a camera."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from fusion.dataset.project import new_project
from fusion.dataset.signers import new_signer
from fusion.dataset.store import DataSet, create_dataset
from fusion.dataset.takes import Faces, StudioTake, judge_studio_take
from kslr.landmarks import PARTS, absent_as_nan
from kslr.vocabulary import Sign
from tests.takes import PATHS, take

WORDS = tuple(Sign(word, word, word, word, word) for word in PATHS)
DAY = "2026-01-31"


def faces(seconds: np.ndarray, number: int = 0) -> Faces:
    """A face in each of these moments, clear enough."""
    images = np.random.default_rng(number).integers(0, 255, (len(seconds), 48, 48), np.uint8)
    return Faces(images, np.full(len(seconds), 0.9, np.float32), np.asarray(seconds, float))


@cache
def studio_take(word: str, number: int = 0, size: float = 1.0) -> StudioTake:
    """A good take of a made-up sign."""
    recording = take(word, number, size=size)
    # Nobody stands still: each take is a little elsewhere in the picture.
    moved = np.nan_to_num(recording.x.copy())
    for part in PARTS.values():
        points = part.points(moved)
        points[..., 0] += np.where((points != 0).any(axis=-1), 0.01 * (number % 7) - 0.03 + 0.002 * (number // 7), 0)
    recording = replace(recording, x=absent_as_nan(moved))
    found = judge_studio_take(recording, faces(recording.seconds, number), [9.0])
    assert found.problems == (), found.problems
    return found


def short_take(number: int) -> StudioTake:
    """A take of few frames, for tests that need many."""
    whole = studio_take("circle", 0)
    moved = replace(whole.recording, x=whole.recording.x[20:40] + np.float32(0.01 * (number + 1)))
    moved = replace(moved, seconds=whole.recording.seconds[20:40])
    sign = replace(whole.sign, start=float(moved.seconds[0]), end=float(moved.seconds[-1]))
    return replace(whole, recording=moved, sign=sign, faces=whole.faces.between(sign.start, sign.end))


def new_dataset(folder: Path, name: str = "Small", licence: str = "CC-BY-4.0", emotions: tuple[str, ...] = ("happy", "neutral")):
    """An empty one, of three words."""
    return create_dataset(folder, new_project(name, WORDS, emotions, 2, licence, DAY))


def add_signer(data: DataSet, pseudonym: str, tier: str = "faces") -> None:
    """Somebody who has agreed."""
    data.add_signer(new_signer(pseudonym, tier, DAY, "kk", "Келісемін."))


def fill(data: DataSet, pseudonym: str, first: int, takes: int = 2, size: float = 1.0) -> None:
    """Takes of every word, half of them with each affect."""
    for word in PATHS:
        for n in range(takes):
            emotion = data.project.emotions[n % len(data.project.emotions)]
            data.add_take(pseudonym, word, emotion, studio_take(word, first + n, size), b"video" * 9)
