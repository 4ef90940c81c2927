"""`kslr translate`: a video, a folder of videos or a camera as words tagged with affect."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fusion.transcripts.formats import Format, Transcript
from kslr.core.errors import InputError
from kslr.core.files import check_outputs, check_writable, write_file
from ui.cli.console import EmotionModel, Language, SignModel, model_files, notes, progress_bar

if TYPE_CHECKING:
    from fusion.observation import Observation, Seen
    from kslr.video import Frame


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
    signs: SignModel = "kslr30",
    emotion: EmotionModel = "emotion",
    strictness: Annotated[
        Literal["strict", "normal", "lenient"], typer.Option(help="How sure a word must be; a less sure one is a note.")
    ] = "normal",
    captions: Annotated[
        Path | None, typer.Option(help="Also write the last words to this text file as they come, for OBS and the like.")
    ] = None,
    top: Annotated[int, typer.Option(help="With a dictionary (--signs rsl): how many nearest words a sign has.", min=1)] = 10,
) -> None:
    """Turn a video, a folder or a camera into words tagged with affect. Ctrl+C ends a camera."""
    if Path(source).is_dir():
        if annotate is not None or skeleton_only:
            raise InputError("--annotate and --skeleton-only draw one video. Give one file instead of a folder.")
        if captions is not None:
            raise InputError("--captions writes the words of one camera or video. Give one instead of a folder.")
        return _translate_folder(
            source, format, out, workers, language, signs, emotion, neutral, not without_face, strictness, top
        )
    import numpy as np

    from fusion.annotated_video import AnnotatedVideo
    from fusion.interpreter import Interpreter, Models
    from fusion.transcripts.exports import to_text
    from fusion.transcripts.lookups import found_text
    from ui.captions.caption_file import CaptionFile

    check_outputs([out, annotate, captions], [source, *model_files(signs, emotion)])
    if annotate is not None and annotate.suffix.lower() != ".mp4":
        raise InputError(f"{annotate} would not be an .mp4 file. Give --annotate a name that ends in .mp4.")
    if format in (Format.eaf, Format.pose) and out is None:
        raise InputError(f"The format {format.value} is a file; say where with --out.")
    live = source.isdigit() and not Path(source).exists()
    word_by_word = live and format is Format.text and out is None
    models = Models.load(signs, emotion, strictness, nearest=top)
    format.check_lookups(models.dictionary is not None)
    words, landmarks = [], []
    with (
        progress_bar(f"Reading {Path(source).name}") as progress,
        AnnotatedVideo(annotate, language=language.value) if annotate else nullcontext() as annotated,
        CaptionFile(captions) if captions else nullcontext() as caption_file,
    ):

        def observe(frame: "Frame", observation: "Observation") -> None:
            if annotated:
                annotated.add(replace(frame, rgb=np.full_like(frame.rgb, 24)) if skeleton_only else frame, observation)
            if format is Format.pose:
                landmarks.append(observation.landmarks)
            if word_by_word and observation.found:
                typer.echo(found_text(observation.found, language.value), nl=False)

        reading = Interpreter(models, neutral=neutral).interpret(source, observe=observe, progress=progress)
        try:
            for word in reading:
                words.append(word)
                if caption_file:
                    caption_file.show([getattr(one.sign, language.value) for one in words])
                if annotated:  # a word that ends with the file is known only after the last frame
                    annotated.add_words([word])
                if word_by_word:
                    typer.echo(to_text([word], language.value), nl=False)
        except KeyboardInterrupt:
            if not live:
                raise
    seen, found = reading.seen, reading.found if models.dictionary else None
    transcript = Transcript(
        words,
        source,
        seen.seconds,
        models.vocabulary.name,
        language.value,
        landmarks,
        not without_face,
        None if live else str(Path(source).resolve()),
        found,
    )
    if out is not None:
        write_file(out, format.serialize(transcript))
    elif not word_by_word:
        typer.echo(format.serialize(transcript).decode("utf-8-sig"), nl=False)
    for one in reading.doubts:
        name = getattr(models.signs.vocabulary[one.perhaps or ""], language.value)
        notes.print(f"Not sure enough at {one.start:.1f} s: perhaps {name}.", markup=False, soft_wrap=True)
    return _check_view(source, seen, bool(words or found))


def _translate_folder(
    source: str,
    format: Format,
    out: Path | None,
    workers: int,
    language: Language,
    signs: str,
    emotion: str,
    neutral: bool,
    face: bool,
    strictness: str,
    top: int,
) -> None:
    from fusion.transcripts.batch import translate_folder
    from kslr.extraction import video_files

    if out is None:
        raise InputError("Say with --out into which folder the transcripts shall go.")
    check_writable(out / "transcript")
    total = len(video_files(source))
    done = []
    with progress_bar(f"Reading {total} clips") as progress:
        for one in translate_folder(
            source,
            out,
            format=format,
            workers=workers,
            language=language.value,
            signs=signs,
            emotion=emotion,
            neutral=neutral,
            face=face,
            strictness=strictness,
            nearest=top,
        ):
            done.append(one)
            progress(f"{one.clip.name} ({len(done)} of {total})", len(done) / max(total, 1))
            if one.problem:
                notes.print(f"{one.clip}: {one.problem}", markup=False, soft_wrap=True)
    failed, there = sum(1 for one in done if one.problem), sum(1 for one in done if one.words is None and not one.problem)
    notes.print(f"{len(done) - failed - there} written to {out}, {there} there already, {failed} with a problem.")
    if failed:
        raise InputError(f"{failed} of {total} clips could not be read as they should; they are named above.")


def _check_view(source: str, seen: "Seen", any_words: bool) -> None:
    """Prints on standard error what a person should know about the source.

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
