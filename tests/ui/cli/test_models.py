import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from emotion.faces import EMOTIONS
from kslr.core.cards import MODELS, read_card
from kslr.landmarks import VALUES
from kslr.recordings import save_recording
from tests.commands import run
from tests.takes import take

ROOT = Path(__file__).resolve().parents[3]
HEAD = ["task", "data", "protocol", "samples", "accuracy", "macro_f1", "interval", "milliseconds"]


@pytest.fixture(scope="module")
def signs(tmp_path_factory):
    """Three made-up signs that differ in how the right hand moves, twelve recordings each by two people."""
    generator = np.random.default_rng(0)
    x, label, signer = [], [], []
    for word in range(3):
        for number in range(12):
            frames = generator.normal(0.5, 0.01, (30, VALUES)).astype(np.float32)
            t = np.linspace(0, 1, 30)[:, None]
            frames[:, 1599::3] += 0.3 * np.sin(np.pi * t * (word + 1))
            x.append(frames)
            label.append(f"word{word}")
            signer.append(f"person{number % 2}")
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
    out, small = tmp_path / "r.json", ["--number", "widths=[8,8]", "--number", "embedding=8", "--epochs", "2"]
    command = ["evaluate", "signs", signs, "--protocol", "signer", *small, "--json", out]
    code, printed, err = run(command, capsys)
    assert code == 0, err
    report = json.loads(out.read_text())
    assert list(report)[:8] == HEAD
    assert report["task"] == "signs"
    assert report["samples"] == 36
    assert report["numbers"]["embedding"] == 8
    assert "accuracy" in printed
    assert report["classes_without_samples"] == []
    assert report["made"]["data_sha256"] == hashlib.sha256(signs.read_bytes()).hexdigest()
    assert report["made"]["command"].startswith("kslr")
    code, _, err = run([*command, "--against", "lstm"], capsys)
    assert code == 2
    assert "paper_lstm" in err


def test_signs_are_trained_and_the_model_translates(signs, tmp_path, capsys):
    code, printed, err = run(["train", "signs", str(signs), "--out", str(tmp_path), "--epochs", "2", "--name", "mine"], capsys)
    assert code == 0, err
    assert "mine.json" in printed
    from kslr.recognizer import SignRecognizer

    recognizer = SignRecognizer(tmp_path / "mine.json")
    assert {sign.id for sign in recognizer.vocabulary.signs} == {"word0", "word1", "word2"}


def test_emotions_are_trained_and_measured(faces, tmp_path, capfd):
    arguments = ["train", "emotion", str(faces), "--out", str(tmp_path), "--architecture", "student_cnn", "--epochs", "2"]
    code, _, err = run(arguments, capfd)
    assert code == 0, err
    assert not [line for line in err.splitlines() if not line.startswith("Note: ")]  # TensorFlow is quiet
    out, page = tmp_path / "r.json", tmp_path / "r.html"
    arguments = ["evaluate", "emotion", faces, "--model", tmp_path / "emotion.json", "--against", "emotion"]
    code, printed, err = run([*arguments, "--json", out, "--html", page], capfd)
    assert code == 0, err
    report = json.loads(out.read_text())
    assert list(report)[:8] == HEAD
    assert report["samples"] == report["against"]["samples"] == 16
    shipped, _ = read_card("emotion")
    low, high = report["against"]["accuracy_difference"]["interval"]
    assert low <= report["accuracy"] - report["against"]["accuracy"] <= high
    assert f"against {shipped.name} on the same 16 samples" in printed
    assert set(report["classes_without_samples"]) == {*EMOTIONS} - {"happy", "sad"}
    assert "without angry" in err
    made, text = report["made"], page.read_text()
    for key in ("version", "date", "command", "data", "emotion", "emotion_sha256", "against", "against_sha256"):
        assert str(escape(made[key])) in text
        assert key == "command" or key == "data" or str(made[key])[:12] in printed
    assert f"Against {shipped.name}" in text
    assert made["data_files"] == 80


def test_vocabularies_and_encoders_are_compared_on_the_same_recordings(signs, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    for word in ("circle", "pump"):
        (tmp_path / "clips" / word).mkdir(parents=True)
        for number in range(4):
            save_recording(tmp_path / "clips" / word / f"{number}.npz", take(word, number))
    for name, words in (("both", {"circle": "circle", "pump": "pump"}), ("swapped", {"circle": "pump", "pump": "circle"})):
        for word, shown in words.items():
            takes = [tmp_path / "clips" / shown / f"{number}.npz" for number in range(2)]
            assert run(["teach", name, word, *takes, "--en", word], capsys)[0] == 0
    out, page = tmp_path / "r.json", tmp_path / "r.html"
    measure = ["evaluate", "signs", tmp_path / "clips", "--vocabulary", "both", "--against", "swapped"]
    code, printed, err = run([*measure, "--json", out, "--html", page], capsys)
    assert code == 0, err
    report = json.loads(out.read_text())
    assert (report["accuracy"], report["against"]["accuracy"]) == (1.0, 0.0)
    assert report["against"]["accuracy_difference"]["value"] == 1.0
    assert report["against"]["accuracy_difference"]["interval"][0] < 0.9  # of eight clips
    assert "difference: accuracy +100.0 points" in printed
    assert report["made"]["signs_sha256"] != report["made"]["against_sha256"]
    assert all(report["made"][key] in page.read_text() for key in ("signs_sha256", "against_sha256", "date"))
    code, _, err = run([*measure[:5], "--against", "kslr30"], capsys)
    assert code == 2
    assert "both" in err
    other = tmp_path / "other.json"  # the shipped encoder under another name
    for file in MODELS.glob("sign_encoder.*"):
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "sign_encoder.json").rename(other)
    arguments = ["evaluate", "signs", signs, "--few-shot", "2", "--ways", "3", "--episodes", "4", "--against", other]
    code, printed, err = run([*arguments, "--json", out, "--html", page], capsys)
    assert code == 0, err
    against = json.loads(out.read_text())["against"]
    assert against["accuracy_difference"]["value"] == 0
    assert against["accuracy_difference"]["interval"][0] < 0 < against["accuracy_difference"]["interval"][1]
    assert against["groups"] <= 36
    assert page.read_text().count("<svg") >= 1
    code, _, err = run([*arguments[:3], "--open-set", "2", "--against", other], capsys)
    assert code == 2
    assert "--against" in err


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


def test_a_dictionary_is_measured_on_a_folder_of_clips(tmp_path, capsys):
    for name in ("Вода", "spaceship"):
        (tmp_path / "clips" / name).mkdir(parents=True)
        save_recording(tmp_path / "clips" / name / "clip.npz", take("pump"))
    made = tmp_path / "report.json"
    arguments = ["evaluate", "signs", str(tmp_path / "clips"), "--vocabulary", "rsl", "--json", str(made)]
    code, out, err = run([*arguments, "--html", str(tmp_path / "page.html")], capsys)
    assert code == 0
    report = json.loads(made.read_text())
    assert "top10_accuracy" in out
    assert report["mrr"] == report["known"]["mrr"] / 2  # the word that the dictionary lacks is not found
    assert report["clips"][1]["place"] >= 1
    assert len(report["clips"][1]["nearest"]) == 10
    assert report["unknown_labels"] == {"spaceship": 1}
    assert "spaceship" in " ".join(err.split())
    assert "Вода" in (tmp_path / "page.html").read_text()
    code, _, err = run([*arguments, "--invariance"], capsys)
    assert code == 2
