"""`kslr` where little is given: consoles without Kazakh letters, no home folder, no place for temporary files."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer

from ui.cli.main import app, main

ROOT = Path(__file__).resolve().parents[3]
ENCODINGS = ["cp1251", "cp866", "cp1252", "ascii"]
UNNAMED = ("HOME", "KSLR_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "KSLR_DATABASE")
# A user without a passwd entry, and no folder for temporary files.
NOTHING = (
    "import pathlib, tempfile\ndef home():\n    raise RuntimeError('Could not determine home directory.')\n"
    "pathlib.Path.home = home\ntempfile._candidate_tempdir_list = lambda: ['/nonexistent']\n"
)


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code, standard output's bytes, standard error."""

    code: int
    out: bytes
    err: str


@pytest.fixture
def console(monkeypatch, capsys) -> Callable[..., Done]:
    """Runs a command with standard output in an encoding."""

    def run(*arguments: object, encoding: str = "utf-8") -> Done:
        out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            with pytest.raises(SystemExit) as stop:
                main([*map(str, arguments)])
            out.flush()
        return Done(int(stop.value.code or 0), out.buffer.getvalue(), capsys.readouterr().err)

    return run


@pytest.fixture
def homeless(monkeypatch) -> None:
    """No variable and no passwd entry tells of a home."""

    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in UNNAMED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)


def plain(done: Done, encoding: str) -> str:
    """What was written, with the letters that the console lacks."""
    text = done.out.decode("utf-8" if encoding == "ascii" else encoding)  # typer writes UTF-8 where ASCII is told
    return re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_words_come_out_in_any_console(console, encoding, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    shown = console("vocabulary", "show", "kslr30", encoding=encoding)
    assert (shown.code, len(plain(shown, encoding).splitlines())) == (0, 30)
    assert "Рақмет" in plain(shown, encoding)
    if encoding != "ascii":
        assert "PYTHONIOENCODING=utf-8" in shown.err
    manifest = tmp_path / "m.csv"
    manifest.write_text("clip,sign,emotion,signer\na.mp4,су,sad,Әсел\nb.mp4,су,sad,Қайрат\n", encoding="utf-8")
    sides = tmp_path / "a.csv", tmp_path / "b.csv"
    split = console("split", manifest, "--out-train", sides[0], "--out-test", sides[1], encoding=encoding)
    assert split.code == 0
    assert all(side.exists() for side in sides)
    assert {"Әсел", "Қайрат"} <= set(re.findall(r"\w+", plain(split, encoding)))


@pytest.mark.parametrize(
    ("encoding", "format"),
    [*(("cp866", kind) for kind in ("text", "json", "csv", "srt", "vtt")), ("cp1251", "text"), ("ascii", "json")],
)
def test_every_format_comes_out_in_any_console(console, encoding, format, tmp_path, monkeypatch, astronaut):
    from fusion.observation import TaggedWord
    from fusion.session import Session
    from kslr.vocabulary import Sign
    from tests.clips import write

    word = TaggedWord(Sign("w", "Қаңғыбас – 👩", "q", "en", "ru"), 0.9, 0.1, 0.5, (("w", 0.9),), "happy", {"happy": 0.8})
    monkeypatch.setattr(Session, "finish", lambda self: (word,))
    clip = write(tmp_path / "clip.mp4", [astronaut] * 2, fps=10)
    done = console("translate", clip, "--format", format, encoding=encoding)
    assert done.code == 0, done.err
    text = plain(done, encoding)
    if format == "json":
        text = json.loads(done.out.decode("utf-8" if encoding == "ascii" else encoding))["words"][0]["sign"]["kk"]
    assert "Қаңғыбас" in text
    assert (format in ("json", "csv")) or "қуаныш" in text


@pytest.mark.parametrize("encoding", ["cp1251", "cp866"])
def test_json_stays_json_in_any_console(console, encoding):
    @app.command("words-of-a-test")
    def words() -> None:
        typer.echo(json.dumps({"kk": "Сәлем · қ – 👩"}, ensure_ascii=False))

    try:
        done = console("words-of-a-test", encoding=encoding)
    finally:
        app.registered_commands.pop()
    assert done.code == 0
    assert json.loads(done.out.decode(encoding))["kk"].replace("*", "·").replace("-", "–") == "Сәлем · қ – 👩"


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "ascii"])
def test_a_word_is_taught_once_in_any_console_and_under_any_name(console, encoding, tmp_path, monkeypatch):
    from kslr.recordings import save_recording
    from tests.takes import take

    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    save_recording(tmp_path / "take.npz", take("circle", 0))
    teach = ("teach", "mine", "circle", tmp_path / "take.npz", "--kk", "Шеңбер")
    first = console(*teach, encoding=encoding)
    assert first.code == 0, first.err
    assert "Шеңбер" in plain(first, encoding)
    assert "1 recordings" in plain(first, encoding)
    file = tmp_path / "vocabularies" / "mine.npz"
    before = file.read_bytes()
    again = console(*teach, encoding=encoding)
    assert (again.code, file.read_bytes()) == (2, before)
    assert "taught already" in again.err
    (tmp_path / "take.npz").rename(tmp_path / "copy of take.npz")
    copied = console(*teach[:3], tmp_path / "copy of take.npz", encoding=encoding)
    assert (copied.code, file.read_bytes()) == (2, before)
    other = tmp_path / "other.npz"
    save_recording(other, take("circle", 1))
    assert "2 recordings" in plain(console(*teach[:3], other, encoding=encoding), encoding)


