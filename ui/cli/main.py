"""The `kslr` command."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fusion.transcripts.formats import Format, Transcript
from kslr import __version__
from kslr.core.errors import InputError
from kslr.core.files import check_writable, write_file
from ui.cli.classroom import classroom
from ui.cli.console import notes, progress_bar
from ui.cli.emotion import emotion as emotion_table
from ui.cli.joint import joint, split, video
from ui.cli.models import evaluate_emotion, evaluate_signs, train
from ui.cli.teach import extract, forget, teach, vocabularies, vocabulary

if TYPE_CHECKING:
    from fusion.observation import Observation, Seen
    from kslr.video import Frame

app = typer.Typer(
    help="Reads Kazakh Sign Language together with the signer's affect.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
evaluate = typer.Typer(help="Measure a model on labelled data.", no_args_is_help=True)
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")
evaluate.command("signs")(evaluate_signs)
evaluate.command("emotion")(evaluate_emotion)
evaluate.command()(joint)
evaluate.command()(video)
app.command()(split)
app.command("emotion")(emotion_table)
app.command()(classroom)
for command in (teach, forget, vocabularies, extract):
    app.command()(command)
app.add_typer(vocabulary, name="vocabulary")


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


class Language(str, Enum):
    """The languages of words and messages."""

    kk = "kk"
    ru = "ru"
    en = "en"


@app.command()
def translate(
    source: Annotated[str, typer.Argument(help="A video file, a folder of them, or a camera's number.")],
    format: Annotated[Format, typer.Option(help="How to write the words; pose writes the landmarks.")] = Format.text,
    out: Annotated[Path | None, typer.Option(help="Write here instead of to the screen. A folder for a folder.")] = None,
    annotate: Annotated[Path | None, typer.Option(help="Also write the video with skeleton and words drawn in, as .mp4.")] = None,
    skeleton_only: Annotated[bool, typer.Option(help="In that video, show the skeleton without the person.")] = False,
    without_face: Annotated[bool, typer.Option(help="Leave the face out of a pose file.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the words in text and in the video.")] = Language.kk,
    neutral: Annotated[bool, typer.Option(help="Subtract the person's resting face, as seen between signs.")] = False,
    workers: Annotated[int, typer.Option(help="Processes for a folder.", min=1)] = 2,
    signs: Annotated[str, typer.Option(help="Sign model: a shipped name or a card's path.")] = "kslr30",
    emotion: Annotated[str, typer.Option(help="Emotion model: a shipped name or a card's path.")] = "emotion",
) -> None:
    """Turn a video, a folder or a camera into words tagged with affect. Ctrl+C ends a camera."""
    if Path(source).is_dir():
        return _translate_folder(source, format, out, workers, language, signs, emotion)
    import numpy as np

    from fusion.annotated_video import AnnotatedVideo
    from fusion.interpreter import Interpreter, Models
    from fusion.transcripts.exports import to_text

    for path in (out, annotate):
        if path is not None:
            check_writable(path)
    if format in (Format.eaf, Format.pose) and out is None:
        raise InputError(f"The format {format.value} is a file; say where with --out.")
    live = source.isdigit() and not Path(source).exists()
    models = Models.load(signs, emotion)
    words, landmarks = [], []
    with (
        progress_bar(f"Reading {Path(source).name}") as progress,
        AnnotatedVideo(annotate, language=language.value) if annotate else nullcontext() as annotated,
    ):

        def observe(frame: "Frame", observation: "Observation") -> None:
            if annotated:
                annotated.add(replace(frame, rgb=np.full_like(frame.rgb, 24)) if skeleton_only else frame, observation)
            if format is Format.pose:
                landmarks.append(observation.landmarks)

        reading = Interpreter(models, neutral=neutral).interpret(source, observe=observe, progress=progress)
        try:
            for word in reading:
                words.append(word)
                if annotated:  # A word that ends with the file is known only after the last frame.
                    annotated.add_words([word])
                if live and format is Format.text and out is None:
                    typer.echo(to_text([word], language.value), nl=False)
        except KeyboardInterrupt:
            if not live:
                raise
    seen, vocabulary = reading.seen, models.signs.vocabulary.name
    transcript = Transcript(
        words, source, seen.seconds, vocabulary, language.value, landmarks, not without_face, None if live else source
    )
    if out is not None:
        write_file(out, format.serialize(transcript))
    elif not (live and format is Format.text):
        typer.echo(format.serialize(transcript).decode(), nl=False)
    return tell(source, seen, bool(words))


def _translate_folder(
    source: str, format: Format, out: Path | None, workers: int, language: Language, signs: str, emotion: str
) -> None:
    """Transcribes a folder and says at the end what could not be read; that makes the exit code 2."""
    from fusion.transcripts.batch import translate_folder
    from kslr.extraction import video_files

    if out is None:
        raise InputError("Say with --out into which folder the transcripts shall go.")
    check_writable(out / "transcript")
    total = len(video_files(source))
    done = []
    with progress_bar(f"Reading {total} clips") as progress:
        options = {"format": format, "workers": workers, "language": language.value, "signs": signs, "emotion": emotion}
        for one in translate_folder(source, out, **options):  # type: ignore[arg-type]
            done.append(one)
            progress(f"{one.clip.name} ({len(done)} of {total})", len(done) / max(total, 1))
            if one.problem:
                notes.print(f"{one.clip}: {one.problem}", markup=False, soft_wrap=True)
    failed, there = sum(1 for one in done if one.problem), sum(1 for one in done if one.words is None and not one.problem)
    notes.print(f"{len(done) - failed - there} written to {out}, {there} there already, {failed} with a problem.")
    if failed:
        raise InputError(f"{failed} of {total} clips could not be read as they should; they are named above.")


def tell(source: str, seen: "Seen", any_words: bool) -> None:
    """Says on standard error what a person should know about the source.

    Raises:
        InputError: nobody was in view.
    """
    if seen.truncated:
        notes.print(f"Note: {source} breaks off at {seen.seconds:.1f} s; the words are those before that.")
    if seen.nobody:
        raise InputError(f"Nobody is in view in {source}. Film one person from the hips up, facing the camera.")
    if seen.several:
        notes.print("Note: several people are in view; words are read from one of them. Film one person alone.")
    if not any_words:
        notes.print("No sign of the vocabulary was recognised. Sign with the hands inside the picture, then lower them.")


class Log(str, Enum):
    """How a server tells what happens."""

    text = "text"
    json = "json"
    none = "none"


@app.command()
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
    log: Annotated[Log, typer.Option(help="What happens, on standard error; nothing about people.")] = Log.text,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Answer /metrics (Prometheus) to others too, not only to this machine.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser on this machine.")] = False,
    signs: Annotated[str, typer.Option(help="Sign model: a shipped name or a card's path.")] = "kslr30",
    emotion: Annotated[str, typer.Option(help="Emotion model: a shipped name or a card's path.")] = "emotion",
) -> None:
    """Serve the web app and open it in a browser on this machine."""
    from ui.server.launch import launch

    launch(
        host,
        port,
        auth=auth,
        certificate=certificate,
        key=key,
        max_sessions=max_sessions,
        root_path=root_path,
        log=log.value,
        metrics_for_all=metrics,
        cookie_key=cookie_key,
        browser=not no_browser,
        signs=signs,
        emotion=emotion,
    )


def main(arguments: list[str] | None = None) -> None:
    """Runs the command; an `InputError` becomes its message and exit code 2."""
    try:
        app(arguments)
    except InputError as error:
        notes.print(f"kslr: {error}", markup=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
