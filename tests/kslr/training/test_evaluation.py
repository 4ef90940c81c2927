from pathlib import Path

import numpy as np
import pytest

from kslr.recognizer import SignPrediction
from kslr.recordings import Recording, save_recording
from kslr.training.cross_validation import score_answers
from kslr.training.evaluation import combine_predictions, evaluate_vocabulary, sign_page, vary_camera
from tests.kslr.test_recordings import signing
from tests.kslr.training.test_cross_validation import easy


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

    answer = combine_predictions([prediction(0.9), prediction(0.3)])
    assert answer["answer"] == "su"
    assert not answer["rejected"]
    assert combine_predictions([])["rejected"]


def test_slower_cameras_have_fewer_frames() -> None:
    recording = signing()
    kinds = vary_camera(recording)
    assert set(kinds) == {"mirrored", "10 fps", "15 fps", "25 fps"}
    assert len(kinds["mirrored"].x) == len(recording.x) > len(kinds["25 fps"].x) > len(kinds["10 fps"].x)
    slow = Recording(recording.seconds[::4], recording.x[::4], recording.aspect)
    assert set(vary_camera(slow)) == {"mirrored"}


def test_the_page_says_what_the_report_says() -> None:
    data, generator = easy(), np.random.default_rng(0)
    answers = np.eye(3)[data.label] * 0.6 + generator.dirichlet(np.ones(3), len(data)) * 0.4
    parts = [{"name": "p0", "samples": 30, "accuracy": 0.75}, {"name": "p1", "samples": 30, "accuracy": 1.0}]
    report = score_answers(
        data,
        "signer",
        np.arange(len(data)),
        answers,
        1.5,
        per_signer=parts,
        architecture="kslr_net",
        parameters=1234,
    )
    html = sign_page(report)
    assert f"{report['accuracy'] * 100:.1f} %" in html
    for words in ("p1", "0.7500", "1,234", "kslr_net", "<svg", "Mean of signers", "ktoq"):
        assert words in html
    assert "<script" not in html


def test_clip_names_cannot_become_markup() -> None:
    clip = {"clip": "<script>alert(1)</script>", "sign": "su", "answer": None, "top5": [], "probability": 0.0}
    head = {
        "data": "d",
        "protocol": "p",
        "samples": 1,
        "accuracy": 0.0,
        "interval": [0.0, 0.0],
        "macro_f1": 0.0,
        "milliseconds": 1.0,
    }
    assert "<script>" not in sign_page({**head, "clips": [clip]})


def test_folders_in_any_language_and_labels_that_the_vocabulary_lacks(tmp_path: Path) -> None:
    from kslr.core.errors import InputError

    for folder in ("Су", "water", "Спасибо", "нан", "и\u0306од"):
        save_recording(tmp_path / folder / "1.npz", signing())
    save_recording(tmp_path / "нан" / "2.npz", signing())
    report = evaluate_vocabulary(tmp_path, "kslr30")
    assert sorted(row["sign"] for row in report["clips"]) == ["rakhmet", "su", "su", "йод", "нан", "нан"]
    assert report["unknown_labels"] == {"йод": 1, "нан": 2}
    assert "нан" in sign_page(report)
    save_recording(tmp_path / "other" / "нан" / "1.npz", signing())
    with pytest.raises(InputError, match=r"нан \(1 clips\)"):
        evaluate_vocabulary(tmp_path / "other", "kslr30")
