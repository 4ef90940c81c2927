import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.training.corruptions import MEASURED, TRAINED, UNSEEN, corrupt_faces, corruption_scores


@pytest.fixture
def faces() -> np.ndarray:
    """Smooth pictures with an edge, as a face has."""
    generator, (y, x) = np.random.default_rng(0), np.mgrid[0:48, 0:48] / 48
    waves = [np.sin(6 * (x + shift)) * np.cos(5 * y) for shift in generator.random(8)]
    return np.stack([120 + 60 * wave + 40 * (x > 0.5) for wave in waves]).astype(np.uint8)


@pytest.mark.parametrize("kind", MEASURED)
def test_each_fault_changes_a_face_more_at_more_strength(kind, faces):
    def change(strength: float) -> float:
        generator = np.random.default_rng(1)
        made = np.stack([kind(face, generator, strength) for face in faces])
        assert made.shape == faces.shape
        assert made.dtype == np.uint8
        return float(np.abs(made.astype(float) - faces).mean())

    assert 0 < change(0.1) < change(0.9)


def test_faults_spare_the_given_faces_and_the_other_share(faces):
    before = faces.copy()
    made = corrupt_faces(faces, 0.5, np.random.default_rng(0))
    assert (faces == before).all()
    touched = (made != faces).any(axis=(1, 2))
    assert 0 < touched.sum() < len(faces)
    assert (made == corrupt_faces(faces, 0.5, np.random.default_rng(0))).all()
    assert (corrupt_faces(faces, 0.0, np.random.default_rng(0)) == faces).all()


def test_scores_name_each_kind_and_part_the_unseen_ones(faces):
    labels, told = np.arange(8) % 7, []

    def nearest(images: np.ndarray) -> np.ndarray:
        gaps = ((images[:, None].astype(float) - faces[None]) ** 2).sum(axis=(2, 3))
        return labels[gaps.argmin(axis=1)]

    scores = corruption_scores(nearest, faces, labels, told.append)
    assert list(scores["kinds"]) == [kind.__name__ for kind in MEASURED]
    assert all(0 <= value <= 1 for value in scores["kinds"].values())
    assert scores["mean"] == pytest.approx(np.mean(list(scores["kinds"].values())))
    assert scores["unseen"] == pytest.approx(np.mean([scores["kinds"][kind.__name__] for kind in UNSEEN]))
    assert not set(TRAINED) & set(UNSEEN)
    assert np.isclose(np.mean([scores["recall"][EMOTIONS[label]] for label in labels]), scores["mean"])
    assert told[-1] == 1.0
