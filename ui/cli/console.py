"""What the commands share: options, notes on standard error, a progress bar, and the headline of a report."""

import codecs
import json
import sys
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


# What stands in for punctuation of ours in consoles with few letters.
PLAIN = {"–": "-", "—": "-", "·": "*", "→": "->", "…": "...", "×": "x"}
_unshown: set[str] = set()  # letters that standard output could not hold so far


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    """What is written for text that an encoding cannot hold: plain punctuation, or ``\\u049b``, which JSON reads as қ."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    _unshown.update(set(text) - set(PLAIN))
    units = {c: c.encode("utf-16-be", "surrogatepass").hex() for c in text}
    escaped = {c: "".join(f"\\u{code[i : i + 4]}" for i in range(0, len(code), 4)) for c, code in units.items()}
    return "".join(PLAIN.get(c, escaped[c]) for c in text), error.end


@contextmanager
def any_text() -> Iterator[None]:
    """Lets standard output take any text, also where a console's or pipe's encoding (cp1251, cp866) has no Kazakh letters.

    Work that is done is never lost to a letter; a note says at the end what was written instead.
    """
    codecs.register_error("kslr", _stand_in)
    _unshown.clear()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="kslr")
    try:
        yield
    finally:
        if _unshown:
            letters, encoding = " ".join(sorted(_unshown)[:12]), getattr(sys.stdout, "encoding", "")
            notes.print(
                f"Note: {encoding} has no {letters}; they are written as \\uXXXX. Use --out FILE, or set PYTHONIOENCODING=utf-8.",
                markup=False,
                soft_wrap=True,
            )


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
