"""The wheel: what lies in it, and that it works in a folder whose own code has the names of our packages and folders."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from docs.drawn_person import clip
from tests import clips
from tests.sources import ROOT, project

FOREIGN = "raise SystemExit('this is the code of somebody else')\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with pip from the files that are the package's, in a folder of its own so that none is left in the tree."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("kslr", "emotion", "fusion", "ui", "models", "app.py", "pyproject.toml", "README.md", "LICENSE"):
        (source / name).symlink_to(ROOT / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel is installed in, without what it depends on."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", str(target)]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its own models/, ui/ and app.py, and a clip of a drawn person."""
    folder = tmp_path_factory.mktemp("foreign")
    for name in ("models", "ui"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(FOREIGN)
    (folder / "app.py").write_text(FOREIGN)
    clips.write(folder / "clip.mp4", list(clip("wave", 15.0)), fps=15)
    return folder


def run(installed: Path, folder: Path, *arguments: str) -> str:
    """Runs Python in a folder with the installed package and without the checkout; returns what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "KSLR_HOME": str(folder / "home")}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_the_weights_and_no_app(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for package in ("kslr", "emotion", "fusion", "ui"):
        files = (path for path in (ROOT / package).rglob("*") if path.is_file() and path.suffix not in (".pyc", ".pyo"))
        assert {str(path.relative_to(ROOT)) for path in files} <= names
    shipped = {path.name for path in (ROOT / "models").iterdir() if path.suffix != ".h5"}  # those are for training only
    assert {f"kslr/models/{name}" for name in shipped} <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"kslr", "emotion", "fusion", "ui"}


def test_a_project_with_folders_of_the_same_names_reads_a_clip(installed, foreign):
    script = foreign / "read_clip.py"
    script.write_text(
        "import kslr\n"
        "from kslr import Interpreter, SignRecognizer, __version__\n"
        "print(kslr.__file__, __version__, len(SignRecognizer().vocabulary.signs))\n"
        "interpreted = Interpreter().interpret('clip.mp4')\n"
        "print(all(word.sign.kk for word in interpreted), interpreted.seen.seconds > 2)\n"
    )
    first, second = run(installed, foreign, str(script)).splitlines()
    file, version, words = first.split()
    assert Path(file).is_relative_to(installed)
    assert version == project()["project"]["version"]
    assert words == "30"
    assert second == "True True"


def test_python_m_kslr_is_ours_there(installed, foreign):
    assert run(installed, foreign, "-m", "kslr", "--version") == f"kslr {project()['project']['version']}\n"
    assert "kslr30" in run(installed, foreign, "-m", "kslr", "vocabularies")


def test_training_without_tensorflow_names_the_command_that_adds_it(installed, foreign):
    """The extra `train` is hidden from the process, as in an environment that lacks it."""
    hide = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name in ('keras', 'tensorflow') else find(name, *rest)\n"
        "sys.path.insert(0, sys.argv.pop(1)); from ui.cli.main import main\n"
        "main(['train', 'signs', 'DATA', '--out', 'trained'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", hide, str(installed)]
    done = subprocess.run(command, cwd=foreign, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "pip install 'kslr[train]'" in " ".join(done.stderr.split())


def test_the_interpreter_is_typed(installed, foreign):
    """Whoever imports the public door gets its types."""
    (foreign / "typed.py").write_text("from kslr import Interpreter\nreveal_type(Interpreter)\n")
    options = ("--no-incremental", "--follow-imports=silent", "--ignore-missing-imports")
    command = [sys.executable, "-m", "mypy", *options, "typed.py"]
    environment = {**os.environ, "MYPYPATH": str(installed)}
    done = subprocess.run(command, cwd=foreign, env=environment, capture_output=True, text=True, check=False)
    assert "fusion.interpreter.Interpreter" in done.stdout, done.stdout
