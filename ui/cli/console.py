"""What the commands say and show in a terminal."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kslr.core.files import write_file

notes = Console(stderr=True, highlight=False)


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error, shown only in a terminal.

    Yields:
        A function of a fraction 0–1 (or None: unknown), or of a text and a fraction.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, disable=not notes.is_terminal, transient=True) as bar:
        task = bar.add_task(text, total=1.0)

        def update(*news: str | float | None) -> None:
            fraction = news[-1]
            label = news[0] if len(news) > 1 else text
            if isinstance(fraction, str):
                bar.update(task, description=fraction)
            elif fraction is None:
                bar.update(task, description=str(label), total=None)
            else:
                bar.update(task, description=str(label), total=1.0, completed=fraction)

        yield update


def write_report(report: dict[str, Any], path: Path | None, timed: str = "a sample in LiteRT") -> None:
    """Prints a report's headline, and writes all of it as JSON where a path is given.

    Args:
        report: of `kslr.core.scores.report`.
        timed: what its milliseconds are of.

    Raises:
        InputError: the place cannot be written.
    """
    low, high = report["interval"]
    typer.echo(
        f"{report['task']} · {report['data']} · {report['protocol']}\n"
        f"accuracy {report['accuracy']:.4f} (95 % {low:.4f}–{high:.4f}) · macro-F1 {report['macro_f1']:.4f} · "
        f"{report['samples']} samples · {report['milliseconds']:.2f} ms {timed}"
    )
    if path is not None:
        write_file(path, (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode())
