import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kslr.core.errors import InputError
from tests.commands import run
from ui.cli.main import app
from ui.cli.translate import Format


def test_help_is_quick_and_light():
    code = (
        "import sys; from ui.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('tensorflow', 'mediapipe', 'cv2', 'gradio', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "translate" in done.stdout
    assert done.stdout.strip().endswith("[]")


def test_usage_errors_end_with_2(capsys):
    assert run(["serve", "--log", "xml"], capsys)[0] == 2
    assert run(["translate"], capsys)[0] == 2
    assert run(["translate", "clip.mp4", "--format", "interpretive-dance"], capsys)[0] == 2


def test_the_message_of_an_input_error_is_shown_whole(capsys, monkeypatch):
    import ui.cli.main

    def fail(_):
        raise InputError("[bold]no markup[/bold] " + "long " * 60)

    monkeypatch.setattr(ui.cli.main, "app", fail)
    code, _, err = run([], capsys)
    assert code == 2
    assert "[bold]no markup[/bold]" in err
    assert err.count("\n") == 1


def test_the_version_is_told(capsys):
    code, out, _ = run(["--version"], capsys)
    assert code == 0
    assert re.fullmatch(r"kslr \d+\S*\n", out)


def test_it_runs_as_a_module_beside_a_folder_called_ui(tmp_path):
    (tmp_path / "ui").mkdir()
    (tmp_path / "ui/__init__.py").write_text("raise SystemExit('the wrong ui')")
    environment = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": ""}
    command = [sys.executable, "-m", "kslr", "--version"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("kslr ")


def test_every_format_can_be_chosen_and_the_browser_can_be_left():
    def help_of(command: str) -> str:
        return CliRunner().invoke(app, [command, "--help"], terminal_width=300).output

    assert all(format.value in help_of("translate") for format in Format)
    assert "--no-browser" in help_of("serve")


@pytest.mark.parametrize("arguments", [["--max-sessions", "0"], ["--signs", "nothing", "--port", "0"]])
def test_a_server_that_cannot_start_ends_with_2(capsys, arguments):
    code, _, err = run(["serve", *arguments, "--no-browser"], capsys)
    assert code == 2
    assert err.startswith("kslr: ")
