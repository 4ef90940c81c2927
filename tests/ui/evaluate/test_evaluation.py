from pathlib import Path

import pytest

from ui.evaluate.evaluation import Evaluation, evaluate_uploads
from ui.shared.i18n import Refusal
from ui.shared.uploads import Step


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
    *steps, last = evaluate_uploads(sent(tmp_path / "in", still_clip, table), services)
    # Where the work is silent for a while, its last step comes again.
    assert [step for step in dict.fromkeys(steps) if step.clip] == [Step(0.0, clip="a.mp4"), Step(0.5, clip="b.mp4")]
    assert isinstance(last, Evaluation)
    # Nothing is signed in either clip: the word is missed, and no false word comes.
    assert last.report["accuracy"] == 0.0
    assert last.report["samples"] == 1
    assert last.report["idle"]["clips"] == 1
    for language, title in (("kk", "Ым мен эмоция"), ("ru", "Жест и эмоция"), ("en", "Sign and affect")):
        page = (last.folder / f"report-{language}.html").read_text(encoding="utf-8")
        assert title in page
        assert "table.csv" in page
        assert last.report["made"]["signs_sha256"] in page
    assert (last.folder / "report.json").is_file()
    assert services.videos == 0


def refusal(files: list[tuple[str, Path]], services) -> Refusal:
    with pytest.raises(Refusal) as refused:
        list(evaluate_uploads(files, services))
    return refused.value


def test_what_is_missing_is_named(services, tmp_path, still_clip):
    assert refusal(sent(tmp_path / "a", still_clip, "")[1:], services).key == "evaluate.no_manifest"
    two = sent(tmp_path / "b", still_clip, "clip,sign,emotion,signer\na.mp4,su,,A\n")
    assert refusal([*two, ("other.csv", two[0][1])], services).key == "evaluate.no_manifest"
    missing = refusal(sent(tmp_path / "c", still_clip, "clip,sign,emotion,signer\na.mp4,su,,A\nx.mp4,su,,A\n"), services)
    assert (missing.key, missing.values) == ("evaluate.missing", {"names": "x.mp4"})
    assert refusal(sent(tmp_path / "d", still_clip, "no,table\n1,2\n"), services).key == "evaluate.bad_manifest"
    unsigned = refusal(sent(tmp_path / "e", still_clip, "clip,sign,emotion,signer\na.mp4,,,A\n"), services)
    assert unsigned.key == "evaluate.bad_manifest"
    assert "has a sign" in str(unsigned.__cause__)


def test_words_of_any_language_are_labels_and_others_are_named(services, tmp_path, still_clip):
    table = "clip,sign,emotion,signer\na.mp4,Су,happy,A\nb.mp4,нан,,B\n"
    *_, last = evaluate_uploads(sent(tmp_path / "in", still_clip, table), services)
    assert last.report["unknown_labels"] == {"нан": 1}
    assert [row["sign"] for row in last.report["per_sign_and_emotion"]] == ["su"]
    assert len(last.report["made"]["signs_sha256"]) == 64
    nothing = refusal(sent(tmp_path / "none", still_clip, "clip,sign,emotion,signer\na.mp4,нан,,A\n"), services)
    assert nothing.key == "evaluate.bad_manifest"
