import json

from tests.clips import write
from tests.commands import run

HEAD = "clip,sign,emotion,signer\n"


def test_clips_with_problems_are_named_and_the_report_ends(tmp_path, astronaut, capsys):
    import numpy as np

    write(tmp_path / "face.mp4", [astronaut] * 8, fps=10)
    write(tmp_path / "empty.mp4", [np.full((240, 320, 3), 120, np.uint8)] * 8, fps=10)
    person = astronaut[:320, 60:400]
    write(tmp_path / "two.mp4", [np.ascontiguousarray(np.concatenate([person, person[:, ::-1]], axis=1))] * 8, fps=10)
    (tmp_path / "bad.mp4").write_text("no video")
    rows = ["face.mp4,su,happy,A", "empty.mp4,su,sad,B", "two.mp4,it,happy,C", "bad.mp4,it,angry,D", "face.mp4,,,A"]
    (tmp_path / "m.csv").write_text(HEAD + "\n".join(rows) + "\n")
    arguments = [
        "evaluate",
        "joint",
        str(tmp_path / "m.csv"),
        "--json",
        str(tmp_path / "r.json"),
        "--html",
        str(tmp_path / "r.html"),
    ]
    code, out, err = run(arguments, capsys)
    assert code == 0, err
    report = json.loads((tmp_path / "r.json").read_text())
    assert list(report)[:8] == ["task", "data", "protocol", "samples", "accuracy", "macro_f1", "interval", "milliseconds"]
    assert report["task"] == "joint"
    assert report["sign"]["rejected"] == 4
    assert report["idle"]["clips"] == 1
    named = {problem["clip"].rsplit("/", 1)[-1] for problem in report["problems"]}
    assert named == {"empty.mp4", "two.mp4", "bad.mp4"}
    assert "bad.mp4" in err
    assert "accuracy 0.0000" in out
    assert "Clips with a problem" in (tmp_path / "r.html").read_text()


def test_a_manifest_is_split_by_signer(tmp_path, capsys):
    (tmp_path / "m.csv").write_text(HEAD + "a.mp4,su,happy,A\nb.mp4,su,sad,B\nc.mp4,it,sad,C\n")
    sides = [str(tmp_path / "train.csv"), str(tmp_path / "test.csv")]
    code, out, _ = run(
        ["split", str(tmp_path / "m.csv"), "--by", "signer", "--out-train", sides[0], "--out-test", sides[1]], capsys
    )
    assert code == 0
    assert "training: " in out
    from fusion.evaluation.manifest import read_manifest

    one, other = ({clip.signer for clip in read_manifest(side)} for side in sides)
    assert one
    assert other
    assert not one & other


def test_unusable_requests_end_with_2(tmp_path, capsys):
    (tmp_path / "m.csv").write_text(HEAD + "a.mp4,,,A\n")
    assert run(["evaluate", "joint", str(tmp_path / "none.csv")], capsys)[0] == 2
    assert "joyful" in run(["evaluate", "joint", str(tmp_path / "m.csv"), "--emotions", "joyful"], capsys)[2]
    assert "No clip" in run(["evaluate", "joint", str(tmp_path / "m.csv")], capsys)[2]
    split = ["split", str(tmp_path / "m.csv"), "--out-train", str(tmp_path / "1"), "--out-test", str(tmp_path / "2")]
    assert "two signers" in run(split, capsys)[2]
    assert "not by clip" in run([*split, "--by", "clip"], capsys)[2]
