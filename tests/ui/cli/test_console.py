import json

from ui.cli.console import progress_bar, write_report


def test_progress_takes_fractions_and_texts():
    with progress_bar("Working") as update:
        update(0.5)
        update(None)
        update("Epoch 2", 0.7)


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
    }
    write_report(report, tmp_path / "r.json")
    assert "accuracy 0.7500 (95 % 0.5000–1.0000)" in capsys.readouterr().out
    assert json.loads((tmp_path / "r.json").read_text()) == report
