import io
import json

from rich.console import Console
from rich.progress import Progress

import ui.cli.console
from ui.cli.console import command_origin, progress_bar, write_report


def test_progress_shows_fractions_and_texts(monkeypatch):
    bars, screen = [], io.StringIO()

    class Bar(Progress):
        def __init__(self, *columns, **options) -> None:
            super().__init__(*columns, **options)
            bars.append(self)

    monkeypatch.setattr(ui.cli.console, "Progress", Bar)
    monkeypatch.setattr(ui.cli.console, "notes", Console(file=screen, force_terminal=True, width=100))
    with progress_bar("Working") as update:
        (task,) = bars[0].tasks
        update(None)
        assert (task.description, task.total) == ("Working", None)
        update(0.5)
        assert (task.description, task.percentage) == ("Working", 50)
        update("Epoch 2", 0.7)
        assert (task.description, round(task.percentage)) == ("Epoch 2", 70)
        update("Writing")
        assert (task.description, round(task.percentage)) == ("Writing", 70)
    assert "Writing" in screen.getvalue()


def test_progress_is_silent_without_a_terminal(capsys):
    with progress_bar("Working") as update:
        update("Epoch 2", 0.7)
    assert capsys.readouterr() == ("", "")


def test_a_report_is_printed_and_kept(tmp_path, capsys):
    report = {
        "task": "signs",
        "data": "made",
        "protocol": "random",
        "samples": 4,
        "accuracy": 0.75,
        "macro_f1": 0.7,
        "interval": [0.5, 1.0],
        "milliseconds": 1.25,
        "classes_without_samples": [f"w{i}" for i in range(15)],
        **command_origin("made", signs="kslr30"),
    }
    write_report(report, tmp_path / "r.json")
    out, err = capsys.readouterr()
    assert "accuracy 0.7500 (95 % 0.5000–1.0000)" in out
    assert f"signs kslr30 ({report['made']['signs_sha256'][:12]})" in out
    assert "w11 and 3 more" in " ".join(err.split())
    assert json.loads((tmp_path / "r.json").read_text()) == report
