"""The `kslr` command: its subcommands, `kslr serve`, and how errors end it."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from kslr import __version__
from kslr.core.errors import InputError
from ui.cli.classroom import classroom
from ui.cli.console import EmotionModel, SignModel, notes
from ui.cli.emotion import emotion as emotion_table
from ui.cli.joint import joint, split, video
from ui.cli.models import evaluate_emotion, evaluate_signs, train
from ui.cli.teach import extract, forget, teach, vocabularies, vocabulary
from ui.cli.translate import translate

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


class Log(str, Enum):
    """How a server logs."""

    text = "text"
    json = "json"
    none = "none"


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; the next free one when it is taken.")] = 7860,
    auth: Annotated[
        str | None, typer.Option(envvar="KSLR_AUTH", help="USER:PASSWORD that everybody must give.", show_default=False)
    ] = None,
    cookie_key: Annotated[
        str,
        typer.Option(envvar="KSLR_COOKIE_KEY", help="With --auth: the same for all servers at one address.", show_default=False),
    ] = "",
    certificate: Annotated[Path | None, typer.Option(help="PEM certificate for https, which cameras elsewhere need.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM key of the certificate.")] = None,
    max_sessions: Annotated[int, typer.Option(help="People signing at the same time; each takes about 200 MB.")] = 4,
    root_path: Annotated[str, typer.Option(help="Where a proxy serves it, such as /kslr.")] = "",
    browser: Annotated[bool, typer.Option(help="Open the app in a browser on this machine once the server listens.")] = True,
    log: Annotated[Log, typer.Option(help="What happens, on standard error; nothing about people.")] = Log.text,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Answer /metrics (Prometheus) to others too, not only to this machine.")
    ] = False,
    signs: SignModel = "kslr30",
    emotion: EmotionModel = "emotion",
) -> None:
    """Serve the web app, and open it in a browser."""
    from ui.server.launch import launch

    launch(
        host,
        port,
        auth=auth,
        certificate=certificate,
        key=key,
        max_sessions=max_sessions,
        root_path=root_path,
        browser=browser,
        log=log.value,
        metrics_for_all=metrics,
        cookie_key=cookie_key,
        signs=signs,
        emotion=emotion,
    )


app.command()(translate)
app.command()(serve)
app.command()(classroom)
app.command("emotion")(emotion_table)
for command in (teach, forget, vocabularies, extract, split):
    app.command()(command)
app.add_typer(vocabulary, name="vocabulary")
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")
evaluate.command("signs")(evaluate_signs)
evaluate.command("emotion")(evaluate_emotion)
evaluate.command()(joint)
evaluate.command()(video)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command; an `InputError` becomes its message and exit code 2."""
    try:
        app(arguments)
    except InputError as error:
        notes.print(f"kslr: {error}", markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
