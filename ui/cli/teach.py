"""`kslr teach`, `forget`, `vocabularies`, `vocabulary show` and `extract`: words of one's own, from a few recordings."""

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kslr.core.errors import InputError
from kslr.core.files import check_outputs
from ui.cli.console import notes, progress_bar

if TYPE_CHECKING:
    from kslr.encoder import SignEncoder
    from kslr.teaching.vocabularies import TaughtVocabulary

vocabulary = typer.Typer(help="Look at a vocabulary.", no_args_is_help=True)


def teach(
    name: Annotated[str, typer.Argument(metavar="VOCABULARY", help="Its name, or the path of an .npz file; made when missing.")],
    word: Annotated[str, typer.Argument(help="The word's id: Latin letters, digits and underscores.")],
    clips: Annotated[list[Path], typer.Argument(help="Recordings of the word alone: videos, .pose or extracted .npz.")],
    kk: Annotated[str, typer.Option(help="The word in Kazakh.")] = "",
    ru: Annotated[str, typer.Option(help="The word in Russian.")] = "",
    en: Annotated[str, typer.Option(help="The word in English.")] = "",
    face: Annotated[bool, typer.Option(help="Keep the face in the word's exemplar, the one recording kept to be shown.")] = False,
) -> None:
    """Add a word, or more recordings of one, to a vocabulary that `kslr translate --signs VOCABULARY` takes."""
    from kslr.encoder import SignEncoder
    from kslr.teaching.naming import LessonError, WordNames, resolve_sign
    from kslr.teaching.shelf import teach_word
    from kslr.teaching.takes import watch_take
    from kslr.teaching.vocabularies import vocabulary_path
    from ui.shared.i18n import text

    path, names = vocabulary_path(name), WordNames(kk, ru, en, word)
    check_outputs([path], clips)
    resolve_sign(names)  # Before a long look at the clips.
    takes, lines, refused = [], [], 0
    with progress_bar("Watching the recordings") as progress:
        for number, clip in enumerate(clips):
            progress(f"Watching {clip.name}", number / len(clips))
            try:
                take = watch_take(clip, trimmed=True)
            except LessonError as error:
                refused += 1
                lines.append(f"{clip}: refused. {error}")
                continue
            takes.append(take)
            problems = " ".join(text(f"take.{problem}", "en") for problem in take.verdict.problems)
            if take.verdict.sign is None:
                refused += 1
                lines.append(f"{clip}: refused. {problems}")
            else:
                lines.append(f"{clip}: " + (f"taught, but poor. {problems}" if problems else "good"))
    for line in lines:
        notes.print(line, markup=False, soft_wrap=True)
    encoder = SignEncoder()
    taught, sign = teach_word(path, names, takes, encoder, face=face)
    typer.echo(f"{sign.kk} · {sign.ru} · {sign.en}: {taught.recordings_of(sign.id)} recordings in {path}")
    _advise(taught, encoder)
    if refused:
        raise InputError(f"{refused} of {len(clips)} recordings were refused; the others were taught.")


def forget(
    name: Annotated[str, typer.Argument(metavar="VOCABULARY", help="Its name or path.")],
    word: Annotated[str, typer.Argument(help="The word's id.")],
) -> None:
    """Take a word out of a vocabulary."""
    from kslr.teaching.shelf import forget_word
    from kslr.teaching.vocabularies import vocabulary_path

    path = vocabulary_path(name)
    taught = forget_word(path, word)
    typer.echo(f"{word} is gone from {path}; {len(taught.signs)} words are left.")


def vocabularies() -> None:
    """List the vocabularies that can be used by name."""
    from kslr.lookup.dictionary import shipped_dictionaries
    from kslr.signmodels import shipped_sign_cards
    from kslr.teaching.vocabularies import load_vocabulary, taught_vocabularies

    for card in shipped_sign_cards():
        words = sum(not label.startswith("_") for label in card.labels)
        typer.echo(f"{card.name:20s} {words:4d} words   shipped")
    for path in taught_vocabularies():
        typer.echo(f"{path.stem:20s} {len(load_vocabulary(path).signs):4d} words   {path}")
    for card in shipped_dictionaries():
        typer.echo(f"{card.name:20s} {card.extra['words']:4d} words   shipped dictionary, to look signs up")


