import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.fewshot import body_and_hands, dtw_accuracies, dtw_distances, episode_accuracies, episodes


def test_episodes_never_ask_what_they_show() -> None:
    label = np.repeat(np.arange(12), 8)
    for support, support_label, query, query_label in episodes(label, ways=10, shots=5, count=20):
        assert len(support) == 50
        assert len(query) == 30
        assert not set(support) & set(query)
        for way in range(10):
            assert len(set(label[support[support_label == way]]) | set(label[query[query_label == way]])) == 1
    with pytest.raises(InputError, match="Ask for fewer ways"):
        episodes(label, ways=13, shots=5, count=1)


def test_prototypes_find_clusters_and_chance_is_chance() -> None:
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(10), 8)
    noise = generator.normal(0, 1, (80, 32))
    clear = np.eye(32)[label] * 8 + noise
    for z, low, high in ((clear, 0.95, 1.0), (noise, 0.0, 0.3)):
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        assert low <= episode_accuracies(z, episodes(label, 10, 1, 50)).mean() <= high


def naive(a: np.ndarray, b: np.ndarray) -> float:
    total = np.full((len(a) + 1, len(b) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            total[i + 1, j + 1] = np.linalg.norm(a[i] - b[j]) + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return total[-1, -1]


def test_time_warping_is_the_textbooks() -> None:
    generator = np.random.default_rng(1)
    a, b = generator.random((3, 7, 4)).astype(np.float32), generator.random((2, 9, 4)).astype(np.float32)
    expected = [[naive(x, y) for y in b] for x in a]
    assert np.allclose(dtw_distances(a, b), expected, atol=1e-4)
    slow = np.repeat(a[:1], 2, axis=1)
    assert dtw_distances(a[:1], slow)[0, 0] < 1e-3


def test_warping_on_landmarks_recognises_copies() -> None:
    points = np.repeat(np.random.default_rng(2).random((10, 12, 86, 3)).astype(np.float32), 4, axis=0)
    x = body_and_hands(points)
    assert x.shape == (40, 12, 102)
    assert dtw_accuracies(x, episodes(np.repeat(np.arange(10), 4), 10, 1, 3)).mean() == 1.0
