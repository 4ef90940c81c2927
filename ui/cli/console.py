"""What the commands share: options, notes on standard error, a progress bar, and the headline of a report."""

import codecs
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kslr.core.files import write_file
from kslr.core.scores import FEW, difference_text, share_text
from kslr.origins import origin_text

MOST_NAMED = 12  # classes or labels that a note names
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


def model_files(*models: str | None) -> list[Path]:
    """The files that models and vocabularies are read from, so that no output replaces them; none for unknown names."""
    from kslr.core.cards import card_path
    from kslr.core.errors import InputError
    from kslr.signmodels import taught_file

    found = []
    for model in models:
        with suppress(InputError):
            found += [taught_file(model) or card_path(model)] if model else []
    return found


def command_origin(data: str | Path, files: Sequence[Path] = (), **models: str | None) -> dict[str, Any]:
    """`kslr.origins.describe_origin` of the running command.

    Args:
        data: what it is measured on.
        files: where the data lie.
        models: kind, such as ``signs``, → name or path; None for none.
    """
    from kslr.core.cards import card_path
    from kslr.origins import describe_origin
    from kslr.signmodels import taught_file

    named = {kind: (model, taught_file(model) or card_path(model)) for kind, model in models.items() if model}
    return describe_origin(shlex.join(["kslr", *sys.argv[1:]]), data, files, named)


def write_report(report: dict[str, Any], path: Path | None, timed: str = "a sample in LiteRT") -> None:
    """Prints a report's headline, and writes all of it as JSON where a path is given.

    Args:
        report: of `kslr.core.scores.build_report`, with the entry ``made``.
        timed: what the milliseconds are counted for.

    Raises:
        InputError: the place cannot be written.
    """
    low, high = report["interval"]
    few = report["samples"] < FEW  # A percentage of so few would say more than is known.
    accuracy = share_text(report["accuracy"], report["samples"]) if few else f"{report['accuracy']:.4f}"
    took = f" · {report['milliseconds']:.2f} ms {timed}" if report["milliseconds"] is not None else ""
    typer.echo(
        f"{report['task']} · {report['data']} · {report['protocol']}\n"
        f"accuracy {accuracy} (95 % {low:.4f}–{high:.4f}) · macro-F1 {report['macro_f1']:.4f} · "
        f"{report['samples']} samples{took}"
    )
    if "against" in report:
        other = report["against"]
        typer.echo(
            f"against {other['model']} on the same {other['samples']} samples: accuracy {other['own_accuracy']:.4f} and "
            f"{other['accuracy']:.4f}, macro-F1 {other['own_macro_f1']:.4f} and {other['macro_f1']:.4f}\n"
            f"difference: accuracy {difference_text(other['accuracy_difference'])}, "
            f"macro-F1 {difference_text(other['macro_f1_difference'])}; "
            f"right only here {other['only_ours_right']}, only there {other['only_theirs_right']}"
        )
    typer.echo(origin_text(report["made"]))
    for label, clips in report.get("unknown_labels", {}).items():
        notes.print(f"Note: no word of the vocabulary is called {label!r}; its {clips} clips count as wrong.", markup=False)
    if missing := report.get("classes_without_samples"):
        listed = ", ".join(missing[:MOST_NAMED]) + (f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else "")
        notes.print(f"Note: macro-F1 is without {listed}, of which there is no sample.", markup=False, soft_wrap=True)
    if path is not None:
        write_file(path, (json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode())
