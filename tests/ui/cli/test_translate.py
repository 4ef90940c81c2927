import json

import pytest

from tests.commands import run


@pytest.fixture(scope="session")
def portrait(tmp_path_factory, astronaut):
    """A second of a real face that signs nothing."""
    from tests.clips import write

    return write(tmp_path_factory.mktemp("clips") / "portrait.mp4", [astronaut] * 20, fps=10)


def test_a_clip_without_signs_is_valid_json_and_a_note(portrait, capsys):
    code, out, err = run(["translate", str(portrait), "--format", "json"], capsys)
    assert code == 0
    document = json.loads(out)
    assert document["words"] == []
    assert document["vocabulary"] == "kslr30"
    assert 1.5 < document["duration"] < 2.5
    assert "No sign" in err


def test_out_and_annotate_are_written(portrait, tmp_path, capsys):
    import av

    out, annotated = tmp_path / "deep" / "words.json", tmp_path / "seen.mp4"
    code, printed, _ = run(
        ["translate", str(portrait), "--format", "json", "--out", str(out), "--annotate", str(annotated)], capsys
    )
    assert code == 0
    assert printed == ""
    assert json.loads(out.read_text())["source"] == str(portrait)
    with av.open(str(annotated)) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 18


def test_nobody_in_view_is_said_and_the_transcript_is_kept(tmp_path, capsys):
    import numpy as np

    from tests.clips import write

    empty = write(tmp_path / "empty_room.mp4", [np.full((240, 320, 3), 120, np.uint8)] * 8, fps=10)
    code, out, err = run(["translate", str(empty), "--format", "json"], capsys)
    assert code == 2
    assert json.loads(out)["words"] == []
    assert "Nobody is in view" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [None, b"", b"this is no video\n" * 50])
def test_unusable_files_end_with_a_message(tmp_path, capsys, content):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    code, out, err = run(["translate", str(path)], capsys)
    assert code == 2
    assert out == ""
    assert err.startswith("kslr: ")
    assert "clip.mp4" in err
    assert "Traceback" not in err


def test_a_camera_that_is_not_there_ends_with_a_message(capsys):
    code, _, err = run(["translate", "97"], capsys)
    assert code == 2
    assert "97" in err


@pytest.mark.parametrize("option", ["--out", "--annotate"])
def test_an_unwritable_output_is_said_before_the_work(portrait, tmp_path, capsys, option):
    (tmp_path / "file").write_text("kept")
    code, _, err = run(["translate", str(portrait), option, str(tmp_path / "file" / "x.mp4")], capsys)
    assert code == 2
    assert "cannot be written" in err
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("kind", ["text", "json", "csv", "srt", "vtt", "eaf", "pose"])
def test_every_format_is_written(portrait, tmp_path, capsys, kind):
    out = tmp_path / f"words.{kind}"
    code, _, err = run(["translate", str(portrait), "--format", kind, "--out", str(out)], capsys)
    assert code == 0, err
    assert out.exists()
    if kind == "pose":
        from kslr.posefile import read_pose

        assert read_pose(out)[0].face is not None
        run(["translate", str(portrait), "--format", kind, "--out", str(out), "--without-face"], capsys)
        assert read_pose(out)[0].face is None


def test_binary_formats_need_a_place(portrait, capsys):
    code, _, err = run(["translate", str(portrait), "--format", "pose"], capsys)
    assert code == 2
    assert "--out" in err


def test_a_folder_is_transcribed_and_resumed(portrait, tmp_path, capsys):
    folder, out = tmp_path / "clips", tmp_path / "out"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "good.mp4").write_bytes(portrait.read_bytes())
    (folder / "bad.mp4").write_bytes(b"no video")
    code, _, err = run(["translate", str(folder), "--format", "json", "--out", str(out), "--workers", "1"], capsys)
    assert code == 2
    assert "bad.mp4" in err
    good = out / "inner" / "good.mp4.json"
    assert json.loads(good.read_text())["words"] == []
    before = good.stat().st_mtime_ns
    (folder / "bad.mp4").unlink()
    code, _, err = run(["translate", str(folder), "--format", "json", "--out", str(out), "--workers", "1"], capsys)
    assert code == 0
    assert good.stat().st_mtime_ns == before
    # A long path breaks the line anywhere.
    assert "1 there already" in " ".join(err.split())


