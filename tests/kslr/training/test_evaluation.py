from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.recognizer import SignPrediction
from kslr.recordings import Recording, save_recording
from kslr.training.datasets import sign_data
from kslr.training.evaluation import clip_answer, evaluate_few_shot, evaluate_vocabulary, variants
from tests.kslr.test_recordings import signing


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


def test_a_vocabulary_is_scored_on_a_folder_of_clips(tmp_path: Path) -> None:
    save_recording(tmp_path / "su" / "1.npz", signing())
    save_recording(tmp_path / "taxi" / "1.npz", signing(5))
    (tmp_path / "su" / "broken.mp4").write_bytes(b"no video")
    report = evaluate_vocabulary(tmp_path, "kslr30", invariance=True)
    assert report["samples"] == 3
    by_clip = {row["clip"]: row for row in report["clips"]}
    assert set(by_clip) == {"su/1.npz", "su/broken.mp4", "taxi/1.npz"}
    assert "error" in by_clip["su/broken.mp4"]
    assert len(by_clip["su/1.npz"]["top5"]) == 5
    assert 0 < by_clip["su/1.npz"]["probability"] <= 1
    assert "taxi" not in by_clip["taxi/1.npz"]["top5"]
    assert set(report["agreement"]) == {"mirrored", "10 fps", "15 fps", "25 fps"}
    assert report["accuracy"] == pytest.approx(np.mean([row["answer"] == row["sign"] for row in report["clips"]]))


def test_several_signs_of_a_clip_are_one_answer() -> None:
    def prediction(su: float) -> SignPrediction:
        return SignPrediction(0, 1, (("su", su), ("it", 1 - su)) if su > 0.5 else (("it", 1 - su), ("su", su)), 0.0, su < 0.1)

    answer = clip_answer([prediction(0.9), prediction(0.3)])
    assert answer["answer"] == "su"
    assert not answer["rejected"]
    assert clip_answer([])["rejected"]


def test_slower_cameras_have_fewer_frames() -> None:
    recording = signing()
    kinds = variants(recording, 30)
    assert set(kinds) == {"mirrored", "10 fps", "15 fps", "25 fps"}
    assert all(windows.shape[1:] == (30, 1662) for windows in kinds.values())
    slow = Recording(recording.seconds[::4], recording.x[::4], recording.aspect)
    assert set(variants(slow, 30)) == {"mirrored"}
