import numpy as np
import pytest

from kslr.landmarks import POSE, RIGHT_HAND
from kslr.recordings import Recording, load_recording, save_recording
from kslr.teaching.vocabularies import load_vocabulary
from tests.clips import shaken, write
from tests.commands import run
from tests.takes import take


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    """Three takes each of two made-up signs: the right hand circles, or goes up and down."""
    folder, generator = tmp_path_factory.mktemp("takes"), np.random.default_rng(0)
    body = np.full((33, 4), 0.5, np.float32)
    body[[11, 12], :2] = [[0.6, 0.4], [0.4, 0.4]]
    body[[23, 24], :2] = [[0.57, 0.8], [0.43, 0.8]]
    shape = generator.uniform(-0.04, 0.04, (21, 3))
    paths = {}
    for word in ("circle", "pump"):
        for number in range(3):
            t = np.linspace(0, 1, 40)
            x = np.full((40, 1662), np.nan, np.float32)
            for i, phase in enumerate(2 * np.pi * 2 * t):
                move = (np.sin(phase), np.cos(phase)) if word == "circle" else (0.0, 1.5 * np.sin(phase))
                place = np.array([0.45 + 0.08 * move[0], 0.5 + 0.1 * move[1], 0.0]) + generator.normal(0, 0.003, 3)
                pose = body.copy()
                pose[16, :2] = place[:2]
                x[i, POSE] = pose.reshape(-1)
                x[i, RIGHT_HAND] = (shape + place).reshape(-1)
            path = folder / f"{word}{number}.npz"
            save_recording(path, Recording(t * 1.6, x, 4 / 3, path.name))
            paths.setdefault(word, []).append(str(path))
    return paths


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    return tmp_path


def test_words_are_taught_shown_used_and_forgotten(takes, home, capsys):
    code, out, err = run(
        ["teach", "mine", "circle", *takes["circle"], "--kk", "Шеңбер", "--ru", "Круг", "--en", "Circle"], capsys
    )
    assert code == 0, err
    assert "Шеңбер · Круг · Circle: 3 recordings" in out
    code, out, _ = run(["teach", "mine", "pump", *takes["pump"]], capsys)
    assert code == 0
    assert "right" in out
    assert "mine" in run(["vocabularies"], capsys)[1]
    code, out, _ = run(["vocabulary", "show", "mine"], capsys)
    assert code == 0
    assert "Шеңбер" in out
    from kslr.recognizer import SignRecognizer

    assert {sign.id for sign in SignRecognizer("mine").vocabulary.signs} == {"circle", "pump"}
    assert run(["forget", "mine", "pump"], capsys)[0] == 0
    assert run(["forget", "mine", "pump"], capsys)[0] == 2


def test_one_bad_recording_is_named_and_the_rest_learnt(takes, home, tmp_path, capsys):
    (tmp_path / "bad.mp4").write_text("no video")
    code, out, err = run(["teach", "mine", "circle", takes["circle"][0], str(tmp_path / "bad.mp4")], capsys)
    assert code == 2
    assert "bad.mp4" in err
    assert "1 recordings" in out


def test_each_recording_has_its_verdict_and_one_without_hands_is_refused(takes, home, tmp_path, capsys):
    poor, blank = take("circle", lost=0.6), take("circle", lost=1.0)
    save_recording(tmp_path / "poor.npz", poor)
    save_recording(tmp_path / "blank.npz", blank)
    code, out, err = run(
        [
            "teach",
            "mine",
            "circle",
            takes["circle"][0],
            str(tmp_path / "poor.npz"),
            str(tmp_path / "blank.npz"),
            "--kk",
            "Шеңбер",
        ],
        capsys,
    )
    assert code == 2
    assert "circle0.npz: good" in err
    assert "poor.npz: taught, but poor. The hands were often lost." in err
    assert "blank.npz: refused. No hands were seen." in err
    assert "1 of 3 recordings were refused; the others were taught." in err
    assert "2 recordings in" in out
    before = (home / "vocabularies" / "mine.npz").read_bytes()
    assert run(["teach", "mine", "circle", str(tmp_path / "blank.npz")], capsys)[0] == 2
    assert run(["teach", "kslr30", "circle", takes["circle"][0]], capsys)[0] == 2
    assert (home / "vocabularies" / "mine.npz").read_bytes() == before
    assert [sign.latin for sign in load_vocabulary(home / "vocabularies" / "mine.npz").signs] == ["shenber"]


def test_nothing_usable_changes_nothing(home, tmp_path, capsys):
    (tmp_path / "bad.mp4").write_text("no video")
    assert run(["teach", "mine", "circle", str(tmp_path / "bad.mp4")], capsys)[0] == 2
    assert run(["teach", "mine", "кіріл", str(tmp_path / "bad.mp4")], capsys)[0] == 2
    assert not list((home / "vocabularies").glob("*.npz")) if (home / "vocabularies").exists() else True


def test_an_empty_folder_cannot_be_extracted(tmp_path, capsys):
    code, _, err = run(["extract", str(tmp_path), str(tmp_path / "out")], capsys)
    assert code == 2
    assert "no videos" in err


def test_a_scheduler_that_is_not_there_is_told(tmp_path, capsys):
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    pytest.importorskip("distributed", reason="needs the extra cluster")
    arguments = ["extract", str(tmp_path), str(tmp_path / "out"), "--wait", "1", "--scheduler"]
    code, _, err = run([*arguments, "tcp://127.0.0.1:9"], capsys)
    assert code == 2
    assert "No scheduler answers at tcp://127.0.0.1:9 within 1 s" in err
    assert "Traceback" not in err
    code, _, err = run([*arguments, "somewhere"], capsys)
    assert code == 2
    assert "tcp://HOST:PORT" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_is_extracted_on_a_cluster(tmp_path, capsys, astronaut):
    distributed = pytest.importorskip("distributed", reason="needs the extra cluster")
    write(tmp_path / "hello.mp4", shaken(astronaut, frames=3))
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "protocol": "tcp", "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster:
        arguments = ["extract", str(tmp_path), str(tmp_path / "out"), "--wait", "60", "--scheduler", cluster.scheduler_address]
        code, _, err = run(arguments, capsys)
        assert code == 0, err
        assert f"Dashboard: {cluster.dashboard_link}" in err
        assert "1 of 1 in" in err
        (tmp_path / "broken.mp4").write_bytes(b"not a video")
        code, _, err = run(arguments, capsys)
    assert code == 2
    assert "broken.mp4" in err
    assert "1 of 2 clips have a problem" in err
    assert "(1 of them there already)" in err
    assert len(load_recording(tmp_path / "out" / "hello.mp4.npz").x) == 3