@pytest.mark.parametrize("option", ["--signs", "--emotion"])
def test_unknown_and_foreign_models_end_with_a_message(portrait, tmp_path, capsys, option):
    code, _, err = run(["translate", str(portrait), option, "nothing"], capsys)
    assert code == 2
    assert "kslr30" in err
    (tmp_path / "card.json").write_text("{}")
    code, _, err = run(["translate", str(portrait), option, str(tmp_path / "card.json")], capsys)
    assert code == 2
    assert "model card" in err


def test_a_model_of_the_other_branch_is_refused(portrait, capsys):
    code, _, err = run(["translate", str(portrait), "--signs", "emotion"], capsys)
    assert code == 2
    assert "emotion" in err


def test_a_dictionary_lists_what_is_nearest_and_says_no_word(portrait, capsys):
    code, out, err = run(["translate", str(portrait), "--signs", "rsl", "--top", "3", "--format", "json"], capsys)
    assert code == 0
    document = json.loads(out)
    assert (document["vocabulary"], document["words"], document["found"]) == ("rsl", [], [])
    assert "No sign" in err
    code, out, err = run(["translate", str(portrait), "--signs", "rsl", "--format", "srt"], capsys)
    assert code == 2
    assert "Choose one of text, json, csv" in " ".join(err.split())


def test_what_a_drawn_sign_is_near_to_is_printed(tmp_path, capsys, monkeypatch):
    import numpy as np

    from kslr.holistic import HolisticTracker
    from tests.clips import write
    from tests.signers import signer

    clip = write(tmp_path / "signed.mp4", [np.full((240, 320, 3), 120, np.uint8)] * 80, fps=20)
    monkeypatch.setattr(HolisticTracker, "process", lambda self, frame: signer(frame.seconds))
    code, out, _ = run(["translate", str(clip), "--signs", "rsl", "--top", "3", "--language", "en"], capsys)
    assert code == 0
    lines = out.splitlines()
    assert len(lines) % 4 == 0
    assert [line.split(".")[0].strip() for line in lines[1:4]] == ["1", "2", "3"]
    nearness = [float(line.split()[1]) for line in lines[1:4]]
    assert nearness == sorted(nearness, reverse=True)


def test_a_folder_is_looked_up_too(tmp_path, portrait, capsys):
    import shutil

    (tmp_path / "clips").mkdir()
    shutil.copy(portrait, tmp_path / "clips" / "one.mp4")
    code, _, _ = run(
        [
            "translate",
            str(tmp_path / "clips"),
            "--out",
            str(tmp_path / "out"),
            "--signs",
            "rsl",
            "--format",
            "csv",
            "--workers",
            "1",
        ],
        capsys,
    )
    assert code == 0
    (made,) = (tmp_path / "out").glob("*.csv")
    assert made.read_text("utf-8-sig").startswith("start,end,place,id")


def test_captions_are_for_one_source_and_for_a_text_file(portrait, tmp_path, capsys):
    words = tmp_path / "words.txt"
    assert run(["translate", str(portrait), "--captions", str(words)], capsys)[0] == 0
    assert words.read_text() == "\n"  # nothing was signed, and nothing is left
    assert run(["translate", str(tmp_path), "--out", str(tmp_path / "out"), "--captions", str(words)], capsys)[0] == 2
    (tmp_path / "model.npz").write_bytes(b"weights")
    code, _, told = run(["translate", str(portrait), "--captions", str(tmp_path / "model.npz")], capsys)
    assert code == 2
    assert "is no .txt file" in told
    assert (tmp_path / "model.npz").read_bytes() == b"weights"