@pytest.mark.parametrize("command", [["vocabularies"], ["vocabulary", "show", "kslr30"], ["vocabulary", "show", "krsl20"]])
def test_shipped_words_need_no_home(console, homeless, command):
    done = console(*command)
    assert (done.code, done.err) == (0, "")
    assert done.out


@pytest.mark.parametrize(
    "command", [["teach", "v", "su", "clip.mp4"], ["forget", "v", "su"], ["classroom", "--sessions"], ["vocabulary", "show", "v"]]
)
def test_what_needs_a_home_says_so_in_one_sentence(console, homeless, command):
    done = console(*command)
    assert (done.code, done.out) == (2, b"")
    assert len(done.err.splitlines()) == 1
    assert "KSLR_HOME" in done.err or "No model is called" in done.err


def test_a_clip_is_read_by_an_unnamed_user_without_a_place_for_temporary_files(tmp_path, astronaut):
    """In a process of its own, for libraries look for their folders when they are imported."""
    from tests.clips import write

    clip = write(tmp_path / "clip.mp4", [astronaut] * 8, fps=10)
    code = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{NOTHING}from ui.cli.main import main\n"
        "for command in (['translate', sys.argv[1], '--format', 'csv'], ['emotion', sys.argv[1]],\n"
        "                ['translate', sys.argv[1], '--format', 'eaf', '--out', '/dev/null']):\n"
        "    try:\n        main(command)\n    except SystemExit as stop:\n        assert not stop.code, (command, stop.code)\n"
    )
    clean = {name: value for name, value in os.environ.items() if name not in UNNAMED}
    done = subprocess.run([sys.executable, "-c", code, str(clip)], capture_output=True, env=clean, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("\n") >= 3


def test_a_model_that_is_not_there_is_answered_with_those_that_are(console, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    (tmp_path / "vocabularies").mkdir()
    (tmp_path / "vocabularies" / "менің.npz").write_bytes(b"")
    for command in (
        ["vocabulary", "show", "nope"],
        ["translate", "clip.mp4", "--signs", "nope"],
        ["evaluate", "signs", ".", "--vocabulary", "nope"],
        ["serve", "--no-browser", "--signs", "nope"],
    ):
        done = console(*command)
        assert done.code == 2
        assert all(name in done.err for name in ("nope", "kslr30", "менің")), command
