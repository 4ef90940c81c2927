"""What the commands share: options, notes on standard error, a progress bar, and the headline of a report."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kslr.core.files import write_file

notes = Console(stderr=True, highlight=False)
SignModel = Annotated[str, typer.Option(help="Sign model: a shipped name or a card's path.")]
EmotionModel = Annotated[str, typer.Option(help="Emotion model: a shipped name or a card's path.")]


class Language(str, Enum):
    """The languages of words, reports and messages."""

    kk = "kk"
    ru = "ru"
    en = "en"


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[..., None]]:
    """A progress bar on standard error, shown only in a terminal.

    Yields:
        A function of a text, of a fraction 0–1 (None: unknown), or of both in this order.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=notes, disable=not notes.is_terminal, transient=True) as bar:
        task = bar.add_task(text, total=None)  # without a total it shows no end

        def update(*news: str | float | None) -> None:
            label = next((one for one in news if isinstance(one, str)), text)
            fraction = news[-1]
            if isinstance(fraction, int | float):
                bar.update(task, description=label, total=1.0, completed=fraction)
            else:
                bar.update(task, description=label)

        yield update


def write_report(report: dict[str, Any], path: Path | None, timed: str = "a sample in LiteRT") -> None:
    """Prints a report's headline, and writes all of it as JSON where a path is given.

    Args:
        report: of `kslr.core.scores.build_report`.
        timed: what the milliseconds are counted for.

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
