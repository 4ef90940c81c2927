"""The command line as people meet it."""

from collections.abc import Iterable

import pytest

from ui.cli.main import main


def run(arguments: Iterable[object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err
