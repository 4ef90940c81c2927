from pathlib import Path

import numpy as np
import pytest

from fusion.evaluation.joint import Answer
from fusion.evaluation.manifest import Clip
from kslr.core.errors import InputError
from ui.evaluate.evaluation import Evaluation, MissingClips, NoManifest, Step, evaluate_files, joint_report


def sent(folder: Path, clip: Path, table: str, names: tuple[str, ...] = ("a.mp4", "b.mp4")) -> list[tuple[str, Path]]:
    """A manifest and copies of a clip, as the browser has sent them."""
    folder.mkdir(exist_ok=True)
    (folder / "upload-table").write_text(table)
    files = [("table.csv", folder / "upload-table")]
    for name in names:
        path = folder / f"upload-{name}"
        path.write_bytes(clip.read_bytes())
        files.append((name, path))
    return files


def test_a_table_and_its_clips_become_a_report(services, tmp_path, still_clip):
    table = "clip,sign,emotion,signer\nsome/where/a.mp4,su,happy,A\n../b.mp4,,,B\n"
    *steps, last = evaluate_files(sent(tmp_path / "in", still_clip, table), services)
    assert steps == [Step("a.mp4", 0.0), Step("b.mp4", 0.5)]
    assert isinstance(last, Evaluation)
    # Nothing is signed in either clip: the word is missed, and no false word comes.
    assert last.report["accuracy"] == 0.0
    assert last.report["samples"] == 1
    assert last.report["idle"]["clips"] == 1
    assert "1 clips" not in (last.folder / "report.html").read_text()
    assert "table.csv" in (last.folder / "report.html").read_text()
    assert (last.folder / "report.json").is_file()
    assert services.videos == 0


def test_what_is_missing_is_named(services, tmp_path, still_clip):
    with pytest.raises(NoManifest):
        list(evaluate_files(sent(tmp_path / "a", still_clip, "")[1:], services))
    two = sent(tmp_path / "b", still_clip, "clip,sign,emotion,signer\na.mp4,su,,A\n")
    with pytest.raises(NoManifest):
        list(evaluate_files([*two, ("other.csv", two[0][1])], services))
    with pytest.raises(MissingClips) as missing:
        list(evaluate_files(sent(tmp_path / "c", still_clip, "clip,sign,emotion,signer\na.mp4,su,,A\nx.mp4,su,,A\n"), services))
    assert missing.value.names == ["x.mp4"]
    with pytest.raises(InputError):
        list(evaluate_files(sent(tmp_path / "d", still_clip, "no,table\n1,2\n"), services))
    with pytest.raises(InputError, match="has a sign"):
        list(evaluate_files(sent(tmp_path / "e", still_clip, "clip,sign,emotion,signer\na.mp4,,,A\n"), services))


def answer(sign: str, emotion: str | None, said: str | None, felt: int) -> Answer:
    probabilities = np.full(7, 0.05, np.float32)
    probabilities[felt] = 0.7
    clip = Clip(Path("a.mp4"), sign, emotion, "A")
    return Answer(clip, said, ((said, 0.9),) if said else (), probabilities, False, 1, 2.0, 0.5, None)


def test_the_headline_is_both_together_where_emotions_are_labelled():
    made = [
        answer("su", "happy", "su", 3),
        answer("su", "happy", "su", 4),
        answer("it", "sad", None, 4),
        answer("it", "sad", "it", 4),
    ]
    joint = joint_report(made, "table.csv")
    assert joint["task"] == "joint"
    assert joint["accuracy"] == 0.5
    assert joint["milliseconds"] == 500.0
    alone = joint_report([answer("su", None, "su", 3), answer("it", None, "su", 3)], "table.csv")
    assert alone["task"] == "signs"
    assert alone["accuracy"] == 0.5
