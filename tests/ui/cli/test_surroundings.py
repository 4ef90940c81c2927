"""`kslr` where little is given: consoles without Kazakh letters, no home folder, no place for temporary files."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NO_HOME = "import pathlib\ndef home():\n    raise RuntimeError('Could not determine home directory.')\npathlib.Path.home = home\n"
NO_TEMPORARY = "import tempfile\ntempfile._candidate_tempdir_list = lambda: ['/nonexistent']\n"
UNNAMED = ("HOME", "KSLR_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


def kslr(*arguments: object, encoding: str = "utf-8", before: str = "", cwd: Path | None = None, **environment: str):
    """A process of its own, with standard output in an encoding and without a home folder unless one is given."""
    code = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{before}from ui.cli.main import main\nmain(sys.argv[1:])\n"
    clean = {name: value for name, value in os.environ.items() if name not in UNNAMED}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        cwd=cwd,
        env={**clean, "PYTHONIOENCODING": encoding, **environment},
        timeout=300,
    )


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("manifest") / "m.csv"
    path.write_text("clip,sign,emotion,signer\na.mp4,су,sad,Әсел\nb.mp4,су,sad,Қайрат\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "cp1252", "ascii"])
def test_words_come_out_in_any_console(encoding, manifest, tmp_path):
    shown = kslr("vocabulary", "show", "kslr30", encoding=encoding, KSLR_HOME=str(tmp_path))
    assert shown.returncode == 0
    assert b"Traceback" not in shown.stderr
    text = shown.stdout.decode("utf-8" if encoding == "ascii" else encoding)
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text)
    assert "Рақмет" in plain
    assert len(plain.splitlines()) == 30
    split = kslr("split", manifest, "--out-train", tmp_path / "a.csv", "--out-test", tmp_path / "b.csv", encoding=encoding)
    assert split.returncode == 0
    assert (tmp_path / "a.csv").exists()
    assert (tmp_path / "b.csv").exists()
    assert len(split.stdout.splitlines()) == 2
    if encoding != "ascii":  # which standard output of ours writes as UTF-8
        assert b"PYTHONIOENCODING=utf-8" in shown.stderr


@pytest.mark.parametrize("encoding", ["cp1251", "cp866"])
def test_json_stays_json_in_any_console(encoding):
    words = "import json, typer\nfrom ui.cli.main import app\n@app.command()\ndef words():\n    " + (
        "typer.echo(json.dumps({'kk': 'Сәлем · қ – 👩'}, ensure_ascii=False))\n"
    )
    done = kslr("words", encoding=encoding, before=words)
    assert done.returncode == 0
    assert json.loads(done.stdout.decode(encoding))["kk"].replace("*", "·").replace("-", "–") == "Сәлем · қ – 👩"


@pytest.mark.parametrize("command", [["vocabularies"], ["vocabulary", "show", "kslr30"], ["vocabulary", "show", "krsl20"]])
def test_shipped_words_need_no_home(command):
    done = kslr(*command, before=NO_HOME)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout
    assert not done.stderr


@pytest.mark.parametrize(
    "command", [["teach", "v", "su", "clip.mp4"], ["forget", "v", "su"], ["classroom", "--sessions"], ["vocabulary", "show", "v"]]
)
def test_what_needs_a_home_says_so_in_one_sentence(command):
    done = kslr(*command, before=NO_HOME)
    assert done.returncode == 2
    assert not done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert b"KSLR_HOME" in done.stderr or b"No model is called" in done.stderr


@pytest.mark.parametrize("extra", [[], ["--format", "eaf", "--out", "/dev/null"], ["--format", "csv"]])
def test_a_clip_is_read_without_a_place_for_temporary_files(extra, tmp_path, astronaut):
    from tests.clips import write

    clip = write(tmp_path / "clip.mp4", [astronaut] * 8, fps=10)
    done = kslr("translate", clip, *extra, before=NO_HOME + NO_TEMPORARY)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    if not extra:
        done = kslr("emotion", clip, before=NO_HOME + NO_TEMPORARY)
        assert done.returncode == 0, done.stderr.decode()


def test_a_model_that_is_not_there_is_answered_with_those_that_are(tmp_path):
    (tmp_path / "vocabularies").mkdir()
    (tmp_path / "vocabularies" / "менің.npz").write_bytes(b"")
    done = kslr("vocabulary", "show", "nope", KSLR_HOME=str(tmp_path))
    assert done.returncode == 2
    assert all(name in done.stderr.decode() for name in ("nope", "kslr30", "менің"))


@pytest.mark.parametrize("encoding", ["cp1251", "cp866"])
def test_a_word_is_taught_once_in_any_console(encoding, tmp_path):
    from kslr.recordings import save_recording
    from tests.takes import take

    save_recording(tmp_path / "take.npz", take("circle", 0))
    teach = ("teach", "mine", "circle", tmp_path / "take.npz", "--kk", "Шеңбер")
    first = kslr(*teach, encoding=encoding, KSLR_HOME=str(tmp_path))
    assert first.returncode == 0, first.stderr
    assert "1 recordings" in first.stdout.decode(encoding)
    file = tmp_path / "vocabularies" / "mine.npz"
    before = file.read_bytes()
    again = kslr(*teach, encoding=encoding, KSLR_HOME=str(tmp_path))
    assert again.returncode == 2
    assert b"taught already" in again.stderr
    assert file.read_bytes() == before
