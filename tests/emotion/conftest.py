"""Expensive things that several emotion tests share."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emotion.detection import FaceDetector
from emotion.recognizer import EmotionRecognizer
from emotion.training.datasets import FaceData, load_faces


@pytest.fixture(scope="session")
def detector() -> Iterator[FaceDetector]:
    with FaceDetector() as opened:
        yield opened


@pytest.fixture(scope="session")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer()


@pytest.fixture(scope="session")
def astronaut_mesh(astronaut: np.ndarray) -> np.ndarray:
    """(468, 3) face landmarks of the astronaut, by MediaPipe's own face mesh."""
    from kslr.core.native import load_mediapipe

    with load_mediapipe().solutions.face_mesh.FaceMesh(static_image_mode=True) as mesh:
        found = mesh.process(astronaut).multi_face_landmarks[0]
    return np.array([(p.x, p.y, p.z) for p in found.landmark])


@pytest.fixture(scope="session")
def fer2013(shared_data: Path) -> dict[str, FaceData]:
    pack = shared_data / "faces" / "fer2013_sheets.npz"
    if not pack.is_file():
        pytest.skip("needs FER2013 in ../shared/data/faces")
    return load_faces(pack)


@pytest.fixture
def patterns() -> dict[str, FaceData]:
    """Seven easily told patterns with noise, as splits of a data set: real learning in seconds."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[0:48, 0:48] / 48
    shapes = [np.sin((k + 1) * 2 * x + (7 - k) * 2 * y) for k in range(7)]

    def made(n: int) -> FaceData:
        labels = np.arange(n) % 7
        pictures = np.stack([shapes[label] for label in labels]) * 80 + 128 + generator.normal(0, 10, (n, 48, 48))
        return FaceData(np.clip(pictures, 0, 255).astype(np.uint8), labels)

    return {"train": made(140), "public": made(35), "private": made(35)}
