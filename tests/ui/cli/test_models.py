import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kslr.landmarks import VALUES
from tests.commands import run

ROOT = Path(__file__).resolve().parents[3]
HEAD = ["task", "data", "protocol", "samples", "accuracy", "macro_f1", "interval", "milliseconds"]


@pytest.fixture(scope="module")
def signs(tmp_path_factory):
    """Three made-up signs that differ in how the right hand moves, twelve recordings each by three people."""
    generator = np.random.default_rng(0)
    x, label, signer = [], [], []
    for word in range(3):
        for take in range(12):
            frames = generator.normal(0.5, 0.01, (30, VALUES)).astype(np.float32)
            t = np.linspace(0, 1, 30)[:, None]
            frames[:, 1599::3] += 0.3 * np.sin(np.pi * t * (word + 1))
            x.append(frames)
            label.append(f"word{word}")
            signer.append(f"person{take % 3}")
    path = tmp_path_factory.mktemp("data") / "signs.npz"
    np.savez(path, x=np.stack(x), label=np.array(label), signer=np.array(signer))
    return path


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A tiny data set in the classic layout split/emotion/picture: bright is happy, dark is sad."""
    import cv2

    folder, generator = tmp_path_factory.mktemp("faces"), np.random.default_rng(0)
    for split, count in (("train", 24), ("public", 8), ("private", 8)):
        for emotion in ("happy", "sad"):
            (folder / split / emotion).mkdir(parents=True)
            for i in range(count):
                face = generator.integers(0, 60, (48, 48), np.uint8)
                face[: 24 if emotion == "happy" else 0] += 150
                cv2.imwrite(str(folder / split / emotion / f"{i}.png"), face)
    return folder


def test_signs_are_evaluated_by_signer(signs, tmp_path, capsys):
    out = tmp_path / "r.json"
    code, printed, err = run(
        [
            "evaluate",
            "signs",
            str(signs),
            "--architecture",
            "paper_lstm",
            "--protocol",
            "signer",
            "--epochs",
            "2",
            "--number",
            "units=[8,8,8]",
            "--json",
            str(out),
        ],
        capsys,
    )
    assert code == 0, err
    report = json.loads(out.read_text())
    assert list(report)[:8] == HEAD
    assert report["task"] == "signs"
    assert report["samples"] == 36
    assert "accuracy" in printed


def test_signs_are_trained_and_the_model_translates(signs, tmp_path, capsys):
    code, printed, err = run(["train", "signs", str(signs), "--out", str(tmp_path), "--epochs", "2", "--name", "mine"], capsys)
    assert code == 0, err
    assert "mine.json" in printed
    from kslr.recognizer import SignRecognizer

    recognizer = SignRecognizer(tmp_path / "mine.json")
    assert {sign.id for sign in recognizer.vocabulary.signs} == {"word0", "word1", "word2"}


def test_emotions_are_trained_and_measured(faces, tmp_path, capsys):
    arguments = ["train", "emotion", str(faces), "--out", str(tmp_path), "--architecture", "student_cnn", "--epochs", "2"]
    code, _, err = run(arguments, capsys)
    assert code == 0, err
    out = tmp_path / "r.json"
    code, _, err = run(["evaluate", "emotion", str(faces), "--model", str(tmp_path / "emotion.json"), "--json", str(out)], capsys)
    assert code == 0, err
    report = json.loads(out.read_text())
    assert list(report)[:8] == HEAD
    assert report["samples"] == 16


def test_unusable_data_end_with_2(tmp_path, capsys):
    (tmp_path / "bad.npz").write_bytes(b"not an archive")
    for arguments in (
        ["evaluate", "signs", "no_such_pack"],
        ["evaluate", "signs", str(tmp_path / "bad.npz")],
        ["train", "signs", str(tmp_path / "bad.npz"), "--out", str(tmp_path / "o")],
        ["evaluate", "emotion", str(tmp_path / "none.csv")],
        ["train", "emotion", str(tmp_path), "--out", str(tmp_path / "o")],
    ):
        code, _, err = run(arguments, capsys)
        assert code == 2, arguments
        assert err.startswith("kslr: "), arguments


def test_without_the_extra_the_command_that_adds_it_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("kslr.core.training.find_spec", lambda name: None)
    for arguments in (["train", "signs", "x"], ["train", "emotion", "x"], ["evaluate", "signs", "x"]):
        code, _, err = run(arguments, capsys)
        assert code == 2, arguments
        assert "pip install 'kslr[train]'" in err, arguments


def test_shipped_models_are_measured_without_keras(signs, tmp_path):
    """The extra is not installed: any import of Keras or TensorFlow fails."""
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('keras', 'tensorflow'))); from ui.cli.main import main; main(sys.argv[1:])"
    )
    arguments = ["evaluate", "signs", signs, "--few-shot", "3", "--ways", "2", "--episodes", "5", "--json", tmp_path / "r.json"]
    done = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["episodes"] == 5
