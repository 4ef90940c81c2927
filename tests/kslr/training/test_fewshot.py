from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.datasets import sign_data
from kslr.training.fewshot import (
    body_and_hands,
    draw_episodes,
    dtw_accuracies,
    dtw_distances,
    episode_accuracies,
    evaluate_few_shot,
)


def test_episodes_never_ask_what_they_show() -> None:
    label = np.repeat(np.arange(12), 8)
    for one in draw_episodes(label, ways=10, shots=5, count=20):
        support, support_label, query, query_label = one.support, one.support_label, one.query, one.query_label
        assert len(support) == 50
        assert len(query) == 30
        assert not set(support) & set(query)
        for way in range(10):
            assert len(set(label[support[support_label == way]]) | set(label[query[query_label == way]])) == 1
    with pytest.raises(InputError, match="Ask for fewer ways"):
        draw_episodes(label, ways=13, shots=5, count=1)


def test_prototypes_find_clusters_and_chance_is_chance() -> None:
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(10), 8)
    noise = generator.normal(0, 1, (80, 32))
    clear = np.eye(32)[label] * 8 + noise
    for z, low, high in ((clear, 0.95, 1.0), (noise, 0.0, 0.3)):
        z = z / np.linalg.norm(z, axis=1, keepdims=True)
        assert low <= episode_accuracies(z, draw_episodes(label, 10, 1, 50)).mean() <= high


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
    assert dtw_accuracies(dtw_distances(x, x), draw_episodes(np.repeat(np.arange(10), 4), 10, 1, 3)).mean() == 1.0


def test_few_shot_of_clear_gestures_is_nearly_perfect_and_of_noise_is_not(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(6), 6)
    t = np.linspace(0, 1, 30)[None, :, None]
    path = np.concatenate(
        [np.sin(2 * np.pi * t * (1 + label[:, None, None] % 3)), np.cos(np.pi * t * (1 + label[:, None, None] // 3))], -1
    )
    shape = generator.normal(0, 0.03, (21, 2))
    hand = 0.5 + 0.2 * path[:, :, None] + shape + generator.normal(0, 0.003, (36, 30, 21, 2))
    x = np.zeros((36, 30, 84), np.float32)
    x[..., 42:] = hand.reshape(36, 30, 42)
    np.savez(tmp_path / "clear.npz", x=x, label=label)
    clear = evaluate_few_shot(tmp_path / "clear.npz", shots=3, ways=5, count=20)
    assert clear["accuracy"] > 0.9
    assert clear["episodes"] == 20
    assert {"task", "data", "protocol", "samples", "macro_f1", "interval", "milliseconds"} <= set(clear)
    mixed = evaluate_few_shot(sign_data(x, generator.permutation(label)), shots=3, ways=5, count=20)
    assert mixed["accuracy"] < 0.5
    with pytest.raises(InputError, match="Ask for fewer ways"):
        evaluate_few_shot(tmp_path / "clear.npz", shots=3, ways=10)


def test_sources_are_asked_apart() -> None:
    x = np.random.default_rng(1).uniform(0.3, 0.7, (48, 30, 126))
    data = sign_data(x, np.tile(np.repeat(["a", "b", "c", "d"], 3), 4), source=np.repeat(["s", "t", "u", "v"], 12))
    report = evaluate_few_shot(data, shots=1, ways=3, count=10)
    assert [row["name"] for row in report["per_source"]] == ["s", "t", "u", "v"]
    assert sum(row["episodes"] for row in report["per_source"]) == 10
