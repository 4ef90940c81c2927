"""Every command that README, the documents and the cards name exists and takes those options; the cheap ones run as written."""

import importlib.util
import inspect
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from docs.drawn_person import clip
from tests import clips
from tests.commands import run
from tests.sources import ROOT, project
from ui.cli.main import app

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "models").glob("*.json"))]
STARTS = ("kslr", "python", "pip", "dask", "docker")
# What stands for a value in the documents → a value.
VALUES = {"N": "1", "ID": "1", "N,N": "1,1"}


def texts(page: Path) -> Iterator[str]:
    """The pieces of a page in which commands stand: code in documents, sentences in cards."""
    content = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        fenced = re.findall(r"^```(?:sh|bash)?\n(.*?)^```$", content, re.DOTALL | re.MULTILINE)
        for block in fenced:
            yield from re.sub(r"\\\n\s*|\n {10,}(?=\[)", " ", block).splitlines()
        yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", content, flags=re.DOTALL | re.MULTILINE))
    else:
        for text in strings(json.loads(content)):
            yield from re.findall(r"(?:^|: |`)((?:python|kslr) .*?)(?=\. |\.?$|`)", text)


def strings(value: Any) -> Iterator[str]:
    """Every text inside nested JSON."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)
    elif isinstance(value, str):
        yield value


def commands(page: Path) -> Iterator[list[str]]:
    """The commands of a page as arguments, with optional ones given and the first of several choices taken."""
    for text in texts(page):
        line = re.sub(r"(^|\s)#.*$", "", text.strip())
        line = re.sub(r"[\[\]…]", " ", line)
        for part in re.split(r";|&&|\s&$", line):
            try:
                words = shlex.split(part)
            except ValueError:
                continue
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words.pop(0)
            if len(words) > 1 and words[0].removeprefix(".venv/bin/") in STARTS:
                words[0] = words[0].removeprefix(".venv/bin/")
                yield [VALUES.get(word, word.split("|")[0] if re.fullmatch(r"[\w|.-]+", word) else word) for word in words]


@cache
def load_script(path: Path) -> ModuleType:
    """A script as a module, without running it."""
    spec = importlib.util.spec_from_file_location(f"named_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def check_typer(application: typer.Typer, arguments: list[str], name: str) -> None:
    """Parses arguments down to the command that would run, and runs nothing."""
    command: Any = typer.main.get_command(application)
    if arguments == ["--version"]:
        assert any("--version" in parameter.opts for parameter in command.params)
        return
    context = command.make_context(name, list(arguments))
    while hasattr(command, "commands") and (context._protected_args or context.args):
        found, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        # A sentence may name a command without what it needs.
        context = command.make_context(found, rest, parent=context, resilient_parsing=not rest)


def check_script(path: Path, arguments: list[str]) -> None:
    """Parses the arguments of a script of typer; one whose `main` takes none only has to exist."""
    module = load_script(path)
    application = getattr(module, "app", None)
    if application is None:
        if not inspect.signature(module.main).parameters:
            return
        application = typer.Typer()
        application.command()(module.main)
    check_typer(application, arguments, path.name)


def check(words: list[str]) -> None:
    """Raises what the command's own parser raises, or fails when there is no such command."""
    tool, first, *rest = words
    if tool == "kslr":
        check_typer(app, [first, *rest], "kslr")
    elif tool == "python" and first == "-m" and rest[0] == "kslr":
        check_typer(app, rest[1:], "kslr")
    elif tool == "python" and first == "-m" and rest[0].split(".")[0] in ("kslr", "emotion", "fusion"):
        path = ROOT / rest[0].replace(".", "/")
        check_script(path / "__main__.py" if path.is_dir() else path.with_suffix(".py"), rest[1:])
    elif tool == "python" and first.endswith(".py"):
        check_script(ROOT / first, rest)
    elif tool == "docker" and first == "compose":
        assert (ROOT / (rest[rest.index("-f") + 1] if "-f" in rest else "compose.yaml")).is_file()
    elif tool == "docker" and first == "build":
        assert (ROOT / "Dockerfile").is_file()
    elif tool == "dask":
        pytest.importorskip("distributed")
        from distributed.cli import dask_scheduler, dask_worker

        {"scheduler": dask_scheduler, "worker": dask_worker}[first].main.make_context(first, list(rest))
    for extra in re.findall(r"kslr\[(\w+)\]", " ".join(words)):
        assert extra in project()["project"]["optional-dependencies"]


NAMED = {(page.name, shlex.join(words)): words for page in PAGES for words in commands(page)}


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(key)) for key, words in NAMED.items()])
def test_it_is_a_command_with_those_options(words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    check(words)


def test_commands_are_found_where_they_stand():
    pages = {page for page, _ in NAMED}
    assert {"README.md", "evaluating.md", "serving.md", "scale.md", "classroom.md", "kslr30.json"} <= pages
    assert len(NAMED) > 60


def readme_blocks(heading: str) -> list[list[str]]:
    """The commands of the shell block under a heading of README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text[text.index(f"## {heading}\n") :]
    block = re.search(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert block
    lines = [re.sub(r"\s#.*$", "", line) for line in block.group(1).splitlines()]
    return [shlex.split(part) for line in lines for part in line.split(";") if part.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clip that README names: two seconds of a drawn person."""
    folder = tmp_path_factory.mktemp("readme")
    clips.write(folder / "clip.mp4", list(clip("wave", 10.0))[:24], fps=10)
    return folder


def test_readmes_use_runs_as_written(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    for words in readme_blocks("Use"):
        if words[1] != "serve" and "0" not in words:  # it would go on until somebody stops it, or needs a camera
            code, _, errors = run(words[1:], capsys)
            assert code == 0, errors
    assert (folder / "seen.mp4").stat().st_size > 1000
    assert "words" in json.loads((folder / "words.json").read_text())


def test_readmes_python_runs_as_written(folder):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) if "Camera" not in block]
    assert blocks
    for block in blocks:
        done = subprocess.run([sys.executable, "-c", block], cwd=folder, env=None, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_readmes_teaching_runs_as_written(folder, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    for number in range(1, 6):
        shutil.copy(folder / "clip.mp4", folder / f"take{number}.mp4")
    taught, translate, *others = readme_blocks("Teach it your own signs")
    assert run(taught[1:], capsys)[0] == 0
    # Recognising needs two words: README teaches one, so another is taught here.
    clips.write(folder / "other.mp4", list(clip("circle", 10.0))[:24], fps=10)
    assert run(["teach", "mine", "other", "other.mp4"], capsys)[0] == 0
    for words in (translate, *others):
        code, _, errors = run(words[1:], capsys)
        assert code == 0, errors
