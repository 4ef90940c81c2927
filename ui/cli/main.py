"""The `kslr` command: its subcommands, and how errors end it."""

import errno
import sys
import warnings
from typing import Annotated

import typer

from kslr import __version__
from kslr.core.errors import InputError
from ui.cli.classroom import classroom
from ui.cli.console import any_text, notes
from ui.cli.emotion import emotion as emotion_table
from ui.cli.joint import joint, split, video
from ui.cli.models import evaluate_emotion, evaluate_signs, train
from ui.cli.teach import extract, forget, teach, vocabularies, vocabulary
from ui.cli.translate import translate
from ui.server.launch import launch
from ui.studio.command import build, dataset, studio
from ui.tracking.command import browser

UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC}  # of files that libraries write
UNUSABLE = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}  # of paths that people write

app = typer.Typer(
    help="Reads Kazakh Sign Language together with the signer's affect.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
evaluate = typer.Typer(help="Measure a model on labelled data.", no_args_is_help=True)


def show_version(wanted: bool) -> None:
    """Prints the version and ends the command."""
    if wanted:
        typer.echo(f"kslr {__version__}")
        raise typer.Exit


@app.callback()
def check_globals(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command itself. Its help text is the one of `app`."""


app.command()(translate)
app.command("serve", help="Serve the web app, and open it in a browser.")(launch)
app.command()(browser)
app.command()(studio)
app.command()(classroom)
app.command("emotion")(emotion_table)
for command in (teach, forget, vocabularies, extract, split, build):
    app.command()(command)
app.add_typer(vocabulary, name="vocabulary")
app.add_typer(dataset, name="dataset")
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")
evaluate.command("signs")(evaluate_signs)
evaluate.command("emotion")(evaluate_emotion)
evaluate.command()(joint)
evaluate.command()(video)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command; an `InputError`, and a place that cannot be written, become their message and exit code 2."""
    warnings.filterwarnings("ignore", message=".*joblib will operate in serial mode")  # as it should, in a read-only container
    with any_text():
        try:
            app(arguments)
        except InputError as error:
            notes.print(f"kslr: {error}", markup=False, soft_wrap=True)
            sys.exit(2)
        except OSError as error:
            if error.errno == errno.ENOENT and error.filename is None:  # as `tempfile` raises it
                text = "There is no folder for temporary files. Set TMPDIR to a folder that can be written."
                notes.print(f"kslr: {text}", markup=False, soft_wrap=True)
                sys.exit(2)
            if error.errno not in UNWRITABLE | UNUSABLE:
                raise
            place = f" {error.filename}" if error.filename else ""
            what = "written" if error.errno in UNWRITABLE else "used"
            notes.print(f"kslr: A file{place} cannot be {what} ({error.strerror}).", markup=False, soft_wrap=True)
            sys.exit(2)


if __name__ == "__main__":
    main()