@vocabulary.command("show")
def show(name: Annotated[str, typer.Argument(help="Shipped name, taught name, or a path.")]) -> None:
    """Show every word of a vocabulary, what it was taught from, and, for taught ones, how well the words are told apart."""
    from kslr.encoder import SignEncoder
    from kslr.lookup.dictionary import SignDictionary, is_dictionary
    from kslr.recognizer import SignRecognizer
    from kslr.signmodels import taught_file
    from kslr.teaching.vocabularies import load_vocabulary

    for sign in (SignDictionary(name) if is_dictionary(name) else SignRecognizer(name)).vocabulary.signs:
        learnt = ", ".join(f"{count} {source}" for source, count in sign.trained_on.items()) or "untrained: never an answer"
        typer.echo(f"{sign.id:20s} {sign.kk} · {sign.ru} · {sign.en}   ({learnt})")
    if path := taught_file(name):
        _advise(load_vocabulary(path), SignEncoder())


def extract(
    folder: Annotated[Path, typer.Argument(help="Folder of clips.")],
    out: Annotated[Path, typer.Argument(help="Folder for the landmarks and manifest.csv.")],
    workers: Annotated[int, typer.Option(help="Processes on this machine.", min=1)] = 2,
    scheduler: Annotated[
        str | None, typer.Option(help="Work on the machines of this dask scheduler instead: tcp://HOST:PORT.", show_default=False)
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the scheduler and its first worker.", min=1)] = 30.0,
) -> None:
    """Turn a folder of clips into landmark recordings; goes on where a stopped run was."""
    from kslr.extraction import MANIFEST, video_files
    from kslr.extraction import extract as run

    total, done = len(video_files(folder)), []
    with ExitStack() as stack:
        if scheduler is None:
            results = run(folder, out, workers=workers)
        else:
            from kslr.cluster import Cluster

            cluster = stack.enter_context(Cluster(scheduler, patience=wait, tell=notes.print))
            notes.print(f"Dashboard: {cluster.dashboard or 'none'}", markup=False, soft_wrap=True)
            results = cluster.extract(folder, out)
        progress = stack.enter_context(progress_bar(f"Extracting {total} clips"))
        for one in stack.enter_context(closing(results)):
            done.append(one)
            progress(f"{one.clip} ({len(done)} of {total})", len(done) / total)
            if one.problem:
                notes.print(f"{one.clip}: {one.problem}", markup=False, soft_wrap=True)
    failed = sum(1 for one in done if one.problem)
    there = sum(1 for one in done if not one.fresh)
    summary = f"{total - failed} of {total} in {out} ({there} of them there already), listed in {out / MANIFEST}."
    notes.print(summary, markup=False, soft_wrap=True)
    if failed:
        raise InputError(f"{failed} of {total} clips have a problem; they are named above and in the manifest.")


def _advise(taught: "TaughtVocabulary", encoder: "SignEncoder") -> None:
    """Prints how well the words are told apart, the most confused of them, and where another recording helps most."""
    from kslr.teaching.words import ENOUGH, check_words

    if not taught.signs:
        return
    found = check_words(taught, encoder)
    if found["asked"]:
        low, high = found["interval"]
        typer.echo(
            f"Each recording read by the others alone: {found['right']} of {found['asked']} right (95 %: {low:.0%}–{high:.0%})."
        )
    if len(taught.signs) < ENOUGH:
        typer.echo(f"With fewer than {ENOUGH} words little can be said about how well they are told apart. Teach another.")
    if any(row["recordings"] < ENOUGH for row in found["per_word"].values()):
        typer.echo(f"A word with fewer than {ENOUGH} recordings is missed more often, above all when somebody else signs it.")
    for pair in found["confused"][:3]:
        typer.echo("  taken for another: " + " ".join(f"{key} {value}" for key, value in pair.items()))
    if found["weak"]:
        typer.echo(f"More recordings would help most for: {', '.join(found['weak'])}.")
